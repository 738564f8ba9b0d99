"""Looking at bill runs, and stopping them: every worker sees it before its next batch."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from backend.bills.runs import rules
from backend.bills.runs.models import BillRun, run_of, run_with, runs_of
from backend.bills.runs.rules import SETTLED, RunState
from backend.core.database import after_commit
from backend.core.paging import Page, decode_cursor, encode_cursor
from backend.notifications import cancel_beside, pause_beside, resume_beside

Ring = Callable[[], None]


def list_runs(
    db: Session, department_id: str | None, cursor: str | None, limit: int
) -> Page[BillRun]:
    """Return a page of a department's runs, or of all, newest first."""
    before_id = decode_cursor(cursor, 1)[0] if cursor else None
    runs = db.scalars(runs_of(department_id, before_id, limit + 1)).all()
    more = len(runs) > limit
    return Page(runs[:limit], encode_cursor(runs[limit - 1].id) if more else None)


def get_run(
    db: Session, department_id: str | None, run_id: str, *, to_change: bool = False
) -> BillRun:
    """Return a run, an operator's look at any where no department is named; RunNotFound.

    Its row is locked where it is `to_change`.
    """
    runs = run_with(run_id) if department_id is None else run_of(department_id, run_id)
    run = db.scalars(runs.with_for_update() if to_change else runs).one_or_none()
    if run is None:
        raise rules.RunNotFound
    return run


def pause_run(db: Session, department_id: str | None, run_id: str) -> BillRun:
    """Let a run and its pushes rest after the batch in hand; RunNotFound, RunNotThere."""
    run = get_run(db, department_id, run_id, to_change=True)
    run.state = rules.pausing(RunState(run.state))
    pause_beside(db, run.id)
    return run


def resume_run(
    db: Session, department_id: str | None, run_id: str, now: datetime, ring: Ring
) -> BillRun:
    """Let a run and its pushes go on where they were paused; RunNotFound, RunNotThere."""
    run = get_run(db, department_id, run_id, to_change=True)
    if run.state == RunState.PAUSED:
        run.due_at = now
        resume_beside(db, run.id, now)
    run.state = rules.resuming(RunState(run.state), is_checked=run.lines > 0)
    after_commit(db, ring)
    return run


def cancel_run(
    db: Session,
    department_id: str | None,
    run_id: str,
    withdrawal: str | None,
    *,
    now: datetime,
    ring: Ring,
) -> BillRun:
    """Stop a run for good, with its pushes; its bills stay, or are taken back, for `withdrawal`.

    Cancelled once more, it stays as it is; what was left standing, and what was being paid at that
    time and is open again, may still be taken back. The worker does that, and lets the file go.
    RunNotFound, RunNotThere.
    """
    run = get_run(db, department_id, run_id, to_change=True)
    state = rules.cancelling(RunState(run.state), withdraw_posted=withdrawal is not None)
    is_taking_back = run.withdrawing and run.settled_at is None
    takes_back = withdrawal is not None and not is_taking_back
    if run.state != state or takes_back:
        run.settled_at = None
        run.due_at = now
        after_commit(db, ring)
    if takes_back:
        run.withdrawing, run.withdrawal_reason, run.withdrawn_to = True, withdrawal, ""
    run.state = state
    cancel_beside(db, run.id)
    return run


def is_settled(run: BillRun) -> bool:
    """Say whether nothing is left to do for a run, its file included."""
    return run.state in SETTLED and run.settled_at is not None
