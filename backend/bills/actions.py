"""Posting a bill, and reading one's own."""

from collections.abc import Callable
from datetime import date, datetime

from sqlalchemy.orm import Session

from backend.accounts import resident_of
from backend.bills import rules
from backend.bills.models import Bill, bill_numbered, bill_of, bills_owed_by, columns_of
from backend.bills.rules import BillFacts
from backend.core.clock import new_id
from backend.core.database import after_commit, insert_unless_there
from backend.core.paging import CursorNotKnown, Page, decode_cursor, encode_cursor
from backend.notifications import MessageKind, notify


def post_bill(
    db: Session, department_id: str, facts: BillFacts, now: datetime, ring: Callable[[], None]
) -> tuple[Bill, bool]:
    """Post a bill and tell its resident, in one transaction; return it and whether it is new.

    The same bill under the same number again is the bill that stands, on any later day too, and
    tells nobody. `ring` wakes the worker after the commit. BillDatesWrong, ResidentNotKnown, BillNumberTaken.
    """
    if db.scalars(resident_of(facts.resident_id)).one_or_none() is None:
        raise rules.ResidentNotKnown
    bill_id = new_id("bill")
    is_new = insert_unless_there(db, Bill, columns_of(facts, bill_id, department_id, now))
    bill = db.scalars(bill_numbered(department_id, facts.bill_number)).one()
    if not is_new:
        rules.ensure_same(facts, bill.facts)
        return bill, False
    rules.ensure_sound(facts)
    notify(
        db,
        resident_id=facts.resident_id,
        department_id=department_id,
        kind=MessageKind.BILL_NEW,
        about_id=bill.id,
        facts={"amount": rules.dollars(facts.amount_cents), "due_on": facts.due_on.isoformat()},
        now=now,
    )
    after_commit(db, ring)
    return bill, True


def get_bill(db: Session, resident_id: str, bill_id: str) -> Bill:
    """Return one bill of a resident; BillNotFound where it is not theirs."""
    bill = db.scalars(bill_of(resident_id, bill_id)).one_or_none()
    if bill is None:
        raise rules.BillNotFound
    return bill


def list_bills(db: Session, resident_id: str, cursor: str | None, limit: int) -> Page[Bill]:
    """Return a page of a resident's bills, the first due first."""
    rows = db.scalars(bills_owed_by(resident_id, _after(cursor), limit + 1)).all()
    if len(rows) <= limit:
        return Page(rows, None)
    last = rows[limit - 1]
    return Page(rows[:limit], encode_cursor(last.due_on.isoformat(), last.id))


def _after(cursor: str | None) -> tuple[date, str] | None:
    if cursor is None:
        return None
    due_on, bill_id = decode_cursor(cursor, 2)
    try:
        return date.fromisoformat(due_on), bill_id
    except ValueError as error:
        raise CursorNotKnown from error
