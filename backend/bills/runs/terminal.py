"""How bill runs are shown on a terminal: bars, lines, sentences, and a stop by Ctrl-C."""

import json
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

import click
from sqlalchemy.orm import Session
from tqdm import tqdm

from backend.bills.runs.models import BillRun
from backend.bills.runs.rules import RunState
from backend.bills.runs.schemas import BillRunShape
from backend.bills.runs.telling import read_run
from backend.core.database import Database
from backend.core.errors import Refusal
from backend.core.languages import Language

STOPPED_BY_HAND = 130  # as a shell has it: 128 and the number of SIGINT
Given = TypeVar("Given")


def deed(rows: Database, deed: Callable[[Session], Given], *, read_only: bool = False) -> Given:
    """Do something with the rows in a transaction; a refusal is printed and stops the command."""
    with or_say(), rows.transaction(read_only=read_only) as db:
        return deed(db)


@contextmanager
def or_say() -> Iterator[None]:
    """Print a refusal as a sentence, and stop."""
    try:
        yield
    except Refusal as refusal:
        raise click.ClickException(refusal.sentence(Language.EN)) from refusal


@contextmanager
def stopping() -> Iterator[Callable[[], bool]]:
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
def bar() -> Iterator[Callable[[BillRun, int], None]]:
    """Show how far a run's file is read, first in checking and then in posting."""
    with tqdm(unit="B", unit_scale=True, delay=0.5, dynamic_ncols=True) as bar:

        def show(run: BillRun, read_bytes: int) -> None:
            bar.total = run.size_bytes
            bar.set_description(run.state, refresh=False)
            bar.update(read_bytes - bar.n)

        yield show


def line(run: BillRun) -> str:
    """A run in one line."""
    return (
        f"{run.id}  {run.department_id:<5} {run.state:<10} {run.lines} bills, {run.posted} posted, "
        f"{run.already_there} there before, {run.withdrawn} withdrawn, {run.problem_count} problems"
    )


def report(run: BillRun, *, as_json: bool) -> None:
    """Say how a run stands, and leave with an exit code that says it as well."""
    told = read_run(run, Language.EN)
    if as_json:
        click.echo(json.dumps(BillRunShape().dump(told), ensure_ascii=False, indent=2))
    else:
        click.echo(line(run))
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
