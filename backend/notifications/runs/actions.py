"""Opening the push run of a bill run, letting it go, stopping it: every claim sees that at once."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from backend.core.database import after_commit
from backend.notifications.runs import rules
from backend.notifications.runs.models import (
    PushRun,
    more_of,
    newest_push_runs,
    push_run_of,
    push_run_with,
)
from backend.notifications.runs.rules import OVER, PushRunState

Ring = Callable[[], None]


@dataclass(frozen=True)
class RunPlan:
    """A bill run whose posting begins: how many bills, by whom, over what time its pushes go."""

    run_id: str
    department_id: str
    bills: int
    started_by: str | None = None  # none: a command, by nobody who was named
    over_minutes: int = 0


def open_push_run(db: Session, plan: RunPlan, now: datetime) -> PushRun:
    """Return the push run of a bill run, opened in this transaction where there is none yet.

    Whoever calls holds the bill run's row, so two never open the same.
    """
    run = db.scalars(push_run_with(plan.run_id)).one_or_none()
    if run is None:
        starts_at = _start(now) if rules.takes_two(plan.bills) else now
        run = PushRun(
            id=plan.run_id,
            department_id=plan.department_id,
            state=rules.opening(plan.bills),
            bills=plan.bills,
            over_minutes=plan.over_minutes,
            started_by=plan.started_by or rules.COMMAND,
            starts_at=starts_at,
            created_at=now,
        )
        db.add(run)
        db.flush()
    return run


def plan_pushes(db: Session, run: PushRun, pushes: int, *, is_last: bool) -> None:
    """Count the pushes that one batch of bills has brought, in its transaction."""
    if pushes:
        db.execute(more_of(run.id, {"planned": pushes}))
    if is_last:
        run.is_whole = True


def get_push_run(
    db: Session, department_id: str | None, run_id: str, *, to_change: bool = False
) -> PushRun:
    """Return a push run, an operator's look at any where no department is named; PushRunNotFound.

    Its row is locked where it is `to_change`.
    """
    runs = push_run_with(run_id) if department_id is None else push_run_of(department_id, run_id)
    run = db.scalars(runs.with_for_update() if to_change else runs).one_or_none()
    if run is None:
        raise rules.PushRunNotFound
    return run


def list_push_runs(db: Session, department_id: str | None, most: int) -> Sequence[PushRun]:
    """Return the last push runs, the newest first."""
    return db.scalars(newest_push_runs(department_id, most)).all()


def approve_pushes(
    db: Session, department_id: str | None, run_id: str, by: str, *, now: datetime, ring: Ring
) -> PushRun:
    """Let the pushes of a large run go, as its second person; of a small one it changes nothing.

    `by` is a client of the department, or an operator's name where no department is named. What is
    let go stays so. Where the start must wait for a better moment, a worker sees to it.
    PushRunNotFound, SecondPersonNeeded, PushRunNotThere.
    """
    run = get_push_run(db, department_id, run_id, to_change=True)
    if not rules.takes_two(run.bills):
        return run
    rules.ensure_second(by, run.started_by, is_operator=department_id is None)
    if run.approved_by is not None:
        return run
    rules.ensure_open(PushRunState(run.state))
    run.approved_by, run.approved_at, run.starts_at = by, now, _start(now)
    begin_where_due(run, now)
    after_commit(db, ring)
    return run


def begin_where_due(run: PushRun, now: datetime) -> bool:
    """Let a held run, its row locked, go where it may; say whether it does so now."""
    begins = run.state == PushRunState.HELD and run.may_go(now)
    if begins:
        run.state = PushRunState.GOING
    return begins


def pause_pushes(db: Session, department_id: str | None, run_id: str) -> PushRun:
    """Let a run's pushes rest; what a worker has in hand still goes, for eight seconds at most.

    PushRunNotFound, PushRunNotThere.
    """
    run = get_push_run(db, department_id, run_id, to_change=True)
    run.state = rules.pausing(PushRunState(run.state))
    return run


def resume_pushes(
    db: Session, department_id: str | None, run_id: str, *, now: datetime, ring: Ring
) -> PushRun:
    """Let a run's pushes go on; PushRunNotFound, PushRunNotThere."""
    run = get_push_run(db, department_id, run_id, to_change=True)
    run.state = rules.resuming(PushRunState(run.state), may_go=run.may_go(now))
    after_commit(db, ring)
    return run


def cancel_pushes(db: Session, department_id: str | None, run_id: str, ring: Ring) -> PushRun:
    """Stop a run's pushes for good; bills and messages stay, and a worker drops what waits.

    PushRunNotFound, PushRunNotThere.
    """
    run = get_push_run(db, department_id, run_id, to_change=True)
    run.state = rules.cancelling(PushRunState(run.state))
    after_commit(db, ring)
    return run


def pause_beside(db: Session, run_id: str) -> None:
    """Let a run's pushes rest as its bills do, in the same transaction; there may be none yet."""
    run = _open_beside(db, run_id)
    if run is not None:
        run.state = rules.pausing(PushRunState(run.state))


def resume_beside(db: Session, run_id: str, now: datetime) -> None:
    """Let a run's pushes go on as its bills do."""
    run = _open_beside(db, run_id)
    if run is not None:
        run.state = rules.resuming(PushRunState(run.state), may_go=run.may_go(now))


def cancel_beside(db: Session, run_id: str) -> None:
    """Stop a run's pushes as its bills are; once these are cancelled, no more are planned."""
    run = _beside(db, run_id)
    if run is not None:
        run.is_whole = True
        if run.state != PushRunState.DONE:
            run.state = rules.cancelling(PushRunState(run.state))


def _beside(db: Session, run_id: str) -> PushRun | None:
    return db.scalars(push_run_with(run_id).with_for_update()).one_or_none()


def _open_beside(db: Session, run_id: str) -> PushRun | None:
    run = _beside(db, run_id)
    return None if run is None or PushRunState(run.state) in OVER else run


def _start(now: datetime) -> datetime:
    return rules.start_at(now, random.random())  # noqa: S311  # spreads the crowd
