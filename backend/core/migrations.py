"""The tables' history, forward and backward, on either engine."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from alembic import command, op
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from backend.core.database import Database
from backend.core.settings import CHECKOUT

FOLDER: Path = CHECKOUT / "migrations"
LOCK_TIMEOUT = "1s"  # a migration steps back rather than hold up everybody behind a slow reader


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the tables forward to `revision`."""
    run(database, command.upgrade, revision)


def downgrade(database: Database, revision: str = "base") -> None:
    """Bring the tables back to `revision`; all of it or, where RowsWouldBeLost, nothing."""
    run(database, command.downgrade, revision)


class RowsWouldBeLost(Exception):
    """A step back would lose what nobody can bring back; its text names the rows."""


def keep_rows(*queries: str) -> None:
    """Raise RowsWouldBeLost where one of these finds a row; a migration asks before a step back."""
    connection = op.get_bind()
    for query in queries:
        if connection.execute(text(f"select 1 from {query} limit 1")).first():  # noqa: S608
            raise RowsWouldBeLost(query)


def check(database: Database) -> None:
    """Raise alembic's CommandError where the models and the tables differ."""
    run(database, command.check)


def is_current(database: Database) -> bool:
    """Say whether the tables are those of the newest migration."""
    with database.engine.execution_options(ferry_read_only=True).connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == _newest()


def make_revision(database: Database, message: str) -> None:
    """Write a new migration from what the models have and the tables lack."""
    run(database, command.revision, message=message, autogenerate=True)


@cache
def _newest() -> str | None:
    """Return the newest migration; the files are read once, and not at every probe."""
    return ScriptDirectory(str(FOLDER)).get_current_head()


def run(database: Database, deed: Callable[..., object], *args: object, **kwargs: object) -> None:
    """Let alembic do a deed on a connection that is ready for it; one commit at the end."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    with database.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
            connection.commit()
        config.attributes["connection"] = connection
        # Forward, each step commits and frees its locks; back, it is all the way or not at all.
        config.attributes["forward"] = deed is not command.downgrade
        with _tables_replaceable(connection):
            deed(config, *args, **kwargs)
            _ensure_sound(connection)
            connection.commit()


@contextmanager
def _tables_replaceable(connection: Connection) -> Iterator[None]:
    """Let SQLite replace a table that others point to: Alembic copies it, drops it, renames.

    The switch is deaf inside a transaction, so it is thrown on the bare connection before one.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    bare = connection.connection.driver_connection
    assert bare is not None
    bare.execute("pragma foreign_keys=off")
    try:
        yield
    finally:
        connection.rollback()
        bare.execute("pragma foreign_keys=on")


def _ensure_sound(connection: Connection) -> None:
    """Raise where a migration left a row that points at nothing."""
    if connection.dialect.name != "sqlite":
        return
    dangling = connection.exec_driver_sql("pragma foreign_key_check").first()
    if dangling is not None:
        raise RuntimeError(f"after the migration, a row of {dangling[0]} points at nothing")
