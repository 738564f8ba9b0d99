"""What the worker does for bill runs: claim one, go on with it for some batches, give it back."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import islice

import structlog
from sqlalchemy.orm import Session

from backend.bills.actions import take_back
from backend.bills.runs.checking import check
from backend.bills.runs.models import BillRun, bills_to_take_back, next_run_due
from backend.bills.runs.posting import post
from backend.bills.runs.receiving import forget
from backend.bills.runs.rules import RunState
from backend.bills.runs.turn import Turn, claim, settle
from backend.core.database import Database, after_commit

BATCHES_A_TURN = 10
TAKEN_BACK_A_BATCH = 100
A_MOMENT = timedelta(seconds=1)
NO_REASON = "Posted by mistake. 誤發賬單。"

log = structlog.get_logger(__name__)
Ring = Callable[[], None]
IsBeingPaid = Callable[[Session, str], bool]


def work_on_runs(
    rows: Database, clock: Callable[[], datetime], ring: Ring, is_being_paid: IsBeingPaid
) -> datetime | None:
    """Go on with the run whose turn it is; return when to come again, None if nothing is left.

    A time that has passed says that more is due already. A pause or a cancel is seen before the
    next batch, by every worker.
    """
    due_at = _next_due(rows)
    if due_at is None or due_at > clock():
        return due_at
    turn = claim(rows, clock)
    if turn is None:
        return clock() + A_MOMENT  # another worker is at it
    work_on(turn, ring, is_being_paid)
    return _next_due(rows)


def work_on(turn: Turn, ring: Ring, is_being_paid: IsBeingPaid) -> None:
    """Do some batches of what the run's state asks for, and give the run back."""
    steps: Iterator[int]
    match turn.state:
        case RunState.CHECKING:
            steps = check(turn)
        case RunState.POSTING:
            steps = post(turn, ring)
        case RunState.CANCELLED:
            steps = _take_all_back(turn, ring, is_being_paid)
        case _:
            steps = _forget(turn)
    done = sum(1 for _ in islice(steps, BATCHES_A_TURN))
    turn.end()
    log.info("worked on a bill run", run_id=turn.run_id, state=turn.state.value, batches=done)


def _next_due(rows: Database) -> datetime | None:
    with rows.transaction(read_only=True) as db:
        return db.scalar(next_run_due())


def _take_all_back(turn: Turn, ring: Ring, is_being_paid: IsBeingPaid) -> Iterator[int]:
    """Take back what a cancelled run posted, if that was asked for, and let its file go.

    A bill that is paid, or being paid at this moment, stays.
    """
    is_last = False
    while not is_last:
        with turn.batch() as held:
            if held is None:
                return
            db, run = held
            is_last = not run.withdrawing or _take_some_back(db, run, turn, is_being_paid)
            after_commit(db, ring)
            if is_last:
                settle(db, run, RunState.CANCELLED, turn.clock())
        if not is_last:
            turn.rows.let_others_write()
        yield turn.read_bytes


def _take_some_back(db: Session, run: BillRun, turn: Turn, is_being_paid: IsBeingPaid) -> bool:
    """Take a batch back; say whether it was the last."""
    bills = db.scalars(bills_to_take_back(run, TAKEN_BACK_A_BATCH)).all()
    for bill in bills:
        run.withdrawn_to = bill.id
        if not is_being_paid(db, bill.id):
            take_back(db, bill, run.withdrawal_reason or NO_REASON, turn.clock())
            run.withdrawn += 1
    return len(bills) < TAKEN_BACK_A_BATCH


def _forget(turn: Turn) -> Iterator[int]:
    """Forget a file whose arrival broke off."""
    with turn.batch() as held:
        if held is None:
            return
        db, run = held
        forget(db, run.id)
    yield turn.read_bytes
