"""The outbox's rows, and the selects by which workers share them out."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CTE,
    Float,
    ForeignKey,
    Index,
    Select,
    UniqueConstraint,
    Update,
    func,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from backend.accounts import Device, Resident
from backend.core.bulk import is_among
from backend.core.clock import new_id
from backend.core.database import IMPERSONAL, Base
from backend.notifications.models import Message
from backend.notifications.outbox.rules import DeliveryState, Queue
from backend.notifications.preferences.models import MutedDepartment, PushPreferences

_WAITING = text("state = 'waiting'")
_CLAIMED = text("state = 'claimed'")
FAILED = text("state = 'failed'")


class Delivery(Base):
    """One push to one device: the outbox. No message is pushed to a device twice by two rows.

    While it waits, `due_at` is its turn; while it is claimed, the end of the lease.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("message_id", "device_id"),
        Index(None, "queue", "due_at", sqlite_where=_WAITING, postgresql_where=_WAITING),
        Index(None, "due_at", sqlite_where=_CLAIMED, postgresql_where=_CLAIMED),
        Index(None, "settled_at", sqlite_where=FAILED, postgresql_where=FAILED),
    )

    id: Mapped[str] = mapped_column(
        primary_key=True, default=lambda: new_id("dlv"), info=IMPERSONAL
    )
    message_id: Mapped[str] = mapped_column(ForeignKey("messages.id"), info=IMPERSONAL)
    device_id: Mapped[str] = mapped_column(info=IMPERSONAL)
    queue: Mapped[str] = mapped_column(
        default=Queue().name, server_default=Queue().name, info=IMPERSONAL
    )
    state: Mapped[str] = mapped_column(default=DeliveryState.WAITING, info=IMPERSONAL)
    due_at: Mapped[datetime] = mapped_column(info=IMPERSONAL)
    attempts: Mapped[int] = mapped_column(default=0, info=IMPERSONAL)
    faults: Mapped[int] = mapped_column(default=0, server_default="0", info=IMPERSONAL)
    reason: Mapped[str | None] = mapped_column(info=IMPERSONAL)
    settled_at: Mapped[datetime | None] = mapped_column(info=IMPERSONAL)


class PushPace(Base):
    """The one row by which all workers keep one pace; who claims holds it until the claim stands."""

    __tablename__ = "push_pace"

    id: Mapped[int] = mapped_column(primary_key=True, info=IMPERSONAL)
    tokens: Mapped[float] = mapped_column(Float, info=IMPERSONAL)
    counted_at: Mapped[datetime] = mapped_column(info=IMPERSONAL)
    busy_since: Mapped[datetime] = mapped_column(info=IMPERSONAL)


def waiting_queues() -> Select[str, datetime]:
    """Every queue in which something waits, by name, with its first turn.

    One step of the index for each queue, however long they are.
    """
    steps = _names_of_queues()
    first_turn = (
        select(func.min(Delivery.due_at))
        .where(_WAITING, Delivery.queue == steps.c.name)
        .scalar_subquery()
    )
    return select(steps.c.name, first_turn).where(steps.c.name.is_not(None)).order_by(steps.c.name)


def _names_of_queues() -> CTE:
    first = select(func.min(Delivery.queue).label("name")).where(_WAITING)
    steps = first.cte("steps", recursive=True)
    after = select(func.min(Delivery.queue)).where(_WAITING, Delivery.queue > steps.c.name)
    return steps.union_all(select(after.scalar_subquery()).where(steps.c.name.is_not(None)))


def waiting_in(queue: str, now: datetime, most: int) -> Select[str]:
    """Ids of the pushes of a queue whose turn has come.

    Locks the rows on PostgreSQL and passes over those of another worker; on SQLite the write lock
    of the transaction does the same.
    """
    return (
        select(Delivery.id)
        .where(_WAITING, Delivery.queue == queue, Delivery.due_at <= now)
        .order_by(Delivery.due_at)
        .limit(most)
        .with_for_update(skip_locked=True)
    )


def leases_run_out(now: datetime, most: int) -> Select[str, int, str]:
    """Ids, faults and queues of pushes whose worker has died, or has taken too long."""
    return (
        select(Delivery.id, Delivery.faults, Delivery.queue)
        .where(_CLAIMED, Delivery.due_at <= now)
        .order_by(Delivery.due_at)
        .limit(most)
        .with_for_update(skip_locked=True)
    )


def first_lease_end() -> Select[datetime | None]:
    """When the next lease runs out, None if nothing is claimed."""
    return select(func.min(Delivery.due_at)).where(_CLAIMED)


def claim_until(ids: Collection[str], lease_end: datetime) -> Update:
    """Take these deliveries, for one attempt more, until the lease ends."""
    return (
        update(Delivery)
        .where(is_among(Delivery.id, ids))
        .values(state=DeliveryState.CLAIMED, due_at=lease_end, attempts=Delivery.attempts + 1)
        .execution_options(synchronize_session=False)
    )


def one_fault_more(ids: Collection[str]) -> Update:
    """Count it against these deliveries that they were claimed and nobody came back."""
    return (
        update(Delivery)
        .where(is_among(Delivery.id, ids))
        .values(faults=Delivery.faults + 1)
        .execution_options(synchronize_session=False)
    )


def let_go(ids: Collection[str]) -> Update:
    """Give these deliveries, whose lease ran out, back to the queue that they waited in."""
    return (
        update(Delivery)
        .where(is_among(Delivery.id, ids))
        .values(state=DeliveryState.WAITING)
        .execution_options(synchronize_session=False)
    )


_FACTS = (
    Delivery.id,
    Delivery.attempts,
    Delivery.faults,
    Delivery.queue,
    Message.id,
    Message.resident_id,
    Message.department_id,
    Message.kind,
    Message.about_id,
    Message.facts,
    Message.created_at,
    Message.check_code,
    Message.replaced_by,
    Message.pushed_on,
    Resident.language,
    Device.id,
    Device.address_kind,
    Device.address,
    Device.registered_at,
    PushPreferences.quiet_from,
    PushPreferences.quiet_until,
    PushPreferences.shows_details,
    MutedDepartment.muted_at,
)


def claimed_facts(ids: Collection[str]) -> Select[*tuple[Any, ...]]:
    """All that a push needs of the claimed deliveries, as columns; `Claimed` names them.

    No device where it went or changed hands.
    """
    return (
        select(*_FACTS)
        .join(Message, Message.id == Delivery.message_id)
        .join(Resident, Resident.id == Message.resident_id)
        .outerjoin(
            Device,
            (Device.id == Delivery.device_id) & (Device.resident_id == Message.resident_id),
        )
        .outerjoin(PushPreferences, PushPreferences.resident_id == Message.resident_id)
        .outerjoin(
            MutedDepartment,
            (MutedDepartment.resident_id == Message.resident_id)
            & (MutedDepartment.department_id == Message.department_id),
        )
        .where(is_among(Delivery.id, ids))
        .order_by(Delivery.id)
    )


def still_claimed(ids: Collection[str], attempt: int) -> Update:
    """An update of those deliveries whose claim for this attempt nobody has taken over.

    The number of the attempt is the fence: a lease that ran out went to somebody else as the next
    attempt, so a late word about an earlier one changes nothing.
    """
    return (
        update(Delivery)
        .where(
            is_among(Delivery.id, ids),
            Delivery.attempts == attempt,
            Delivery.state == DeliveryState.CLAIMED,
        )
        .execution_options(synchronize_session=False)
    )


def open_deliveries() -> Select[int]:
    """How many pushes are still to go."""
    waiting, claimed = (
        select(func.count()).select_from(Delivery).where(state).scalar_subquery()
        for state in (_WAITING, _CLAIMED)
    )
    return select(waiting + claimed)


def drop(ids: Collection[str], reason: str, now: datetime) -> Update:
    """Settle waiting deliveries, their rows locked, that are not to be sent any more."""
    return (
        update(Delivery)
        .where(is_among(Delivery.id, ids))
        .values(state=DeliveryState.DROPPED, reason=reason, settled_at=now)
        .execution_options(synchronize_session=False)
    )
