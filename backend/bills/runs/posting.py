"""Posts the bills of a file that was found sound, a batch at a time."""

from collections.abc import Callable, Iterator

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from backend.bills.runs.models import BillRunChunk
from backend.bills.runs.reading import Batch
from backend.bills.runs.rows import post_new
from backend.bills.runs.rules import PIECE_BYTES, RunState
from backend.bills.runs.stated import Stated, sort_out
from backend.bills.runs.turn import Turn, note_problems, settle
from backend.core.database import after_commit

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
    """Post a batch; where somebody posts one of its numbers at that moment, sort it out anew."""
    stated, _ = turn.stated(batch)
    for _ in range(TRIES - 1):
        try:
            return _post_batch(turn, batch, stated, ring)
        except IntegrityError:
            continue
    return _post_batch(turn, batch, stated, ring)


def _post_batch(turn: Turn, batch: Batch, stated: list[Stated], ring: Callable[[], None]) -> bool:
    """Post one batch: its bills, their messages and pushes, and the run's counts, or nothing.

    What stands already is passed over. What came to stand in its way since the file was checked is
    noted with the run, and the rest is posted.
    """
    with turn.batch() as held:
        if held is None:
            return True
        db, run = held
        found = sort_out(db, turn.department_id, stated)
        if found.new:
            post_new(db, turn.department_id, run.id, found.new, turn.clock())
            after_commit(db, ring)
        run.handled += len(stated)
        run.posted += len(found.new)
        run.already_there += found.already_there
        note_problems(run, found.problems)
        run.read_bytes, run.read_lines = batch.read_bytes, batch.read_lines
        # The first piece stays, as it holds the names of the columns.
        passed = BillRunChunk.number.between(1, batch.read_bytes // PIECE_BYTES - 1)
        db.execute(delete(BillRunChunk).where(BillRunChunk.run_id == run.id, passed))
        if batch.is_last:
            settle(db, run, RunState.DONE, turn.clock())
    return batch.is_last
