"""What the bank told us, byte for byte."""

from datetime import datetime

from sqlalchemy import Index, Select, Text, case, func, literal, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.clock import new_id
from backend.core.database import IMPERSONAL, PERSONAL, Base, UtcDateTime
from backend.payments.callbacks.rules import LONGEST_WAIT, EventState


class BankEvent(Base):
    """A callback as the bank sent it, verified, byte for byte; acknowledged once it is here."""

    __tablename__ = "bank_events"
    __table_args__ = (Index(None, "state", "due_at"),)

    id: Mapped[str] = mapped_column(
        primary_key=True, default=lambda: new_id("bev"), info=IMPERSONAL
    )
    event_id: Mapped[str] = mapped_column(unique=True, info=IMPERSONAL)
    body: Mapped[str] = mapped_column(Text, info=PERSONAL)
    state: Mapped[str] = mapped_column(default=EventState.STORED, info=IMPERSONAL)
    reason: Mapped[str | None] = mapped_column(info=IMPERSONAL)
    received_at: Mapped[datetime] = mapped_column(info=IMPERSONAL)
    due_at: Mapped[datetime] = mapped_column(info=IMPERSONAL)
    tries: Mapped[int] = mapped_column(default=0, info=IMPERSONAL)
    applied_at: Mapped[datetime | None] = mapped_column(info=IMPERSONAL)


def events_due(now: datetime, most: int) -> Select[str]:
    """Ids of stored events whose turn has come, the first first.

    One that waits longer than any does was put off by a clock that was wrong, and has its turn, too.
    """
    has_its_turn = or_(BankEvent.due_at <= now, BankEvent.due_at > now + LONGEST_WAIT)
    return (
        select(BankEvent.id)
        .where(BankEvent.state == EventState.STORED, has_its_turn)
        .order_by(BankEvent.due_at, BankEvent.id)
        .limit(most)
    )


def stored_event(event_row_id: str) -> Select[BankEvent]:
    """An event that is still to be applied, its row locked; none where another worker is at it."""
    return (
        select(BankEvent)
        .where(BankEvent.id == event_row_id, BankEvent.state == EventState.STORED)
        .with_for_update(skip_locked=True)
    )


def next_event_due(now: datetime) -> Select[datetime | None]:
    """When the next stored event has its turn, None if there is none."""
    is_astray = BankEvent.due_at > now + LONGEST_WAIT
    turn = case((is_astray, literal(now, UtcDateTime())), else_=BankEvent.due_at)
    return select(func.min(turn)).where(BankEvent.state == EventState.STORED)


def quarantined_events() -> Select[int]:
    """How many events staff must look at."""
    rows = select(func.count()).select_from(BankEvent)
    return rows.where(BankEvent.state == EventState.QUARANTINED)
