"""`ferry bills`: post a whole file of bills from the command line, follow bill runs, stop them."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import click

from backend.bills import bounds
from backend.bills.runs import actions, terminal
from backend.bills.runs.actions import is_settled
from backend.bills.runs.ingesting import LOOK_SECONDS, carried_on, file_named, started
from backend.bills.runs.models import BillRun
from backend.bills.runs.rules import WORKED_ON, RunState
from backend.bills.runs.working import NO_REASON
from backend.core import clock
from backend.core.office import office
from backend.departments import ensure_department
from backend.notifications import MOST_HOURS, operator_named, push_run_with

SHOWN = 20
HELD = (
    "The pushes of {run_id} are held. A second client of the department lets them go, or a second "
    "operator where you gave your name: ferry runs approve {run_id} --by NAME"
)


@click.group()
def bills() -> None:
    """Whole files of bills."""


@bills.command()
@click.argument("file", metavar="FILE")
@click.option("--department", "department_id", required=True, help="Whose bills, such as WSD.")
@click.option("--by", metavar="NAME", help="Your name, in plain letters.")
@click.option(
    "--push-over-hours",
    type=click.IntRange(0, MOST_HOURS),
    default=0,
    help="Spread the pushes over so many hours.",
)
@click.option("--json", "as_json", is_flag=True, help="A summary as one JSON object.")
@click.pass_obj
def ingest(
    known_services: Callable[[], Mapping[str, str]],
    *,
    file: str,
    department_id: str,
    by: str | None,
    push_over_hours: int,
    as_json: bool,
) -> None:
    """Post all bills of FILE, CSV or JSON lines, or none where one of its lines is wrong.

    Ctrl-C stops after the batch in hand. The same command again goes on from there. Pushes for more
    than 10,000 bills wait until a second person lets them go: `ferry runs approve`.
    """
    path = file_named(file)
    ensure_department(department_id, known_services().values())
    with office() as (rows, ring), terminal.stopping() as is_stopping, terminal.bar() as show:
        run = started(
            rows,
            department_id,
            path,
            ring,
            started_by=None if by is None else operator_named(by),
            push_over_minutes=push_over_hours * 60,
        )
        run = carried_on(rows, run, ring, show, is_stopping)
        if is_stopping() and run.state in WORKED_ON:
            run = terminal.deed(rows, lambda db: actions.pause_run(db, None, run.id))
        pushes = terminal.deed(
            rows, lambda db: db.scalars(push_run_with(run.id)).one_or_none(), read_only=True
        )
    if pushes is not None and pushes.needs_approval:
        click.echo(HELD.format(run_id=run.id), err=True)
    terminal.report(run, as_json=as_json)


@bills.command()
@click.option("--department", "department_id", help="Of one department alone.")
def runs(department_id: str | None) -> None:
    """List the last bill runs, the newest first."""
    with office() as (rows, _), rows.transaction(read_only=True) as db:
        page = actions.list_runs(db, department_id, None, SHOWN)
    for run in page.items:
        click.echo(terminal.line(run))


@bills.command("run")
@click.argument("run_id", metavar="RUN")
def watch(run_id: str) -> None:
    """Watch RUN until it rests or is settled."""
    with office() as (rows, _), terminal.stopping() as is_stopping, terminal.bar() as show:
        while True:
            run = terminal.deed(rows, lambda db: actions.get_run(db, None, run_id), read_only=True)
            show(run, run.read_bytes)
            if is_stopping() or run.state == RunState.PAUSED or is_settled(run):
                break
            time.sleep(LOOK_SECONDS)
    terminal.report(run, as_json=False)


@bills.command()
@click.argument("run_id", metavar="RUN")
def pause(run_id: str) -> None:
    """Let RUN rest after the batch in hand."""
    with office() as (rows, _):
        run = terminal.deed(rows, lambda db: actions.pause_run(db, None, run_id))
    click.echo(terminal.line(run))


@bills.command()
@click.argument("run_id", metavar="RUN")
def resume(run_id: str) -> None:
    """Let RUN go on; a worker does it."""
    with office() as (rows, ring):
        now = clock.now()
        run = terminal.deed(rows, lambda db: actions.resume_run(db, None, run_id, now, ring))
    click.echo(terminal.line(run))


@bills.command()
@click.argument("run_id", metavar="RUN")
@click.option("--withdraw-posted", is_flag=True, help="Take back what it posted as well.")
@click.option("--reason", default=NO_REASON, help="Why; the residents read it.")
def cancel(run_id: str, withdraw_posted: bool, reason: str) -> None:
    """Stop RUN for good. Its bills stay, unless they are to be withdrawn; a worker does that."""
    if len(reason) > bounds.LONGEST["reason"] or not bounds.is_text(reason):
        longest = bounds.LONGEST["reason"]
        raise click.ClickException(f"Give the reason in one line of up to {longest} characters.")
    withdrawal = reason if withdraw_posted else None
    with office() as (rows, ring):

        def deed(db: Any) -> BillRun:
            return actions.cancel_run(db, None, run_id, withdrawal, now=clock.now(), ring=ring)

        run = terminal.deed(rows, deed)
    click.echo(terminal.line(run))
