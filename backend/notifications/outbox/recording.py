"""Writing down what became of a batch, and forgetting the phones that are gone, in one commit."""

import random
from collections import Counter as Counts
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

import structlog
from prometheus_client import Counter
from sqlalchemy import delete
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningUpdate

from backend.accounts import Device
from backend.core.database import Database
from backend.gateways.push import Outcome, Result
from backend.notifications.outbox import rules
from backend.notifications.outbox.claiming import Claimed, Parcel
from backend.notifications.outbox.counting import count_all_for_runs
from backend.notifications.outbox.models import Delivery, still_claimed
from backend.notifications.outbox.rules import OPEN_STATES, DeliveryState, Settlement

JITTER_STEPS = 8

log = structlog.get_logger(__name__)
settled_total = Counter("ferry_deliveries", "Pushes by what became of them", ["state"])


def record(rows: Database, outcomes: Sequence[tuple[Parcel, Result | None]], now: datetime) -> None:
    """Write what became of each push; a phone that is gone is forgotten in the same commit.

    A claim that somebody else took over meanwhile is theirs to write of.
    """
    alike = defaultdict(list)
    for parcel, result in outcomes:
        each = parcel.claimed
        settlement = parcel.verdict or _settlement(each, result, now)
        alike[settlement, each.attempt].append(each.delivery_id)
    became: dict[str, DeliveryState] = {}
    with rows.transaction() as db:
        for (settlement, attempt), ids in alike.items():
            ours = db.scalars(_settle(settlement, attempt, ids))
            became |= dict.fromkeys(ours, settlement.state)
        for parcel, result in outcomes:
            is_gone = result is not None and result.outcome is Outcome.DEVICE_GONE
            if is_gone and parcel.claimed.delivery_id in became:
                _forget(db, parcel.claimed)
        _count(db, outcomes, became)
    for state, count in Counts(became.values()).items():
        settled_total.labels(state).inc(count)
    log.info("pushed", too_late=len(outcomes) - len(became), **Counts(map(_word, outcomes)))


def _word(outcome: tuple[Parcel, Result | None]) -> str:
    _, result = outcome
    return result.outcome.value if result else "not_to_go"


def _count(
    db: Session,
    outcomes: Sequence[tuple[Parcel, Result | None]],
    became: dict[str, DeliveryState],
) -> None:
    claims = [parcel.claimed for parcel, _ in outcomes]
    settled = [(each.queue, became.get(each.delivery_id)) for each in claims]
    over = ((queue, state.value) for queue, state in settled if state and state not in OPEN_STATES)
    count_all_for_runs(db, over)


def _settlement(each: Claimed, result: Result | None, now: datetime) -> Settlement:
    assert result is not None, "a push that went has a result"
    if result.outcome is Outcome.SENT:
        return rules.settled(DeliveryState.SENT, None, now)
    if result.outcome is Outcome.DEVICE_GONE:
        return rules.settled(DeliveryState.DROPPED, result.reason, now)
    is_fault = result.outcome is Outcome.ODD
    is_parked = is_fault and each.faults + 1 >= rules.MOST_FAULTS
    if result.outcome is Outcome.REFUSED or is_parked:
        return rules.settled(DeliveryState.FAILED, result.reason, now)
    # In steps, so that a crowd is put off in few statements.
    jitter = random.randrange(JITTER_STEPS) / JITTER_STEPS  # noqa: S311  # spreads the crowd
    pause = rules.pause_before(each.attempt, result.retry_after_seconds, jitter)
    return Settlement(
        DeliveryState.WAITING,
        result.reason,
        now + pause,
        counts=result.outcome is not Outcome.UNTRIED,
        is_fault=is_fault,
    )


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
            faults=Delivery.faults + int(settlement.is_fault),
        )
        .returning(Delivery.id)
    )


def _forget(db: Session, each: Claimed) -> None:
    """Forget a phone, unless it has registered anew since the push was made."""
    db.execute(
        delete(Device).where(
            Device.id == each.device_id,
            Device.address == each.address,
            Device.registered_at == each.registered_at,
        )
    )
