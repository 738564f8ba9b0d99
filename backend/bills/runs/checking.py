"""Checks a whole file before the first of its bills is posted, a batch at a time."""

from collections.abc import Iterator

from sqlalchemy.orm import Session

from backend.bills.runs.marks import find_doubles, marks_for
from backend.bills.runs.models import BillRun, BillRunMarks, marks_of
from backend.bills.runs.problems import Problem
from backend.bills.runs.reading import Batch, Trailer
from backend.bills.runs.rules import CHECKED_A_BATCH, MOST_BILLS, RunState
from backend.bills.runs.sheets import Sheet
from backend.bills.runs.stated import are_known, are_new, sheet_of, sort_out, state
from backend.bills.runs.turn import Turn, note_problems, settle


def check(turn: Turn) -> Iterator[int]:
    """Check the next batches of a run, and yield after each how many bytes of it are read.

    Ends with the file or with the turn.
    """
    reader = turn.reader()
    is_last = False
    while not is_last:
        batch = reader.batch(CHECKED_A_BATCH)
        is_last = _check_batch(turn, batch)
        yield batch.read_bytes


def _check_batch(turn: Turn, batch: Batch) -> bool:
    """Check one batch; say whether nothing more is to be checked in this turn."""
    sheet = sheet_of(batch, turn.issued_on)
    with turn.batch() as held:
        if held is None:
            return True
        db, run = held
        noted, cents, problems = _look_at(db, turn, batch, sheet)
        if noted:
            data = marks_for(noted)
            db.add(BillRunMarks(run_id=run.id, after=run.checked, data=data))
        run.checked += batch.lines
        run.total_cents += cents
        run.read_bytes, run.read_lines = batch.read_bytes, batch.read_lines
        is_too_long = run.checked > MOST_BILLS
        if is_too_long:
            values = {"most": MOST_BILLS}
            problems.append(Problem(batch.read_lines, "too_many_bills", values=values))
        note_problems(run, sorted(problems, key=lambda problem: problem.line))
        if batch.is_last or is_too_long:
            _conclude(db, run, batch, turn)
            return True
    return False


def _look_at(
    db: Session, turn: Turn, batch: Batch, sheet: Sheet | None
) -> tuple[list[tuple[int, str]], int, list[Problem]]:
    """Return the lines and numbers of a batch's bills, the sum of their cents, what is wrong."""
    if sheet is not None and are_known(db, sheet) and are_new(db, turn.department_id, sheet):
        lines = [row.line for row in batch.rows]
        return list(zip(lines, sheet.bill_numbers, strict=True)), sum(sheet.amounts), []
    stated, problems = state(batch, turn.issued_on)
    problems += sort_out(db, turn.department_id, stated).problems
    noted = [(line, facts.bill_number) for line, facts in stated]
    return noted, sum(facts.amount_cents for _, facts in stated), problems


def _conclude(db: Session, run: BillRun, batch: Batch, turn: Turn) -> None:
    """Hold the whole file against its trailer; it goes on to be posted, or is refused whole."""
    db.flush()
    note_problems(run, find_doubles(db.scalars(marks_of(run.id)).all()))
    is_cut = any(problem.is_fatal for problem in batch.problems) or run.checked > MOST_BILLS
    if batch.trailer is None and not is_cut:
        note_problems(run, [Problem(max(1, batch.read_lines), "trailer_missing")])
    if batch.trailer is not None and not run.problem_count:
        note_problems(run, _against_trailer(run, batch.trailer))
    if run.problem_count:
        settle(db, run, RunState.REFUSED, turn.clock())
        return
    run.lines, run.read_bytes, run.read_lines = run.checked, 0, 0
    run.state = RunState.POSTING


def _against_trailer(run: BillRun, trailer: Trailer) -> list[Problem]:
    if not run.checked and not trailer.count:
        return [Problem(trailer.line, "no_bills")]
    for code, stated, found in (
        ("trailer_count", trailer.count, run.checked),
        ("trailer_total", trailer.total_cents, run.total_cents),
    ):
        if stated != found:
            return [Problem(trailer.line, code, values={"stated": stated, "found": found})]
    return []
