"""How far each day's round of reminders has come, and the bills that it looks at."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, select, text, tuple_
from sqlalchemy.orm import Mapped, mapped_column

from backend.bills.models import Bill
from backend.bills.reminding.rules import Window
from backend.core.bulk import is_among
from backend.core.database import IMPERSONAL, Base

_OPEN = text("bills.state = 'open'")


class ReminderRound(Base):
    """One kind of reminder on one Hong Kong day.

    Bills up to `after_id`, a due date and an id, have been seen.
    """

    __tablename__ = "reminder_rounds"

    day: Mapped[date] = mapped_column(primary_key=True, info=IMPERSONAL)
    kind: Mapped[str] = mapped_column(primary_key=True, info=IMPERSONAL)
    after_id: Mapped[str] = mapped_column(default="", info=IMPERSONAL)
    finished_at: Mapped[datetime | None] = mapped_column(info=IMPERSONAL)


def rounds_of(day: date) -> Select[ReminderRound]:
    """A day's rounds, as far as they have begun."""
    return select(ReminderRound).where(ReminderRound.day == day)


def round_to_go_on(day: date, kind: str) -> Select[ReminderRound]:
    """A round that has not finished, its row locked; passed over where another worker is at it."""
    return (
        rounds_of(day)
        .where(ReminderRound.kind == kind, ReminderRound.finished_at.is_(None))
        .with_for_update(skip_locked=True)
    )


def open_bills_due(window: Window, after: tuple[date, str], most: int) -> Select[date, str]:
    """Due dates and ids of the next open bills that some resident sees.

    A walk along the index of (due_on, id): the overdue round passes those of its 400 days alone,
    never the table. Of a bill that was paid only the row is looked at.
    """
    bills = select(Bill.due_on, Bill.id).where(_OPEN, Bill.resident_id.is_not(None)).limit(most)
    if window.first == window.last:
        # Said as one day: PostgreSQL takes a range for small, and would sort all of it each time.
        on_day = bills.where(Bill.due_on == window.first, Bill.id > after[1])
        return on_day.order_by(Bill.id)
    return bills.where(
        Bill.due_on.between(window.first, window.last),
        tuple_(Bill.due_on, Bill.id) > after,
    ).order_by(Bill.due_on, Bill.id)


def open_and_due_on(day: date, ids: Collection[str]) -> Select[str]:
    """Ids of those of these bills that are open and due on this day, whoever's."""
    return select(Bill.id).where(is_among(Bill.id, ids), Bill.due_on == day, _OPEN)


def still_to_remind_of(ids: Collection[str], window: Window) -> Select[*tuple[Any, ...]]:
    """What a reminder needs of those of these bills that are open and in the window at this moment.

    Their rows are held against paying and amending until the commit, in the order of their ids.
    """
    return (
        select(
            Bill.id,
            Bill.department_id,
            Bill.resident_id,
            Bill.amount_cents,
            Bill.due_on,
            Bill.later_on,
            Bill.details,
        )
        .where(
            is_among(Bill.id, ids),
            Bill.due_on.between(window.first, window.last),
            _OPEN,
            Bill.resident_id.is_not(None),
        )
        .order_by(Bill.id)
        .with_for_update(read=True)
    )
