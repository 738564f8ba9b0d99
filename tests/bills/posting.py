"""Bills as a department sends them, and what a test does to one behind the API's back."""

import itertools
from datetime import date, datetime
from typing import Any

from flask.testing import FlaskClient

from backend.bills import bill_to_settle, settle_bill
from backend.bills.linking.models import AccountLink
from backend.bills.models import Bill
from backend.core import clock
from backend.core.database import Database
from tests.conftest import Caller

BILL = {
    "bill_number": "W-1",
    "kind": "water",
    "amount_cents": 41850,
    "due_on": "2026-12-20",
    "issued_on": "2026-11-20",
}
DETAILS = {
    "account_number": "1234-5678 a",
    "link_code": "K7QX-22",
    "payer_name": "CHAN Tai Man 陳大文",
    "premises": "Flat A, 12/F, 1 Harbour Road",
    "period": {"from": "2026-07-01", "to": "2026-10-31"},
    "lines": [
        {"text": "Water, first tier", "amount_cents": 30000, "quantity": "12 m³"},
        {"text": "Sewage", "amount_cents": 12850},
        {"text": "Rebate", "amount_cents": -1000},
    ],
    "surcharges": [
        {"after": "2026-12-20", "amount_cents": 2100, "rule": "5% late charge"},
        {"after": "2027-06-20", "amount_cents": 4400, "rule": "10% after six months"},
    ],
    "legal_basis": "Waterworks Regulations (Cap. 102A)",
    "payment_reference": "01-2345",
    "contact": "2824 5000",
    "pdf_url": "https://bills.example.org/w-1.pdf",
}
FULL = {**BILL, **DETAILS}
KEYS = (f"key-{number}" for number in itertools.count())


def post(client: FlaskClient, department: Caller, key: str | None = None, **changes: Any) -> Any:
    """Post a sound bill, changed as asked; a member that is None is left out."""
    bill = {name: value for name, value in {**BILL, **changes}.items() if value is not None}
    headers = {**department.headers, "Idempotency-Key": key or next(KEYS)}
    return client.post("/v1/department/bills", json=bill, headers=headers)


def posted(client: FlaskClient, department: Caller, **changes: Any) -> str:
    """Post a sound bill that is taken; return its id."""
    reply = post(client, department, **changes)
    assert reply.status_code == 201, reply.text
    bill_id: str = reply.json["id"]
    return bill_id


def amend(client: FlaskClient, department: Caller, bill_id: str, **bill: Any) -> Any:
    return client.put(f"/v1/department/bills/{bill_id}", json=bill, headers=department.headers)


def withdraw(client: FlaskClient, department: Caller, bill_id: str, reason: str = "Twice") -> Any:
    path = f"/v1/department/bills/{bill_id}/withdrawal"
    return client.post(path, json={"reason": reason}, headers=department.headers)


def get(client: FlaskClient, caller: Caller, path: str) -> Any:
    """Read what this caller may."""
    reply = client.get(path, headers=caller.headers)
    assert reply.status_code == 200, reply.text
    return reply.json


def told(client: FlaskClient, caller: Caller) -> list[str]:
    """Return the kinds of all that a resident was told, replaced since or not, in order."""
    items = get(client, caller, "/v1/messages/changes?limit=100")["items"]
    return [each["kind"] for each in sorted(items, key=lambda each: each["id"])]


def pay(database: Database, bill_id: str, paid_at: datetime | None = None) -> None:
    """Mark a bill as paid in full, as a payment does."""
    now = clock.now()
    with database.transaction() as db:
        bill = bill_to_settle(db, bill_id)
        settle_bill(db, bill, bill.amount_cents, paid_at or now, now)


def link(database: Database, resident_id: str, department_id: str, account_number: str) -> str:
    """Link an account to a resident; return the link's id."""
    row = AccountLink(
        id=clock.new_id("lnk"),
        resident_id=resident_id,
        department_id=department_id,
        account_number=account_number,
        created_at=clock.now(),
    )
    with database.transaction() as db:
        db.add(row)
    return row.id


def stored(database: Database, bill_id: str) -> Bill:
    with database.transaction(read_only=True) as db:
        return db.get_one(Bill, bill_id)


def today() -> date:
    return clock.hong_kong_date(clock.now())
