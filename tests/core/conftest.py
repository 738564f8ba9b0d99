"""What the tests of the core share: a small application, tokens for it, and what it logs."""

import io
import json
import logging
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog
from flask.testing import FlaskClient

from backend.accounts import actions
from backend.core import clock, telemetry
from backend.core.database import Database
from backend.gateways.identity_proofing import DemoIdentityProvider
from tests.core.small import make_small_app
from tests.engines import PostgresqlRoom, SqliteRoom
from tests.logs import log_plainly


@pytest.fixture
def small(database: Database) -> FlaskClient:
    """A client of the small application, on both engines."""
    return make_small_app(database).test_client()


@pytest.fixture
def sqlite_file(sqlite_room: SqliteRoom, tmp_path: Path) -> Path:
    """A migrated SQLite file, for what is the same on both engines or SQLite's own."""
    path = tmp_path / "alone.db"
    sqlite_room.copy_to(path)
    return path


@pytest.fixture
def sqlite_alone(sqlite_file: Path) -> Iterator[Database]:
    """A database on SQLite alone, impatient with locks."""
    database = Database(f"sqlite:///{sqlite_file}", busy_timeout_seconds=0.05)
    yield database
    database.close()


@pytest.fixture
def postgresql_alone(postgresql_room: PostgresqlRoom) -> Iterator[Database]:
    """A database on PostgreSQL alone, impatient with locks."""
    database = Database(postgresql_room.url, busy_timeout_seconds=0.1)
    yield database
    database.close()
    postgresql_room.empty()


@pytest.fixture
def plain(sqlite_alone: Database) -> FlaskClient:
    """A client of the small application on SQLite alone."""
    return make_small_app(sqlite_alone).test_client()


def token_of(database: Database, subject: str = "chan-sau-ying") -> dict[str, str]:
    """Sign a demo person in; return the header that says so."""
    with database.transaction() as db:
        signed_in = actions.sign_in(
            db, {"demo": DemoIdentityProvider()}, "demo", subject, now=clock.now(), minutes=10
        )
    return {"Authorization": f"Bearer {signed_in.access_token}"}


@dataclass
class Logged:
    """What went to the log so far."""

    stream: io.StringIO

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture
def logged() -> Iterator[Logged]:
    """Start logging as a server does, into memory; put everything back afterwards."""
    root, stream = logging.getLogger(), io.StringIO()
    handlers, level, hooks = root.handlers[:], root.level, (sys.excepthook, threading.excepthook)
    telemetry.start_logging(stream)
    yield Logged(stream)
    root.handlers[:] = handlers
    root.setLevel(level)
    sys.excepthook, threading.excepthook = hooks
    structlog.reset_defaults()
    log_plainly()
