"""Giving a resident's calendar an address, and looking up whose calendar an address is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from backend.accounts import Resident
from backend.bills.calendar import rules
from backend.bills.calendar.models import CalendarFeed, bills_to_mark, feed_of, resident_behind
from backend.bills.models import Bill
from backend.core.database import insert_unless_there


@dataclass(frozen=True)
class DueDates:
    """Whose calendar it is, and the open bills that stand in it."""

    resident: Resident
    bills: Sequence[Bill]


def open_calendar(db: Session, resident_id: str, now: datetime) -> str:
    """Give a resident's calendar a new address; return its token, the only time it is in clear.

    An address that stood before is dead at once.
    """
    token = rules.new_token()
    named = {"token_hash": rules.hash_token(token), "created_at": now}
    if not insert_unless_there(db, CalendarFeed, {"resident_id": resident_id, **named}):
        mine = CalendarFeed.resident_id == resident_id
        db.execute(update(CalendarFeed).where(mine).values(**named))
    return token


def find_calendar(db: Session, resident_id: str) -> CalendarFeed | None:
    """Return a resident's calendar address, None where there is none."""
    return db.scalars(feed_of(resident_id)).one_or_none()


def close_calendar(db: Session, resident_id: str) -> None:
    """End a resident's calendar address, if there is one."""
    db.execute(delete(CalendarFeed).where(CalendarFeed.resident_id == resident_id))


def look_up_due_dates(db: Session, token: str) -> DueDates:
    """Return what stands in the calendar at this address; CalendarNotFound."""
    resident = db.scalars(resident_behind(rules.hash_token(token))).one_or_none()
    if resident is None:
        raise rules.CalendarNotFound
    return DueDates(resident, db.scalars(bills_to_mark(resident.id, rules.MOST_EVENTS)).all())
