"""Draining the outbox of departments' events: take a few of each, call, write down what became of it.

Taking and outcome are commits of their own, and no row is locked while an address is called. A
worker that dies in between leaves a lease behind; when that runs out the event is told again under
the same id, by which a department knows a repeat. Each department has its own queue and an address
that fails is left alone for a while, so that a dead one delays no other's.
"""

import random
from collections import Counter as Counts
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from prometheus_client import Counter
from sqlalchemy import update
from sqlalchemy.orm import Session

from backend.core.database import Database
from backend.departments.webhooks import rules, signing
from backend.departments.webhooks.models import (
    DepartmentEvent,
    Webhook,
    events_due,
    first_turn,
    leave_unheard,
    live_webhooks,
    next_waiting_department,
    still_ours,
)
from backend.departments.webhooks.rules import TellingState
from backend.gateways.webhooks import Answer, Call, Outcome, WebhookCaller

LEASE = timedelta(seconds=60)
NO_CALL_AFTER_SECONDS = 5.0  # one call takes ten at most, so a batch is over well before its lease
MOST_OF_ONE_DEPARTMENT = 10
A_MOMENT = timedelta(seconds=1)

log = structlog.get_logger(__name__)
settled_total = Counter(
    "ferry_department_events", "Departments' events by what became of them", ["state"]
)


@dataclass(frozen=True)
class Taken:
    """An event that this worker took: which attempt it is, since when it is wanted, its call."""

    event_id: str
    attempt: int
    tries: int
    wanted_at: datetime
    call: Call


@dataclass(frozen=True)
class Queue:
    """What this worker took for one department, and the address that it goes to."""

    department_id: str
    url: str
    failures: int
    events: Sequence[Taken]


def tell_waiting(
    rows: Database, caller: WebhookCaller, clock: Callable[[], datetime]
) -> datetime | None:
    """Tell departments one batch of what is due; return when to come again, None if nothing waits.

    A time that has passed says that more is due already. Order is not promised.
    """
    due_at = _next_turn(rows)
    if due_at is None or due_at > clock():
        return due_at
    queues = take(rows, clock())
    if queues:
        note(rows, queues, _call(caller, queues), clock())
    due_at = _next_turn(rows)
    # Where nothing was to be had, another worker is at it.
    return due_at if queues or due_at is None else max(due_at, clock() + A_MOMENT)


def take(rows: Database, now: datetime) -> list[Queue]:
    """Take a few events of each department until a lease ends; what nobody hears is settled."""
    queues = []
    with rows.transaction() as db:
        for department_id, webhook in _waiting(db).items():
            if webhook is None:
                heard = db.execute(leave_unheard(department_id, now))
                settled_total.labels(TellingState.UNHEARD).inc(heard.rowcount)  # type: ignore[attr-defined]
                continue
            if webhook.quiet_until and webhook.quiet_until > now:
                continue
            most = 1 if webhook.failures else MOST_OF_ONE_DEPARTMENT  # one tries the ground
            events = db.scalars(events_due(department_id, now, most)).all()
            taken = [_take(event, webhook, now) for event in events]
            if taken:
                queues.append(Queue(department_id, webhook.url, webhook.failures, taken))
    return queues


def note(
    rows: Database, queues: Sequence[Queue], answers: Sequence[Sequence[Answer]], now: datetime
) -> None:
    """Write down what became of each call, where nobody has taken the event over meanwhile."""
    settled: Counts[str] = Counts()
    with rows.transaction() as db:
        for queue, answered in zip(queues, answers, strict=True):
            for taken, answer in zip(queue.events, answered, strict=True):
                outcome = _outcome(taken, answer, now)
                done = db.execute(still_ours(taken.event_id, taken.attempt).values(**outcome))
                settled[outcome["state"]] += done.rowcount  # type: ignore[attr-defined]
                if outcome["state"] == TellingState.FAILED:
                    log.error(
                        "a department was not told", event_id=taken.event_id, why=answer.reason
                    )
            _heed(db, queue, answered, now)
    del settled[TellingState.WAITING]
    for state, count in settled.items():
        settled_total.labels(state).inc(count)
    counts = Counts(answer.outcome.value for answered in answers for answer in answered)
    log.info("departments told", departments=len(queues), **counts)


def _waiting(db: Session) -> Mapping[str, Webhook | None]:
    """Return each department that has events waiting, with its address where it has one."""
    webhooks = {webhook.department_id: webhook for webhook in db.scalars(live_webhooks())}
    found: dict[str, Webhook | None] = {}
    last = ""
    while (department_id := db.scalar(next_waiting_department(last))) is not None:
        found[department_id] = webhooks.get(department_id)
        last = department_id
    return found


def _next_turn(rows: Database) -> datetime | None:
    """When the next department has its turn: its first event's, or when its address may be tried."""
    turns = []
    with rows.transaction(read_only=True) as db:
        for department_id, webhook in _waiting(db).items():
            turn = db.scalar(first_turn(department_id))
            if turn is not None:
                quiet_until = webhook.quiet_until if webhook else None
                turns.append(max(turn, quiet_until) if quiet_until else turn)
    return min(turns, default=None)


def _take(event: DepartmentEvent, webhook: Webhook, now: datetime) -> Taken:
    event.attempts += 1
    event.tries += 1
    event.due_at = now + LEASE
    body = signing.write_body(
        {
            "id": event.id,
            "type": event.type,
            "created_at": event.created_at.isoformat(),
            "data": event.data,
        }
    )
    headers = signing.headers_for(event.id, body, webhook.signing_secrets(now), now)
    call = Call(webhook.url, headers, body)
    return Taken(event.id, event.attempts, event.tries, event.wanted_at, call)


def _call(caller: WebhookCaller, queues: Sequence[Queue]) -> list[list[Answer]]:
    calls = [[taken.call for taken in queue.events] for queue in queues]
    try:
        return caller.call(calls, NO_CALL_AFTER_SECONDS)
    except Exception as error:
        # Nobody knows how far it came; the rows are tried again, and the worker lives on.
        log.exception("the caller of departments failed")
        return [[Answer(Outcome.TRY_LATER, type(error).__name__) for _ in each] for each in calls]


def _outcome(taken: Taken, answer: Answer, now: datetime) -> dict[str, Any]:
    """The columns of an event after a call."""
    if answer.outcome is Outcome.TAKEN:
        return {"state": TellingState.TOLD, "reason": None, "settled_at": now}
    if answer.outcome is Outcome.UNTRIED:
        return {"state": TellingState.WAITING, "due_at": now, "tries": taken.tries - 1}
    jitter = random.random()  # noqa: S311  # spreads the crowd
    due_at = now + rules.pause_before(taken.tries, answer.retry_after_seconds, jitter)
    is_last = due_at > taken.wanted_at + rules.GIVEN_UP_AFTER
    if answer.outcome is Outcome.GONE or is_last:
        return {"state": TellingState.FAILED, "reason": answer.reason, "settled_at": now}
    return {"state": TellingState.WAITING, "reason": answer.reason, "due_at": due_at}


def _heed(db: Session, queue: Queue, answers: Sequence[Answer], now: datetime) -> None:
    """Leave an address alone that fails, and stop calling one that asks for it; if it is still set."""
    outcomes = {answer.outcome for answer in answers}
    changes: dict[str, object] = {}
    if Outcome.GONE in outcomes:
        log.warning("a department's address is gone", department=queue.department_id)
        changes = {"stopped_at": now}
    elif Outcome.TAKEN in outcomes:
        changes = {"failures": 0, "quiet_until": None} if queue.failures else {}
    elif Outcome.TRY_LATER in outcomes:
        failures = queue.failures + 1
        asked = max(answer.retry_after_seconds for answer in answers)
        jitter = random.random()  # noqa: S311  # spreads the crowd
        quiet_until = now + rules.quiet_after(failures, asked, jitter)
        changes = {"failures": failures, "quiet_until": quiet_until}
    if changes:
        same = (Webhook.department_id == queue.department_id, Webhook.url == queue.url)
        db.execute(update(Webhook).where(*same).values(**changes))
