"""Posts the bills of a file that was found sound, a batch at a time."""

from collections.abc import Callable, Iterator

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.bills.runs.models import BillRun, BillRunChunk
from backend.bills.runs.reading import Batch
from backend.bills.runs.rows import Posting, post_new
from backend.bills.runs.rules import PIECE_BYTES, RunState
from backend.bills.runs.sheets import Sheet
from backend.bills.runs.stated import are_new, sheet_of, sort_out, state
from backend.bills.runs.turn import Turn, note_problems, settle
from backend.core.database import after_commit
from backend.notifications import PushRun, RunPlan, open_push_run, plan_pushes

TRIES = 5


def post(turn: Turn, ring: Callable[[], None]) -> Iterator[int]:
    """Post the next batches of a run, and yield after each how many bytes of it are read.

    Ends with the file or with the turn.
    """
    reader = turn.reader()
    is_last = False
    while not is_last:
        batch = reader.batch()
        is_last = _post_patiently(turn, batch, ring)
        yield batch.read_bytes


def _post_patiently(turn: Turn, batch: Batch, ring: Callable[[], None]) -> bool:
    """Post a batch; where the database will not have a row of it, sort it out line by line.

    Somebody may post one of its numbers at that very moment.
    """
    sheet = sheet_of(batch, turn.issued_on)
    for _ in range(TRIES - 1):
        try:
            return _post_batch(turn, batch, sheet, ring)
        except IntegrityError:
            sheet = None
    return _post_batch(turn, batch, None, ring)


def _post_batch(turn: Turn, batch: Batch, sheet: Sheet | None, ring: Callable[[], None]) -> bool:
    """Post one batch: its bills, their messages and pushes, and the run's counts, or nothing."""
    with turn.batch() as held:
        if held is None:
            return True
        db, run = held
        after_commit(db, ring)
        push_run = open_push_run(db, _plan(run), turn.clock())
        posting = _posting(turn, run, push_run)
        if sheet is not None and are_new(db, turn.department_id, sheet):
            # The residents were known when the file was checked; foreign keys see to the rest.
            pushes = post_new(db, sheet, posting)
            run.posted += sheet.count
        else:
            pushes = _post_what_is_new(db, run, batch, turn, posting)
        plan_pushes(db, push_run, pushes, is_last=batch.is_last)
        run.handled += len(batch.rows)
        run.read_bytes, run.read_lines = batch.read_bytes, batch.read_lines
        # The first piece stays, as it holds the names of the columns.
        passed = BillRunChunk.number.between(1, batch.read_bytes // PIECE_BYTES - 1)
        db.execute(delete(BillRunChunk).where(BillRunChunk.run_id == run.id, passed))
        if batch.is_last:
            settle(db, run, RunState.DONE, turn.clock())
    return batch.is_last


def _plan(run: BillRun) -> RunPlan:
    return RunPlan(run.id, run.department_id, run.lines, run.started_by, run.push_over_minutes)


def _posting(turn: Turn, run: BillRun, push_run: PushRun) -> Posting:
    return Posting(
        turn.department_id, run.id, turn.clock(), push_run.starts_at, push_run.over_minutes
    )


def _post_what_is_new(db: Session, run: BillRun, batch: Batch, turn: Turn, posting: Posting) -> int:
    """Pass over what stands already, and post the rest; return how many pushes wait for that.

    What came to stand in a bill's way since the file was checked is noted with the run.
    """
    stated, _ = state(batch, turn.issued_on)
    found = sort_out(db, turn.department_id, stated)
    pushes = post_new(db, found.new, posting) if found.new else 0
    run.posted += len(found.new)
    run.already_there += found.already_there
    note_problems(run, found.problems)
    return pushes
