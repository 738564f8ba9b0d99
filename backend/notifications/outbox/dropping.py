"""Dropping what many need not be told any more."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from backend.core.bulk import is_among
from backend.notifications.models import Message
from backend.notifications.outbox.counting import count_for_runs
from backend.notifications.outbox.models import Delivery, drop
from backend.notifications.outbox.rules import DeliveryState


def drop_unsent(
    db: Session, about_ids: Collection[str], kinds: Collection[str], now: datetime
) -> None:
    """Drop the pushes about these things, of these kinds, that no worker holds."""
    rows = db.execute(unsent_about(about_ids, kinds)).all()
    if rows:
        db.execute(drop([id_ for id_, _ in rows], "no longer so", now))
        count_for_runs(db, (queue for _, queue in rows), "dropped")


def unsent_about(about_ids: Collection[str], kinds: Collection[str]) -> Select[str, str]:
    """Ids and queues of them, rows locked in the order of their ids."""
    return (
        select(Delivery.id, Delivery.queue)
        .join(Message, Message.id == Delivery.message_id)
        .where(
            is_among(Message.about_id, about_ids),
            Message.kind.in_(kinds),
            Delivery.state == DeliveryState.WAITING,
        )
        .order_by(Delivery.id)
        .with_for_update(of=Delivery)
    )
