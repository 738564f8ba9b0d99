"""Draining the outbox: claim a batch, push it, write down what became of it.

Claim and outcome are commits of their own, and no row is locked while the partner is asked. A worker
that dies in between leaves a lease behind; when that runs out the push is tried again, under the same
collapse key, so that a phone shows it once.
"""

import random
from collections import Counter as Counts
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from prometheus_client import Counter
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from backend.accounts import Device, Resident
from backend.core.database import Database
from backend.core.languages import Language
from backend.gateways.push import MOST_PER_BATCH, Outcome, Push, PushSender, Result
from backend.notifications import rules
from backend.notifications.models import (
    Delivery,
    Message,
    claimed_parcels,
    deliveries_due,
    next_due,
)
from backend.notifications.rules import DeliveryState, MessageKind

log = structlog.get_logger(__name__)
settled_total = Counter("ferry_deliveries", "Pushes by what became of them", ["state"])


@dataclass(frozen=True)
class Parcel:
    """A claimed delivery, ready to go; `push` is None where the device is no longer theirs."""

    delivery_id: str
    attempt: int
    push: Push | None


def deliver_waiting(
    database: Database, sender: PushSender, clock: Callable[[], datetime], lease_seconds: int
) -> datetime | None:
    """Push everything that is due; return when the next one will be, None if none is open."""
    while parcels := claim(database, clock(), timedelta(seconds=lease_seconds)):
        going = [parcel.push for parcel in parcels if parcel.push]
        results = iter(sender.send(going))
        outcomes = [
            (parcel, next(results) if parcel.push else Result(Outcome.DEVICE_GONE, "no device"))
            for parcel in parcels
        ]
        record(database, outcomes, clock())
    with database.transaction(read_only=True) as db:
        return db.scalar(next_due())


def claim(database: Database, now: datetime, lease: timedelta) -> list[Parcel]:
    """Take the next batch for this worker until `now + lease`; nobody else gets it before."""
    with database.transaction() as db:
        ids = list(db.scalars(deliveries_due(now, MOST_PER_BATCH)))
        if not ids:
            return []
        db.execute(
            update(Delivery)
            .where(Delivery.id.in_(ids))
            .values(state=DeliveryState.CLAIMED, due_at=now + lease, attempts=Delivery.attempts + 1)
        )
        rows = db.execute(claimed_parcels(ids)).all()
        return [
            _parcel(delivery, message, owner, device) for delivery, message, owner, device in rows
        ]


def record(database: Database, outcomes: Sequence[tuple[Parcel, Result]], now: datetime) -> None:
    """Write what became of each push; a device that is gone is forgotten in the same commit."""
    with database.transaction() as db:
        for parcel, result in outcomes:
            values = _settlement(parcel, result, now)
            db.execute(update(Delivery).where(Delivery.id == parcel.delivery_id).values(**values))
            settled_total.labels(values["state"]).inc()
            if result.outcome is Outcome.DEVICE_GONE and parcel.push:
                _forget_address(db, parcel.push)
    counts = Counts(result.outcome.value for _, result in outcomes)
    log.info("pushed", **counts)


def _parcel(delivery: Delivery, message: Message, owner: Resident, device: Device | None) -> Parcel:
    if device is None:
        return Parcel(delivery.id, delivery.attempts, None)
    kind, language = MessageKind(message.kind), Language(owner.language)
    push = Push(
        address_kind=device.address_kind,
        address=device.address,
        collapse_key=message.about_id,
        title=rules.PUSH_TITLES[kind].into(language),
        body=rules.PUSH_BODIES[kind].into(language),
        data={"kind": kind, "message_id": message.id, "about_id": message.about_id},
    )
    return Parcel(delivery.id, delivery.attempts, push)


def _settlement(parcel: Parcel, result: Result, now: datetime) -> dict[str, object]:
    if result.outcome is Outcome.SENT:
        return {"state": DeliveryState.SENT, "reason": None, "settled_at": now}
    if result.outcome is Outcome.DEVICE_GONE:
        return {"state": DeliveryState.DROPPED, "reason": result.reason, "settled_at": now}
    if result.outcome is Outcome.REFUSED or rules.is_last(parcel.attempt):
        return {"state": DeliveryState.FAILED, "reason": result.reason, "settled_at": now}
    pause = rules.pause_before(parcel.attempt, result.retry_after_seconds, random.random())
    return {"state": DeliveryState.WAITING, "reason": result.reason, "due_at": now + pause}


def _forget_address(db: Session, push: Push) -> None:
    db.execute(delete(Device).where(Device.address == push.address))
