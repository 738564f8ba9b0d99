"""Accounts with bills on them, straight into the rows, and requests to link them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask.testing import FlaskClient

from backend.bills import Bill, settle_bill
from backend.bills.actions import post_bill
from backend.bills.linking.rules import plain_account
from backend.bills.rules import BillFacts, BillKind, BillState
from backend.core import clock
from backend.core.database import Database
from tests.conftest import Caller

ACCOUNT = "123456789"
AMOUNT = {"amount_cents": 41850}


@dataclass(frozen=True)
class Village:
    """A department's accounts; each bill is newer than the one before it."""

    client: FlaskClient
    database: Database

    def bill(
        self,
        account_number: str | None = ACCOUNT,
        amount_cents: int = 41850,
        *,
        issued_on: date = date(2026, 11, 1),
        link_code: str | None = None,
        resident_id: str | None = None,
        department_id: str = "WSD",
        kind: BillKind = BillKind.WATER,
        due_on: date = date(2026, 12, 20),
    ) -> str:
        """Post a bill on an account; return its id."""
        facts = BillFacts(
            resident_id=resident_id,
            bill_number=clock.new_id("no"),
            kind=kind,
            amount_cents=amount_cents,
            currency="HKD",
            issued_on=issued_on,
            due_on=due_on,
            account_number=plain_account(account_number) if account_number else None,
            link_code=link_code,
        )
        with self.database.transaction() as db:
            bill, _ = post_bill(db, department_id, facts, clock.now(), lambda: None)
            return bill.id

    def change(self, bill_id: str, deed: Callable[[Bill], object]) -> None:
        """Change a bill's row as another room would have done."""
        with self.database.transaction() as db:
            deed(db.get_one(Bill, bill_id))

    def pay(self, bill_id: str) -> None:
        with self.database.transaction() as db:
            bill = db.get_one(Bill, bill_id)
            settle_bill(db, bill, bill.amount_cents, clock.now(), clock.now())

    def withdraw(self, bill_id: str) -> None:
        self.change(bill_id, lambda bill: setattr(bill, "state", BillState.WITHDRAWN))

    def owner_of(self, bill_id: str) -> str | None:
        with self.database.transaction(read_only=True) as db:
            return db.get_one(Bill, bill_id).resident_id

    def link(
        self,
        caller: Caller,
        proof: Mapping[str, Any] = AMOUNT,
        account_number: str = ACCOUNT,
        department: str = "WSD",
        key: str | None = None,
    ) -> Any:
        """Ask to link an account, each time under a key of its own where none is named."""
        body = {"department": department, "account_number": account_number, "proof": dict(proof)}
        headers = {**caller.headers, "Idempotency-Key": key or clock.new_id("key")}
        return self.client.post("/v1/account-links", json=body, headers=headers)

    def unlink(self, caller: Caller, link_id: str) -> Any:
        return self.client.delete(f"/v1/account-links/{link_id}", headers=caller.headers)

    def bills_of(self, caller: Caller, query: str = "state=all") -> list[str]:
        page = self.client.get(f"/v1/bills?limit=100&{query}", headers=caller.headers)
        return [bill["id"] for bill in page.json["items"]]

    def told(self, caller: Caller) -> list[str]:
        """Return what the inbox tells of, newest first."""
        page = self.client.get("/v1/messages?limit=100", headers=caller.headers)
        return [message["about"] for message in page.json["items"]]
