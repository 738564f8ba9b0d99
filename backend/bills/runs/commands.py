"""`ferry bills`: post a whole file of bills from the command line, follow bill runs, stop them."""

import json
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

import click
from tqdm import tqdm

from backend.bills.runs import actions
from backend.bills.runs.actions import is_settled
from backend.bills.runs.checking import check
from backend.bills.runs.models import BillRun
from backend.bills.runs.posting import post
from backend.bills.runs.receiving import receive
from backend.bills.runs.rules import MOST_BYTES, PIECE_BYTES, WORKED_ON, FileFormat, RunState
from backend.bills.runs.schemas import BillRunShape
from backend.bills.runs.telling import read_run
from backend.bills.runs.turn import Turn, claim
from backend.bills.runs.working import NO_REASON
from backend.core import clock
from backend.core.database import Database
from backend.core.errors import Refusal
from backend.core.jobs import Bell, make_huey
from backend.core.languages import Language
from backend.core.settings import Settings, SettingsWrong, read_settings

LOOK_SECONDS = 0.2
STOPPED_BY_HAND = 130  # as a shell has it: 128 and the number of SIGINT
SHOWN = 20
ENDINGS = {".csv": FileFormat.CSV, ".ndjson": FileFormat.NDJSON, ".jsonl": FileFormat.NDJSON}
Given = TypeVar("Given")
IsStopping = Callable[[], bool]


@click.group()
def bills() -> None:
    """Whole files of bills."""


@bills.command()
@click.argument("file", metavar="FILE")
@click.option("--department", "department_id", required=True, help="Whose bills, such as WSD.")
@click.option("--json", "as_json", is_flag=True, help="A summary as one JSON object.")
@click.pass_obj
def ingest(
    known_services: Callable[[], Mapping[str, str]], file: str, department_id: str, as_json: bool
) -> None:
    """Post all bills of FILE, CSV or JSON lines, or none where one of its lines is wrong.

    Ctrl-C stops after the batch in hand. The same command again goes on from there.
    """
    path = _file(file)
    if department_id not in set(known_services().values()):
        raise click.ClickException(f"The catalogue has no department {department_id}.")
    settings, rows = _opened()
    ring = Bell(make_huey(settings.jobs_url, settings.data_dir)).ring
    with _stopping() as is_stopping:
        run = _started(rows, department_id, path, ring)
        run = _carried_on(rows, run, ring, is_stopping)
        if is_stopping() and run.state in WORKED_ON:
            run = _deed(rows, lambda db: actions.pause_run(db, None, run.id))
    rows.close()
    _report(run, as_json=as_json)


@bills.command()
@click.option("--department", "department_id", help="Of one department alone.")
def runs(department_id: str | None) -> None:
    """List the last bill runs, the newest first."""
    _, rows = _opened()
    with rows.transaction(read_only=True) as db:
        page = actions.list_runs(db, department_id, None, SHOWN)
    for run in page.items:
        click.echo(_line(run))


@bills.command("run")
@click.argument("run_id", metavar="RUN")
def watch(run_id: str) -> None:
    """Watch RUN until it rests or is settled."""
    _, rows = _opened()
    with _stopping() as is_stopping, _bar() as show:
        while not is_stopping():
            run = _deed(rows, lambda db: actions.get_run(db, None, run_id), read_only=True)
            show(run, run.read_bytes)
            if run.state == RunState.PAUSED or is_settled(run):
                break
            time.sleep(LOOK_SECONDS)
    _report(run, as_json=False)


@bills.command()
@click.argument("run_id", metavar="RUN")
def pause(run_id: str) -> None:
    """Let RUN rest after the batch in hand."""
    _, rows = _opened()
    click.echo(_line(_deed(rows, lambda db: actions.pause_run(db, None, run_id))))


@bills.command()
@click.argument("run_id", metavar="RUN")
def resume(run_id: str) -> None:
    """Let RUN go on; a worker does it."""
    settings, rows = _opened()
    ring = Bell(make_huey(settings.jobs_url, settings.data_dir)).ring
    run = _deed(rows, lambda db: actions.resume_run(db, None, run_id, clock.now(), ring))
    click.echo(_line(run))


@bills.command()
@click.argument("run_id", metavar="RUN")
@click.option("--withdraw-posted", is_flag=True, help="Take back what it posted as well.")
@click.option("--reason", default=NO_REASON, help="Why; the residents read it.")
def cancel(run_id: str, withdraw_posted: bool, reason: str) -> None:
    """Stop RUN for good. Its bills stay, unless they are to be withdrawn; a worker does that."""
    settings, rows = _opened()
    ring = Bell(make_huey(settings.jobs_url, settings.data_dir)).ring
    withdrawal = reason if withdraw_posted else None

    def deed(db: Any) -> BillRun:
        return actions.cancel_run(db, None, run_id, withdrawal, now=clock.now(), ring=ring)

    click.echo(_line(_deed(rows, deed)))


def _opened() -> tuple[Settings, Database]:
    try:
        settings = read_settings()
    except SettingsWrong as error:
        raise click.ClickException(str(error)) from error
    return settings, Database(settings.database_url)


def _file(named: str) -> Path:
    if named == "-":
        raise click.ClickException("Name a file: it is looked at before anything is stored.")
    path = Path(named)
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        raise click.ClickException(f"{named} cannot be read: {error.strerror}.") from error
    if size > MOST_BYTES:
        raise click.ClickException(f"{named} is larger than {MOST_BYTES} bytes. Split it.")
    return path


def _format(path: Path) -> FileFormat:
    """Tell by the name, else by the first character: a line of JSON begins with a brace."""
    known = ENDINGS.get(path.suffix.lower())
    if known is not None:
        return known
    with path.open("rb") as file:
        begins = file.read(100).removeprefix(b"\xef\xbb\xbf").lstrip()
    return FileFormat.NDJSON if begins.startswith(b"{") else FileFormat.CSV


def _started(rows: Database, department_id: str, path: Path, ring: Callable[[], None]) -> BillRun:
    """Store the file as a run, or find the run of these very bytes; a paused one goes on."""
    with path.open("rb") as file, _or_say():
        pieces = iter(lambda: file.read(PIECE_BYTES), b"")
        file_format = _format(path)
        run, _ = receive(rows, department_id, file_format, pieces, clock=clock.now, ring=ring)
    if run.state == RunState.PAUSED:
        return _deed(rows, lambda db: actions.resume_run(db, None, run.id, clock.now(), ring))
    return run


def _carried_on(
    rows: Database, run: BillRun, ring: Callable[[], None], is_stopping: IsStopping
) -> BillRun:
    """Do the run's work in this process, or watch a worker that has it; return where it stands."""
    run_id = run.id
    with _bar() as show:
        while run.state in WORKED_ON and not is_stopping():
            turn = claim(rows, clock.now, run_id)
            if turn is None or turn.state not in WORKED_ON:
                time.sleep(LOOK_SECONDS)
            else:
                _work(turn, run, ring, show, is_stopping)
            run = _deed(rows, lambda db: actions.get_run(db, None, run_id), read_only=True)
            show(run, run.read_bytes)
    return run


def _work(
    turn: Turn,
    run: BillRun,
    ring: Callable[[], None],
    show: Callable[[BillRun, int], None],
    is_stopping: IsStopping,
) -> None:
    """Check, or post, until the file ends, the turn is over, or a hand stops it."""
    steps = check(turn) if turn.state is RunState.CHECKING else post(turn, ring)
    for read_bytes in steps:
        show(run, read_bytes)
        if is_stopping():
            break
    turn.end()


def _deed(rows: Database, deed: Callable[[Any], Given], *, read_only: bool = False) -> Given:
    with _or_say(), rows.transaction(read_only=read_only) as db:
        return deed(db)


@contextmanager
def _or_say() -> Iterator[None]:
    """Print a refusal as a sentence, and stop."""
    try:
        yield
    except Refusal as refusal:
        raise click.ClickException(refusal.sentence(Language.EN)) from refusal


@contextmanager
def _stopping() -> Iterator[IsStopping]:
    """Ask to stop by Ctrl-C; a second one ends the command at once."""
    asked: list[int] = []

    def ask(number: int, _frame: FrameType | None) -> None:
        asked.append(number)
        signal.signal(number, signal.default_int_handler)
        click.echo("\nStopping after the batch in hand …", err=True)

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield lambda: bool(asked)
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _bar() -> Iterator[Callable[[BillRun, int], None]]:
    """Show how far a run's file is read, first in checking and then in posting."""
    with tqdm(unit="B", unit_scale=True, delay=0.5, dynamic_ncols=True) as bar:

        def show(run: BillRun, read_bytes: int) -> None:
            bar.total = run.size_bytes
            bar.set_description(run.state, refresh=False)
            bar.update(read_bytes - bar.n)

        yield show


def _line(run: BillRun) -> str:
    return (
        f"{run.id}  {run.department_id:<5} {run.state:<10} {run.lines} bills, {run.posted} posted, "
        f"{run.already_there} there before, {run.withdrawn} withdrawn, {run.problem_count} problems"
    )


def _report(run: BillRun, *, as_json: bool) -> None:
    """Say how a run stands, and leave with an exit code that says it as well."""
    told = read_run(run, Language.EN)
    if as_json:
        click.echo(json.dumps(BillRunShape().dump(told), ensure_ascii=False, indent=2))
    else:
        click.echo(_line(run))
    for problem in told["problems"]:
        column = f", {problem['column']}" if problem["column"] else ""
        click.echo(f"line {problem['line']}{column}: {problem['detail']}", err=True)
    if run.problem_count > len(told["problems"]):
        click.echo(f"… and {run.problem_count - len(told['problems'])} more.", err=True)
    if run.state == RunState.REFUSED:
        raise click.ClickException("Nothing was posted. Mend the file, and send it again.")
    if run.state == RunState.PAUSED:
        click.echo(
            "Paused. The same command again goes on, or: ferry bills resume " + run.id, err=True
        )
        raise SystemExit(STOPPED_BY_HAND)
    if run.state != RunState.DONE:
        raise SystemExit(1)
