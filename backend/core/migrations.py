"""The tables' history, forward and backward, on either engine."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from backend.core.database import Database
from backend.core.settings import CHECKOUT

FOLDER: Path = CHECKOUT / "migrations"
LOCK_TIMEOUT = "1s"  # a migration steps back rather than hold up everybody behind a slow reader


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the tables forward to `revision`."""
    _run(database, command.upgrade, revision)


def downgrade(database: Database, revision: str = "base") -> None:
    """Bring the tables back to `revision`."""
    _run(database, command.downgrade, revision)


def check(database: Database) -> None:
    """Raise alembic's CommandError where the models and the tables differ."""
    _run(database, command.check)


def is_current(database: Database) -> bool:
    """Say whether the tables are those of the newest migration."""
    with database.engine.execution_options(ferry_read_only=True).connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == _newest()


def make_revision(database: Database, message: str) -> None:
    """Write a new migration from what the models have and the tables lack."""
    _run(database, command.revision, message=message, autogenerate=True)


@cache
def _newest() -> str | None:
    """Return the newest migration; the files are read once, and not at every probe."""
    return ScriptDirectory(str(FOLDER)).get_current_head()


def _run(database: Database, deed: object, *args: object, **kwargs: object) -> None:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    with database.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
            connection.commit()
        config.attributes["connection"] = connection
        assert callable(deed)
        deed(config, *args, **kwargs)
        connection.commit()
