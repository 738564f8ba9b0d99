"""The inbox, and the outbox of pushes."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    ForeignKey,
    Index,
    Select,
    UniqueConstraint,
    Update,
    func,
    select,
    union_all,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from backend.accounts import Device, Resident
from backend.core.clock import new_id
from backend.core.database import IMPERSONAL, PERSONAL, Base
from backend.notifications.rules import OPEN_STATES, DeliveryState, MessageKind


class Message(Base):
    """One entry of a resident's inbox; its text is made when it is read."""

    __tablename__ = "messages"
    __table_args__ = (
        Index(None, "resident_id", "id"),
        UniqueConstraint("kind", "about_id", "edition"),
        Index(None, "about_id"),
    )

    id: Mapped[str] = mapped_column(
        primary_key=True, default=lambda: new_id("msg"), info=IMPERSONAL
    )
    resident_id: Mapped[str] = mapped_column(ForeignKey("residents.id"), info=IMPERSONAL)
    department_id: Mapped[str] = mapped_column(info=IMPERSONAL)
    kind: Mapped[str] = mapped_column(info=IMPERSONAL)
    about_id: Mapped[str] = mapped_column(info=IMPERSONAL)
    edition: Mapped[int] = mapped_column(default=1, info=IMPERSONAL)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, info=PERSONAL)
    created_at: Mapped[datetime] = mapped_column(info=IMPERSONAL)


class Delivery(Base):
    """One push to one device: the outbox. No message is pushed to a device twice by two rows."""

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("message_id", "device_id"),
        Index(None, "state", "due_at"),
    )

    id: Mapped[str] = mapped_column(
        primary_key=True, default=lambda: new_id("dlv"), info=IMPERSONAL
    )
    message_id: Mapped[str] = mapped_column(ForeignKey("messages.id"), info=IMPERSONAL)
    device_id: Mapped[str] = mapped_column(info=IMPERSONAL)
    state: Mapped[str] = mapped_column(default=DeliveryState.WAITING, info=IMPERSONAL)
    due_at: Mapped[datetime] = mapped_column(info=IMPERSONAL)
    attempts: Mapped[int] = mapped_column(default=0, info=IMPERSONAL)
    reason: Mapped[str | None] = mapped_column(info=IMPERSONAL)
    settled_at: Mapped[datetime | None] = mapped_column(info=IMPERSONAL)


def messages_to(resident_id: str, before_id: str | None, limit: int) -> Select[Message]:
    """A resident's messages, newest first, older than `before_id`.

    Kinds that this version has no words for are left out; a newer one may have written them.
    """
    select_messages = (
        select(Message)
        .where(Message.resident_id == resident_id, Message.kind.in_(list(MessageKind)))
        .order_by(Message.id.desc())
    )
    if before_id is not None:
        select_messages = select_messages.where(Message.id < before_id)
    return select_messages.limit(limit)


def messages_of_kind_about(kind: MessageKind, about_ids: Collection[str]) -> Select[Message]:
    """What was told to anybody of this kind about any of these."""
    return select(Message).where(Message.kind == kind, Message.about_id.in_(list(about_ids)))


def messages_since(resident_id: str, since: datetime) -> Select[int]:
    """How many messages a resident got since then, of the kinds that this version has words for."""
    return (
        select(func.count())
        .select_from(Message)
        .where(
            Message.resident_id == resident_id,
            Message.kind.in_(list(MessageKind)),
            Message.created_at >= since,
        )
    )


def deliveries_due(state: DeliveryState, now: datetime, most: int) -> Select[str]:
    """Ids of deliveries in `state` whose turn has come: for a claimed one, its lease ran out.

    Locks the rows on PostgreSQL and passes over those of another worker; on SQLite the write lock
    of the transaction does the same. One state at a time, as the index then gives them in order.
    """
    return (
        select(Delivery.id)
        .where(Delivery.state == state, Delivery.due_at <= now)
        .order_by(Delivery.due_at)
        .limit(most)
        .with_for_update(skip_locked=True)
    )


def claim_until(ids: list[str], lease_end: datetime) -> Update:
    """Take these deliveries, for one attempt more, until the lease ends."""
    return (
        update(Delivery)
        .where(Delivery.id.in_(ids))
        .values(state=DeliveryState.CLAIMED, due_at=lease_end, attempts=Delivery.attempts + 1)
    )


def claimed_parcels(
    ids: list[str],
) -> Select[Delivery, Message, Resident, Device | None]:
    """The claimed deliveries with all that a push needs; no device where it went or changed hands."""
    return (
        select(Delivery, Message, Resident, Device)
        .join(Message, Message.id == Delivery.message_id)
        .join(Resident, Resident.id == Message.resident_id)
        .outerjoin(
            Device,
            (Device.id == Delivery.device_id) & (Device.resident_id == Message.resident_id),
        )
        .where(Delivery.id.in_(ids))
        .order_by(Delivery.id)
    )


def still_claimed(ids: list[str], attempt: int) -> Update:
    """An update of those deliveries whose claim for this attempt nobody has taken over.

    The number of the attempt is the fence: a lease that ran out went to somebody else as the next
    attempt, so a late word about an earlier one changes nothing.
    """
    return update(Delivery).where(
        Delivery.id.in_(ids),
        Delivery.attempts == attempt,
        Delivery.state == DeliveryState.CLAIMED,
    )


def unsent_about(about_id: str) -> Select[str]:
    """Ids of the deliveries about something that are still to go and that no worker holds."""
    return (
        select(Delivery.id)
        .join(Message, Message.id == Delivery.message_id)
        .where(Message.about_id == about_id, Delivery.state == DeliveryState.WAITING)
    )


def next_due() -> Select[datetime | None]:
    """When the next open delivery has its turn, None if there is none."""
    firsts = union_all(
        *(
            select(func.min(Delivery.due_at).label("due_at")).where(Delivery.state == state)
            for state in OPEN_STATES
        )
    ).subquery()
    return select(func.min(firsts.c.due_at))


def open_deliveries() -> Select[int]:
    """How many pushes are still to go."""
    return select(func.count()).select_from(Delivery).where(Delivery.state.in_(OPEN_STATES))
