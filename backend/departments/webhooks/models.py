"""Departments' addresses, and the outbox of what they are told."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, Select, UniqueConstraint, Update, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.clock import new_id
from backend.core.database import IMPERSONAL, PERSONAL, Base
from backend.departments.webhooks.rules import TellingState


class Webhook(Base):
    """The one address that a department's events go to, and the secrets that sign them.

    After an address failed it is left alone for a while, whoever's turn it is.
    """

    __tablename__ = "department_webhooks"

    department_id: Mapped[str] = mapped_column(primary_key=True, info=IMPERSONAL)
    url: Mapped[str] = mapped_column(info=PERSONAL)
    secret: Mapped[str] = mapped_column(info=PERSONAL)
    former_secret: Mapped[str | None] = mapped_column(info=PERSONAL)
    former_until: Mapped[datetime | None] = mapped_column(info=IMPERSONAL)
    created_at: Mapped[datetime] = mapped_column(info=IMPERSONAL)
    failures: Mapped[int] = mapped_column(default=0, info=IMPERSONAL)  # in a row
    quiet_until: Mapped[datetime | None] = mapped_column(info=IMPERSONAL)
    stopped_at: Mapped[datetime | None] = mapped_column(info=IMPERSONAL)  # it answered 410

    def signing_secrets(self, now: datetime) -> Sequence[str]:
        """The secrets that sign a call made now, the newest first."""
        if self.former_secret and self.former_until and now < self.former_until:
            return (self.secret, self.former_secret)
        return (self.secret,)


class DepartmentEvent(Base):
    """Something that happened to a department's bill; written once by each business key.

    While it waits, `due_at` is its next turn or the end of the lease of whoever took it. `attempts`
    only ever grows: it is the fence against a late word of an earlier one.
    """

    __tablename__ = "department_events"
    __table_args__ = (
        UniqueConstraint("type", "about_id"),
        Index(None, "department_id", "id"),
        Index(None, "state", "department_id", "due_at"),
        Index(None, "settled_at"),
    )

    id: Mapped[str] = mapped_column(
        primary_key=True, default=lambda: new_id("evt"), info=IMPERSONAL
    )
    department_id: Mapped[str] = mapped_column(info=IMPERSONAL)
    type: Mapped[str] = mapped_column(info=IMPERSONAL)
    about_id: Mapped[str] = mapped_column(info=IMPERSONAL)
    data: Mapped[dict[str, Any]] = mapped_column(JSON, info=PERSONAL)
    state: Mapped[str] = mapped_column(info=IMPERSONAL)
    due_at: Mapped[datetime] = mapped_column(info=IMPERSONAL)
    attempts: Mapped[int] = mapped_column(default=0, info=IMPERSONAL)
    tries: Mapped[int] = mapped_column(default=0, info=IMPERSONAL)  # since it was last wanted
    wanted_at: Mapped[datetime] = mapped_column(info=IMPERSONAL)  # it happened, or was asked again
    reason: Mapped[str | None] = mapped_column(info=IMPERSONAL)
    created_at: Mapped[datetime] = mapped_column(info=IMPERSONAL)
    settled_at: Mapped[datetime | None] = mapped_column(info=IMPERSONAL)


def webhook_of(department_id: str) -> Select[Webhook]:
    """The address of a department."""
    return select(Webhook).where(Webhook.department_id == department_id)


def live_webhooks() -> Select[Webhook]:
    """Every address that may be called."""
    return select(Webhook).where(Webhook.stopped_at.is_(None))


def event_of(department_id: str, event_id: str) -> Select[DepartmentEvent]:
    """One event of this department; another's is not found."""
    return select(DepartmentEvent).where(
        DepartmentEvent.id == event_id, DepartmentEvent.department_id == department_id
    )


def events_of(
    department_id: str, kind: str | None, state: str | None, before_id: str | None, limit: int
) -> Select[DepartmentEvent]:
    """A department's events, newest first, older than `before_id`."""
    events = select(DepartmentEvent).where(DepartmentEvent.department_id == department_id)
    if kind is not None:
        events = events.where(DepartmentEvent.type == kind)
    if state is not None:
        events = events.where(DepartmentEvent.state == state)
    if before_id is not None:
        events = events.where(DepartmentEvent.id < before_id)
    return events.order_by(DepartmentEvent.id.desc()).limit(limit)


def next_waiting_department(after: str) -> Select[str | None]:
    """The first department, in the order of their ids, that has events waiting: one index step."""
    return select(func.min(DepartmentEvent.department_id)).where(
        DepartmentEvent.state == TellingState.WAITING, DepartmentEvent.department_id > after
    )


def first_turn(department_id: str) -> Select[datetime | None]:
    """When the first waiting event of a department has its turn."""
    return select(func.min(DepartmentEvent.due_at)).where(
        DepartmentEvent.state == TellingState.WAITING,
        DepartmentEvent.department_id == department_id,
    )


def events_due(department_id: str, now: datetime, most: int) -> Select[DepartmentEvent]:
    """Events of a department whose turn has come; those of a rival worker are passed over."""
    return (
        select(DepartmentEvent)
        .where(
            DepartmentEvent.state == TellingState.WAITING,
            DepartmentEvent.department_id == department_id,
            DepartmentEvent.due_at <= now,
        )
        .order_by(DepartmentEvent.due_at)
        .limit(most)
        .with_for_update(skip_locked=True)
    )


def leave_unheard(department_id: str, now: datetime) -> Update:
    """Settle what is due for a department that has no address."""
    return (
        update(DepartmentEvent)
        .where(
            DepartmentEvent.state == TellingState.WAITING,
            DepartmentEvent.department_id == department_id,
            DepartmentEvent.due_at <= now,
        )
        .values(state=TellingState.UNHEARD, settled_at=now)
    )


def events_settled_before(moment: datetime, most: int) -> Select[str]:
    """Ids of some events that were settled before a moment; those that a rival has are passed over."""
    return (
        select(DepartmentEvent.id)
        .where(DepartmentEvent.settled_at < moment)
        .order_by(DepartmentEvent.settled_at)
        .limit(most)
        .with_for_update(skip_locked=True)
    )


def still_ours(event_id: str, attempt: int) -> Update:
    """An update of an event that nobody has taken over since attempt number `attempt` began."""
    return update(DepartmentEvent).where(
        DepartmentEvent.id == event_id,
        DepartmentEvent.attempts == attempt,
        DepartmentEvent.state == TellingState.WAITING,
    )


def waiting_events() -> Select[int]:
    """How many events departments are still to be told of."""
    return (
        select(func.count())
        .select_from(DepartmentEvent)
        .where(DepartmentEvent.state == TellingState.WAITING)
    )
