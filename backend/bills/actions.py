"""Posting a bill, and reading one's own."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.accounts import resident_of
from backend.bills import rules
from backend.bills.models import (
    Bill,
    bill_numbered,
    bill_of,
    bills_among,
    bills_of_kinds,
    bills_owed_by,
    columns_of,
)
from backend.bills.rules import BillFacts, BillKind
from backend.core.clock import new_id
from backend.core.database import after_commit, insert_unless_there
from backend.core.paging import CursorNotKnown, Page, decode_cursor, encode_cursor
from backend.notifications import MessageKind, notify


@dataclass(frozen=True)
class Owed:
    """What a resident still owes: the bills due first, how many there are in all, their sum."""

    bills: Sequence[Bill]
    count: int
    total_cents: int


def post_bill(
    db: Session, department_id: str, facts: BillFacts, now: datetime, ring: Callable[[], None]
) -> tuple[Bill, bool]:
    """Post a bill and tell its resident, in one transaction; return it and whether it is new.

    The same bill under the same number again is the bill that stands, on any later day too, and
    tells nobody. `ring` wakes the worker after the commit. BillDatesWrong, ResidentNotKnown, BillNumberTaken.
    """
    if (
        facts.resident_id is None
        or db.scalars(resident_of(facts.resident_id)).one_or_none() is None
    ):
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


def sum_up_owed(db: Session, resident_id: str, kinds: Collection[BillKind], most: int) -> Owed:
    """Sum up what a resident owes for these kinds of bills, for any kind where none is named.

    Ferry takes no payments yet, so every bill counts as owed.
    """
    bills = bills_of_kinds(resident_id, kinds)
    owed = bills.order_by(None).subquery()
    count, total = db.execute(select(func.count(), func.sum(owed.c.amount_cents))).one()
    return Owed(db.scalars(bills.limit(most)).all(), count, int(total or 0))


def find_bills(db: Session, resident_id: str, bill_ids: Collection[str]) -> Sequence[Bill]:
    """Return those of these bills that are this resident's, the first due first."""
    return db.scalars(bills_among(resident_id, bill_ids)).all()


def _after(cursor: str | None) -> tuple[date, str] | None:
    if cursor is None:
        return None
    due_on, bill_id = decode_cursor(cursor, 2)
    try:
        return date.fromisoformat(due_on), bill_id
    except ValueError as error:
        raise CursorNotKnown from error
