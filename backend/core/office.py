"""What the commands of operators share: settings, rows and bell; whatever is wrong is a sentence."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from backend.core.database import Database
from backend.core.errors import NotFound, Refusal
from backend.core.jobs import Bell, make_huey
from backend.core.languages import Language
from backend.core.settings import Settings, SettingsWrong, read_settings


def settings_or_stop() -> Settings:
    """Return the settings; print all that is missing, a sentence a line, and stop."""
    try:
        return read_settings()
    except SettingsWrong as error:
        raise click.ClickException(str(error)) from error


@contextmanager
def rows_or_stop() -> Iterator[Database]:
    """Give the database of the settings, and close it; a refusal is a sentence, and stops."""
    with office() as (rows, _):
        yield rows


@contextmanager
def office() -> Iterator[tuple[Database, Callable[[], None]]]:
    """Give the database of the settings, and the bell that wakes the workers."""
    settings = settings_or_stop()
    rows = Database(settings.database_url)
    try:
        yield rows, lambda: Bell(make_huey(settings.jobs_url, settings.data_dir)).ring()
    except NotFound as missing:
        raise click.ClickException("There is nothing of this id.") from missing
    except Refusal as refusal:
        raise click.ClickException(refusal.sentence(Language.EN)) from refusal
    finally:
        rows.close()
