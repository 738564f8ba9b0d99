"""Draining the outbox: claim a batch, push it, write down what became of it.

Claim and outcome are commits of their own, and no row is locked while the partner is asked. A worker
that dies in between leaves a lease behind; when that runs out the push is tried again, under the same
collapse key, so that a phone shows it once.
"""

import random
from collections import Counter as Counts
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from prometheus_client import Counter
from sqlalchemy import delete
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningUpdate

from backend.accounts import Device, Resident
from backend.core.database import Database
from backend.core.languages import negotiate
from backend.gateways.push import MOST_PER_BATCH, Outcome, Push, PushSender, Result
from backend.notifications import rules
from backend.notifications.models import (
    Delivery,
    Message,
    claim_until,
    claimed_parcels,
    deliveries_due,
    next_due,
    still_claimed,
)
from backend.notifications.rules import OPEN_STATES, DeliveryState, MessageKind

SENDING_SHARE = 2 / 3  # of a lease; the rest is for writing down what became of the batch
LONGEST_SENDING_SECONDS = 20
A_MOMENT = timedelta(seconds=1)

log = structlog.get_logger(__name__)
settled_total = Counter("ferry_deliveries", "Pushes by what became of them", ["state"])


@dataclass(frozen=True)
class Parcel:
    """A claimed delivery: a push ready to go to a device, or the verdict that nothing can go."""

    delivery_id: str
    attempt: int
    device: Device | None = None
    push: Push | None = None
    verdict: Result | None = None


@dataclass(frozen=True)
class Settlement:
    """What is written down of a push."""

    state: DeliveryState
    reason: str | None
    due_at: datetime
    settled_at: datetime | None = None
    counts: bool = True  # towards giving up


def deliver_waiting(
    database: Database, sender: PushSender, clock: Callable[[], datetime], lease_seconds: int
) -> datetime | None:
    """Push one batch of what is due; return when to come again, None if nothing is open.

    A time that has passed says that more is due already.
    """
    due_at = _next_due(database)
    if due_at is None or due_at > clock():
        return due_at
    quiet_seconds = sender.quiet_seconds()
    if quiet_seconds:
        return clock() + timedelta(seconds=quiet_seconds)
    parcels = claim(database, clock(), timedelta(seconds=lease_seconds))
    if not parcels:
        return clock() + A_MOMENT  # another worker is at them
    within_seconds = min(lease_seconds * SENDING_SHARE, LONGEST_SENDING_SECONDS)
    record(database, _send(sender, parcels, within_seconds), clock())
    return _next_due(database)


def claim(database: Database, now: datetime, lease: timedelta) -> list[Parcel]:
    """Take the next batch for this worker until `now + lease`; nobody else gets it before."""
    ids: list[str] = []
    with database.transaction() as db:
        for state in OPEN_STATES:
            ids += db.scalars(deliveries_due(state, now, MOST_PER_BATCH - len(ids)))
        if not ids:
            return []
        db.execute(claim_until(ids, now + lease))
        rows = db.execute(claimed_parcels(ids)).all()
        return [
            _parcel(delivery, message, owner, device) for delivery, message, owner, device in rows
        ]


def record(database: Database, outcomes: Sequence[tuple[Parcel, Result]], now: datetime) -> None:
    """Write what became of each push; a device that is gone is forgotten in the same commit.

    A claim that somebody else took over meanwhile is theirs to write of.
    """
    alike = defaultdict(list)
    for parcel, result in outcomes:
        alike[_settlement(parcel, result, now), parcel.attempt].append(parcel.delivery_id)
    settled: dict[str, DeliveryState] = {}
    with database.transaction() as db:
        for (settlement, attempt), ids in alike.items():
            ours = db.scalars(_settle(settlement, attempt, ids))
            settled |= dict.fromkeys(ours, settlement.state)
        for parcel, result in outcomes:
            if result.outcome is Outcome.DEVICE_GONE and parcel.delivery_id in settled:
                _forget(db, parcel.device)
    for state, count in Counts(settled.values()).items():
        settled_total.labels(state).inc(count)
    counts = Counts(result.outcome.value for _, result in outcomes)
    log.info("pushed", too_late=len(outcomes) - len(settled), **counts)


def _next_due(database: Database) -> datetime | None:
    with database.transaction(read_only=True) as db:
        return db.scalar(next_due())


def _parcel(delivery: Delivery, message: Message, owner: Resident, device: Device | None) -> Parcel:
    verdict = _verdict(delivery, message, device)
    if verdict or device is None:
        return Parcel(delivery.id, delivery.attempts, verdict=verdict)
    kind, language = MessageKind(message.kind), negotiate([owner.language])
    push = Push(
        address_kind=device.address_kind,
        address=device.address,
        collapse_key=message.about_id,
        title=rules.PUSH_TITLES[kind].into(language),
        body=rules.PUSH_BODIES[kind].into(language),
        data={"kind": kind, "message_id": message.id, "about_id": message.about_id},
    )
    return Parcel(delivery.id, delivery.attempts, device, push)


def _verdict(delivery: Delivery, message: Message, device: Device | None) -> Result | None:
    """Say why nothing can go, None where something can."""
    if device is None:
        return Result(Outcome.DEVICE_GONE, "device forgotten or of another resident")
    if delivery.attempts > rules.MOST_ATTEMPTS:
        return Result(Outcome.REFUSED, "every worker that took it died")
    if message.kind not in set(MessageKind):
        # A newer version wrote it, in the middle of a roll-out: its worker will know.
        return Result(Outcome.TRY_LATER, "kind of message not known")
    return None


def _send(
    sender: PushSender, parcels: Sequence[Parcel], within_seconds: float
) -> list[tuple[Parcel, Result]]:
    outcomes = [(parcel, parcel.verdict) for parcel in parcels if parcel.verdict]
    going = [(parcel, parcel.push) for parcel in parcels if parcel.push]
    try:
        results = sender.send([push for _, push in going], within_seconds)
        sent = [(parcel, result) for (parcel, _), result in zip(going, results, strict=True)]
    except Exception as error:
        # Nobody knows how far it came; the rows are tried again, and the worker lives on.
        log.exception("the push gateway failed")
        result = Result(Outcome.TRY_LATER, type(error).__name__)
        sent = [(parcel, result) for parcel, _ in going]
    return outcomes + sent


def _settlement(parcel: Parcel, result: Result, now: datetime) -> Settlement:
    if result.outcome is Outcome.SENT:
        return Settlement(DeliveryState.SENT, None, now, now)
    if result.outcome is Outcome.DEVICE_GONE:
        return Settlement(DeliveryState.DROPPED, result.reason, now, now)
    counts = result.outcome is not Outcome.UNTRIED
    if result.outcome is Outcome.REFUSED or (counts and rules.is_last(parcel.attempt)):
        return Settlement(DeliveryState.FAILED, result.reason, now, now)
    jitter = random.random()  # noqa: S311  # spreads the crowd
    pause = rules.pause_before(parcel.attempt, result.retry_after_seconds, jitter)
    return Settlement(DeliveryState.WAITING, result.reason, now + pause, counts=counts)


def _settle(settlement: Settlement, attempt: int, ids: list[str]) -> ReturningUpdate[str]:
    """Write a settlement of claims; returns the ids of those that were still ours."""
    return (
        still_claimed(ids, attempt)
        .values(
            state=settlement.state,
            reason=settlement.reason,
            due_at=settlement.due_at,
            settled_at=settlement.settled_at,
            attempts=attempt if settlement.counts else attempt - 1,
        )
        .returning(Delivery.id)
    )


def _forget(db: Session, device: Device | None) -> None:
    """Forget a device, unless it has registered anew since the push was made."""
    if device is None:
        return
    db.execute(
        delete(Device).where(
            Device.id == device.id,
            Device.address == device.address,
            Device.registered_at == device.registered_at,
        )
    )
