"""Residents who owe something: bills straight into the rows, for tests of own data."""

from collections.abc import Callable
from datetime import date

from backend.accounts import welcome
from backend.bills.actions import post_bill
from backend.bills.rules import BillDetails, BillFacts, BillKind, Surcharge
from backend.core import clock
from backend.core.database import Database
from backend.gateways.identity_proofing import DEMO_PEOPLE

DUE_ON = date(2026, 11, 30)
MakeBill = Callable[..., str]


def settle(database: Database, place: int = 0) -> str:
    """Give the rows a demo person; return the resident's id."""
    with database.transaction() as db:
        return welcome(db, "demo", DEMO_PEOPLE[place], clock.now()).id


def owe(
    database: Database,
    resident_id: str,
    department_id: str = "WSD",
    kind: BillKind = BillKind.WATER,
    amount_cents: int = 48230,
    due_on: date = DUE_ON,
    surcharges: tuple[Surcharge, ...] = (),
) -> str:
    """Post a bill for a resident, as their department would; return its id."""
    facts = BillFacts(
        resident_id=resident_id,
        bill_number=clock.new_id("no"),
        kind=kind,
        amount_cents=amount_cents,
        currency="HKD",
        issued_on=date(2026, 1, 1),
        due_on=due_on,
        details=BillDetails(surcharges=surcharges),
    )
    with database.transaction() as db:
        bill, _ = post_bill(db, department_id, facts, clock.now(), lambda: None)
        return bill.id
