"""What paying asks of a bill: that it may be paid, how much, and that it is paid from now on.

Each takes the bill's row for the rest of the transaction, so that paying, amending and withdrawing
one bill follow one another.
"""

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy.orm import Session

from backend.bills import rules
from backend.bills.models import Bill, bill_of, bill_with, open_among
from backend.bills.rules import BillState
from backend.notifications import call_off


def bill_to_pay(db: Session, resident_id: str, bill_id: str) -> Bill:
    """Return a resident's open bill, its row locked; BillNotFound, BillPaid, BillWithdrawn."""
    bill = db.scalars(bill_of(resident_id, bill_id).with_for_update()).one_or_none()
    if bill is None:
        raise rules.BillNotFound
    rules.ensure_open(BillState(bill.state))
    return bill


def bill_to_settle(db: Session, bill_id: str) -> Bill:
    """Return a bill that money arrived for, however it stands now, its row locked."""
    return db.scalars(bill_with(bill_id).with_for_update()).one()


def to_pay_on(bill: Bill, today: date) -> int:
    """Return what a bill comes to on a Hong Kong date, in cents, surcharges included."""
    return rules.payable_cents(bill.amount_cents, bill.facts.details.surcharges, today)


def owed_among(db: Session, bill_ids: Collection[str]) -> Collection[str]:
    """Return those of these bills that are still to be paid."""
    return set(db.scalars(open_among(bill_ids)))


def settle_bill(db: Session, bill: Bill, paid_cents: int, paid_at: datetime, now: datetime) -> None:
    """Mark an open bill as paid; nobody is reminded of it any more."""
    rules.ensure_open(BillState(bill.state))
    bill.state = BillState.PAID
    bill.paid_cents = paid_cents
    bill.paid_at = paid_at
    call_off(db, bill.id, now)
