"""`ferry runs`: follow the pushes of bill runs, let a large one go as its second person, stop one."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from sqlalchemy.orm import Session
from tqdm import tqdm

from backend.core import clock
from backend.core.database import Database
from backend.core.office import office, rows_or_stop
from backend.notifications.runs import actions
from backend.notifications.runs.models import PushRun
from backend.notifications.runs.rules import MOST_BY_ONE, PushRunState, operator_named

SHOWN = 20
LOOK_SECONDS = 0.5
RUN = click.argument("run_id", metavar="RUN")


@click.group()
def runs() -> None:
    """The pushes of bill runs."""


@runs.command("list")
@click.option("--department", "department_id", help="Of one department alone.")
def list_runs(department_id: str | None) -> None:
    """List the last push runs, the newest first."""
    with rows_or_stop() as rows, rows.transaction(read_only=True) as db:
        listed = actions.list_push_runs(db, department_id, SHOWN)
    for run in listed:
        click.echo(line(run))


@runs.command()
@RUN
def show(run_id: str) -> None:
    """Show how RUN stands, and by whom."""
    with rows_or_stop() as rows:
        run = _look(rows, run_id)
    click.echo(line(run))
    click.echo(f"{run.bills} bills, started by {run.started_by} at {_moment(run.created_at)}")
    if run.approved_by and run.approved_at:
        click.echo(f"let go by {run.approved_by} at {_moment(run.approved_at)}")
    click.echo(f"from {_moment(run.starts_at)} on, over {run.over_minutes} minutes")
    if not run.is_whole:
        click.echo("its bills are not all posted yet")
    if run.settled_at:
        click.echo(f"settled at {_moment(run.settled_at)}")


@runs.command()
@RUN
def watch(run_id: str) -> None:
    """Watch RUN until it is settled, or stands still until somebody acts."""
    with rows_or_stop() as rows, _bar() as show_on_bar:
        run = _look(rows, run_id)
        show_on_bar(run)
        while not _stands_still(run):
            time.sleep(LOOK_SECONDS)
            run = _look(rows, run_id)
            show_on_bar(run)
    click.echo(line(run))


@runs.command()
@RUN
@click.option("--by", required=True, metavar="NAME", help="Your name, in plain letters.")
def approve(run_id: str, by: str) -> None:
    """Let the pushes of RUN go, which somebody else started, for more than 10,000 bills."""

    def deed(db: Session, ring: Callable[[], None]) -> PushRun:
        name = operator_named(by)
        return actions.approve_pushes(db, None, run_id, name, now=clock.now(), ring=ring)

    run = _done(deed)
    if run.approved_by is None:
        click.echo(f"Nobody needs to approve it: it is of {MOST_BY_ONE} bills at most.", err=True)
    elif run.state == PushRunState.HELD:
        click.echo(f"Its pushes go from {_moment(run.starts_at)} on.", err=True)


@runs.command()
@RUN
def pause(run_id: str) -> None:
    """Let the pushes of RUN rest, within ten seconds."""
    _done(lambda db, _ring: actions.pause_pushes(db, None, run_id))


@runs.command()
@RUN
def resume(run_id: str) -> None:
    """Let the pushes of RUN go on."""
    now = clock.now()
    _done(lambda db, ring: actions.resume_pushes(db, None, run_id, now=now, ring=ring))


@runs.command()
@RUN
def cancel(run_id: str) -> None:
    """Stop the pushes of RUN for good, within ten seconds. Its bills and messages stay."""
    _done(lambda db, ring: actions.cancel_pushes(db, None, run_id, ring))


def line(run: PushRun) -> str:
    """A run in one line."""
    return (
        f"{run.id}  {run.department_id:<5} {_standing(run):<9} {run.planned} planned, "
        f"{run.sent} sent, {run.failed} failed, {run.dropped} dropped, {run.waiting} waiting"
    )


def _standing(run: PushRun) -> str:
    return "approved" if run.state == PushRunState.HELD and run.approved_by else run.state


def _done(deed: Callable[[Session, Callable[[], None]], PushRun]) -> PushRun:
    """Do something to a run, and show it."""
    with office() as (rows, ring), rows.transaction() as db:
        run = deed(db, ring)
    click.echo(line(run))
    return run


def _look(rows: Database, run_id: str) -> PushRun:
    with rows.transaction(read_only=True) as db:
        return actions.get_push_run(db, None, run_id)


def _stands_still(run: PushRun) -> bool:
    is_at_rest = run.state == PushRunState.PAUSED or run.needs_approval
    return run.settled_at is not None or is_at_rest


def _moment(moment: object) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


@contextmanager
def _bar() -> Iterator[Callable[[PushRun], None]]:
    """Show how many pushes are settled, of those that are planned, and how many a second."""
    with tqdm(unit=" pushes", dynamic_ncols=True, smoothing=0.1) as bar:

        def show(run: PushRun) -> None:
            bar.total = run.planned
            bar.set_description(_standing(run), refresh=False)
            bar.set_postfix(sent=run.sent, failed=run.failed, dropped=run.dropped, refresh=False)
            bar.update(run.planned - run.waiting - bar.n)
            bar.refresh()

        yield show
