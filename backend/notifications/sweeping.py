"""The worker's chore for push runs: begins them in time, drops what a cancel left, closes them.

It stands beside the two rooms that it leans on, `runs` and `outbox`, of which the second knows the
first.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import structlog
from prometheus_client import Gauge
from sqlalchemy.orm import Session

from backend.core.database import Database, after_commit
from backend.notifications.outbox.models import drop, waiting_in
from backend.notifications.outbox.recording import settled_total
from backend.notifications.outbox.rules import ORDINARY, DeliveryState, Queue
from backend.notifications.runs.actions import begin_where_due, get_push_run
from backend.notifications.runs.models import PushRun, unsettled_push_runs
from backend.notifications.runs.rules import STOPPED, PushRunState

DROPPED_A_BATCH = 1000
LOOK_AGAIN = timedelta(seconds=2)
WHENEVER = datetime.max.replace(tzinfo=UTC)
REASON = "run cancelled"

log = structlog.get_logger(__name__)
runs_now = Gauge(
    "ferry_push_runs",
    "Push runs that are not settled, by state",
    ["state"],
    multiprocess_mode="mostrecent",
)


def sweep_push_runs(
    rows: Database, clock: Callable[[], datetime], ring: Callable[[], None]
) -> datetime | None:
    """Do the next step of every run that has one; return when to come again, None if never.

    A time that has passed says that more is due already. Steps are commits of their own, and each
    looks at its run anew, so that any number of workers may do this, and die at it.
    """
    with rows.transaction(read_only=True) as db:
        runs = db.scalars(unsettled_push_runs()).all()
    _show(runs)
    moments = [_step(rows, run, clock(), ring) for run in runs]
    return min((moment for moment in moments if moment), default=None)


def _step(rows: Database, run: PushRun, now: datetime, ring: Callable[[], None]) -> datetime | None:
    """Do what is to be done about a run as it was seen; return when to look at it again."""
    state = PushRunState(run.state)
    if run.is_whole and not run.waiting:
        _change(rows, run.id, lambda _, held: _close(held, now))
        return None
    if state is PushRunState.CANCELLED:
        return _drop_some(rows, run.id, now)
    if state is PushRunState.HELD and run.approved_by:
        if run.starts_at > now:
            return run.starts_at
        _change(rows, run.id, lambda db, held: _begin(db, held, now, ring))
    return None if state is PushRunState.PAUSED or run.needs_approval else now + LOOK_AGAIN


def _change(rows: Database, run_id: str, deed: Callable[[Session, PushRun], None]) -> None:
    with rows.transaction() as db:
        deed(db, get_push_run(db, None, run_id, to_change=True))


def _begin(db: Session, run: PushRun, now: datetime, ring: Callable[[], None]) -> None:
    if begin_where_due(run, now):
        after_commit(db, ring)


def _close(run: PushRun, now: datetime) -> None:
    """Settle a run of which nothing is open, and to which nothing will be added."""
    if run.settled_at is not None or not run.is_whole or run.waiting:
        return
    if run.state != PushRunState.CANCELLED:
        run.state = PushRunState.DONE
    run.settled_at = now
    log.info("settled a push run", run_id=run.id, state=run.state, sent=run.sent)


def _drop_some(rows: Database, run_id: str, now: datetime) -> datetime:
    """Drop a batch of what a cancelled run has waiting; return when to look again.

    The run's row is locked first and no push is waited for, as those who settle pushes lock the
    pushes first. What a worker has in hand is settled by that worker, or given back by its lease.
    """
    with rows.transaction() as db:
        run = get_push_run(db, None, run_id, to_change=True)
        if run.state != PushRunState.CANCELLED or run.settled_at is not None:
            return now
        queue = Queue(ORDINARY, run.department_id, run.id).name
        ids = db.scalars(waiting_in(queue, WHENEVER, DROPPED_A_BATCH)).all()
        if ids:
            db.execute(drop(ids, REASON, now))
            run.dropped += len(ids)
        _close(run, now)
    settled_total.labels(DeliveryState.DROPPED).inc(len(ids))
    if not ids:
        return now + LOOK_AGAIN
    rows.let_others_write()
    return now


def _show(runs: Sequence[PushRun]) -> None:
    counts = Counter(run.state for run in runs)
    for state in (*STOPPED, PushRunState.GOING):
        runs_now.labels(state).set(counts[state])
