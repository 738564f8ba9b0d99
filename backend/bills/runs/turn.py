"""One worker's turn at one run: it holds the run by a lease, and every batch is fenced by it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from backend.bills.runs.feed import Pieces
from backend.bills.runs.models import (
    BillRun,
    BillRunChunk,
    BillRunMarks,
    end_of_turn,
    piece_of,
    run_due,
    run_in_turn,
)
from backend.bills.runs.problems import Problem
from backend.bills.runs.reading import Reader
from backend.bills.runs.rules import MOST_PROBLEMS_KEPT, PIECE_BYTES, FileFormat, RunState
from backend.core.clock import hong_kong_date
from backend.core.database import Database

LEASE = timedelta(seconds=30)


@dataclass(frozen=True)
class Turn:
    """A claimed run as it stood then; `number` is the fence against whoever takes it over."""

    rows: Database
    clock: Callable[[], datetime]
    run_id: str
    number: int
    state: RunState
    department_id: str
    file_format: FileFormat
    created_at: datetime
    read_bytes: int
    read_lines: int

    @contextmanager
    def batch(self) -> Iterator[tuple[Session, BillRun] | None]:
        """Give a transaction that holds the run, and the lease anew; None where the turn is over.

        It is over where another worker has taken the run, or somebody has paused or cancelled it.
        """
        with self.rows.transaction() as db:
            run = db.scalars(run_in_turn(self.run_id, self.number)).one_or_none()
            if run is None or run.state != self.state:
                yield None
                return
            run.due_at = self.clock() + LEASE
            yield db, run

    def end(self) -> None:
        """Give the run back for its next turn."""
        with self.rows.transaction() as db:
            db.execute(end_of_turn(self.run_id, self.number, self.clock()))

    def reader(self) -> Reader:
        """Read the run's file from where it was left."""
        pieces = pieces_of(self.rows, self.run_id)
        return Reader(self.file_format, pieces, self.read_bytes, self.read_lines)

    @property
    def issued_on(self) -> date:
        """The date of issue of bills that state none: one for the file, however long it takes."""
        return hong_kong_date(self.created_at)


def claim(rows: Database, clock: Callable[[], datetime], run_id: str | None = None) -> Turn | None:
    """Take the run whose turn came first, or this one; None where nothing is to be had."""
    with rows.transaction() as db:
        run = db.scalars(run_due(clock(), run_id)).one_or_none()
        if run is None:
            return None
        run.turns += 1
        run.due_at = clock() + LEASE
        return Turn(
            rows=rows,
            clock=clock,
            run_id=run.id,
            number=run.turns,
            state=RunState(run.state),
            department_id=run.department_id,
            file_format=FileFormat(run.format),
            created_at=run.created_at,
            read_bytes=run.read_bytes,
            read_lines=run.read_lines,
        )


def pieces_of(rows: Database, run_id: str) -> Pieces:
    """Give a run's file from any byte on; no transaction stays open between two pieces."""

    def pieces(read_bytes: int) -> Iterator[bytes]:
        number, passed = divmod(read_bytes, PIECE_BYTES)
        while True:
            with rows.transaction(read_only=True) as db:
                piece = db.scalar(piece_of(run_id, number))
            if piece is None:
                return
            yield piece[passed:]
            number, passed = number + 1, 0

    return pieces


def note_problems(run: BillRun, problems: Sequence[Problem]) -> None:
    """Count problems, and keep the first of them in words."""
    if problems:
        run.problem_count += len(problems)
        kept = [*run.problems, *(problem.as_json() for problem in problems)]
        run.problems = kept[:MOST_PROBLEMS_KEPT]


def settle(db: Session, run: BillRun, state: RunState, now: datetime) -> None:
    """End a run; its file is not needed any more."""
    run.state = state
    run.settled_at = now
    db.execute(delete(BillRunChunk).where(BillRunChunk.run_id == run.id))
    db.execute(delete(BillRunMarks).where(BillRunMarks.run_id == run.id))
