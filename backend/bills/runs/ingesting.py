"""A file on this machine is stored as a bill run, checked and posted by this very process."""

import time
from collections.abc import Callable
from pathlib import Path

import click

from backend.bills.runs import actions
from backend.bills.runs.checking import check
from backend.bills.runs.models import BillRun
from backend.bills.runs.posting import post
from backend.bills.runs.receiving import receive
from backend.bills.runs.rules import MOST_BYTES, PIECE_BYTES, WORKED_ON, FileFormat, RunState
from backend.bills.runs.terminal import deed, or_say
from backend.bills.runs.turn import Turn, claim
from backend.core import clock
from backend.core.database import Database

LOOK_SECONDS = 0.2
ENDINGS = {".csv": FileFormat.CSV, ".ndjson": FileFormat.NDJSON, ".jsonl": FileFormat.NDJSON}
Ring = Callable[[], None]
Show = Callable[[BillRun, int], None]
IsStopping = Callable[[], bool]


def file_named(named: str) -> Path:
    """Return the file to read; one that is missing or too large stops the command."""
    if named == "-":
        raise click.ClickException("Name a file: it is looked at before anything is stored.")
    path = Path(named)
    try:
        size = path.stat().st_size
        path.open("rb").close()
    except OSError as error:
        raise click.ClickException(f"{named} cannot be read: {error.strerror}.") from error
    if not path.is_file():
        raise click.ClickException(f"{named} is no ordinary file.")
    if size > MOST_BYTES:
        raise click.ClickException(f"{named} is larger than {MOST_BYTES} bytes. Split it.")
    return path


def started(
    rows: Database,
    department_id: str,
    path: Path,
    ring: Ring,
    *,
    started_by: str | None,
    push_over_minutes: int,
) -> BillRun:
    """Store the file as a run, or find the run of these very bytes; a paused one goes on."""
    with path.open("rb") as file, or_say():
        pieces = iter(lambda: file.read(PIECE_BYTES), b"")
        file_format = _format(path)
        run, _ = receive(
            rows,
            department_id,
            file_format,
            pieces,
            clock=clock.now,
            ring=ring,
            started_by=started_by,
            push_over_minutes=push_over_minutes,
        )
    if run.state == RunState.PAUSED:
        return deed(rows, lambda db: actions.resume_run(db, None, run.id, clock.now(), ring))
    return run


def carried_on(
    rows: Database, run: BillRun, ring: Ring, show: Show, is_stopping: IsStopping
) -> BillRun:
    """Do the run's work in this process, or watch a worker that has it; return where it stands."""
    run_id = run.id
    while run.state in WORKED_ON and not is_stopping():
        turn = claim(rows, clock.now, run_id)
        if turn is None:
            time.sleep(LOOK_SECONDS)
        else:
            _work(turn, run, ring, show, is_stopping)
            turn.end()
        run = deed(rows, lambda db: actions.get_run(db, None, run_id), read_only=True)
        show(run, run.read_bytes)
    return run


def _work(
    turn: Turn,
    run: BillRun,
    ring: Ring,
    show: Show,
    is_stopping: IsStopping,
) -> None:
    """Check, or post, until the file ends, the turn is over, or a hand stops it."""
    if turn.state not in WORKED_ON:
        return  # cancelled at this moment: the rest is a worker's
    steps = check(turn) if turn.state is RunState.CHECKING else post(turn, ring)
    for read_bytes in steps:
        show(run, read_bytes)
        if is_stopping():
            break


def _format(path: Path) -> FileFormat:
    """Tell by the name, else by the first character: a line of JSON begins with a brace."""
    known = ENDINGS.get(path.suffix.lower())
    if known is not None:
        return known
    with path.open("rb") as file:
        begins = file.read(100).removeprefix(b"\xef\xbb\xbf").lstrip()
    return FileFormat.NDJSON if begins.startswith(b"{") else FileFormat.CSV
