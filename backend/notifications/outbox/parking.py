"""Selects of what was parked: pushes that could not be placed, by a fault of their own."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Select, Update, func, select, update

from backend.core.bulk import is_among
from backend.notifications.outbox.models import FAILED, Delivery
from backend.notifications.outbox.rules import DeliveryState


def parked_by_reason() -> Select[str | None, int, datetime | None]:
    """How many pushes are parked, and since when, by the reason."""
    return (
        select(Delivery.reason, func.count(), func.min(Delivery.settled_at))
        .where(FAILED)
        .group_by(Delivery.reason)
        .order_by(Delivery.reason)
    )


def parked_count() -> Select[int]:
    """How many pushes are parked."""
    return select(func.count()).select_from(Delivery).where(FAILED)


def parked(reason: str | None, before: datetime, most: int) -> Select[str, str]:
    """Ids and queues of pushes that were parked before a moment, of one reason or any; rows locked."""
    failed = select(Delivery.id, Delivery.queue).where(FAILED, Delivery.settled_at < before)
    if reason is not None:
        failed = failed.where(Delivery.reason == reason)
    return failed.order_by(Delivery.settled_at).limit(most).with_for_update(skip_locked=True)


def wanted_again(ids: Collection[str], now: datetime) -> Update:
    """Let parked pushes wait again, as if nothing had been wrong with them."""
    return (
        update(Delivery)
        .where(is_among(Delivery.id, ids))
        .values(state=DeliveryState.WAITING, due_at=now, faults=0, reason=None, settled_at=None)
        .execution_options(synchronize_session=False)
    )
