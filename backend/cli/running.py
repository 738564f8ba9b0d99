"""Running a Ferry: the web server, the worker, the tables."""

import os
import sys
from pathlib import Path

import click

from backend.app import choose_encoder, choose_gateways, open_till
from backend.chores import make_worker
from backend.core import migrations, telemetry
from backend.core.database import Database
from backend.core.office import settings_or_stop
from backend.core.settings import SettingsWrong


@click.command()
@click.option("--workers", default=1, show_default=True, help="Web processes.")
def serve(workers: int) -> None:
    """Serve the web, under gunicorn, until SIGTERM."""
    settings = settings_or_stop()
    try:
        # each web process does it for itself; here only a fault is told
        choose_encoder(settings)
        choose_gateways(settings)
        open_till(settings)
    except SettingsWrong as error:
        raise click.ClickException(str(error)) from error
    command = [sys.executable, "-m", "gunicorn", "--config", "python:backend.core.serving"]
    command += ["--workers", str(workers), "--bind", f"{settings.host}:{settings.port}"]
    os.execv(sys.executable, [*command, "backend.app:create_from_environment()"])


@click.command()
def work() -> None:
    """Deliver what waits, until SIGTERM; several may run side by side."""
    settings = settings_or_stop()
    telemetry.start_logging()
    try:
        worker = make_worker(settings, Database(settings.database_url))
    except (ValueError, OSError) as error:  # a log line would name the kind of error alone
        raise click.ClickException(str(error)) from error
    worker.work()


@click.command()
@click.option("--back-to", metavar="REVISION", help="Go back to a revision; `base` is empty.")
@click.option("--new", "message", metavar="WORDS", help="Write a migration from the models.")
def migrate(back_to: str | None, message: str | None) -> None:
    """Bring the tables to this version of Ferry."""
    settings = settings_or_stop()
    if settings.database_url.startswith("sqlite:///"):
        _make_private(Path(settings.database_url.removeprefix("sqlite:///")))
    database = Database(settings.database_url)
    if message:
        migrations.make_revision(database, message)
    elif back_to:
        _step_back(database, back_to)
    else:
        migrations.upgrade(database)
    click.echo("The tables are ready.", err=True)


def _step_back(database: Database, revision: str) -> None:
    try:
        migrations.downgrade(database, revision)
    except migrations.RowsWouldBeLost as lost:
        raise click.ClickException(
            f"Going back would lose rows that nobody can bring back: {lost}. Nothing was changed; "
            "if this is a trial, start with an empty database."
        ) from lost


def _make_private(path: Path) -> None:
    """Make SQLite's file for its owner alone; what SQLite puts beside it is made alike."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
