"""Whatever residents, banks, clocks and crashes do, no bill is paid twice and no cent is lost."""

from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import delete, event
from structlog.testing import capture_logs

from backend.app import TABLES
from backend.core.database import Database
from tests.engines import PostgresqlRoom, SqliteRoom
from tests.payments.conftest import MORNING
from tests.payments.harbour import make_harbour
from tests.payments.machine import PaymentMachine

BRIEF = settings(
    derandomize=True,
    database=None,
    deadline=None,
    stateful_step_count=40,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate,),  # what fails is told as it was: to make it short takes minutes
)


@pytest.mark.slow
def test_money_is_safe_whatever_happens_on_sqlite(
    sqlite_room: SqliteRoom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _run(sqlite_room.copy_to(tmp_path / "ferry.db"), tmp_path, monkeypatch, examples=50)


@pytest.mark.slow
def test_money_is_safe_whatever_happens_on_postgresql(
    postgresql_room: PostgresqlRoom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    try:
        _run(postgresql_room.url, tmp_path, monkeypatch, examples=8)
    finally:
        postgresql_room.empty()


def _run(url: str, folder: Path, monkeypatch: pytest.MonkeyPatch, examples: int) -> None:
    """Let machines run, one after the other, on one database that each finds empty."""
    numbers, database = count(), Database(url)
    event.listen(database.engine, "connect", _hurry)

    def make() -> PaymentMachine:
        with database.transaction() as db:
            for table in reversed(TABLES.sorted_tables):
                db.execute(delete(table))
        bank = folder / f"bank-{next(numbers)}"
        return PaymentMachine(make_harbour(database, bank, monkeypatch.setattr, MORNING))

    try:
        with capture_logs():
            run_state_machine_as_test(make, settings=settings(BRIEF, max_examples=examples))
    finally:
        database.close()


def _hurry(connection: object, _record: object) -> None:
    """Leave the disk out: no power fails here, and each example writes a great deal."""
    if type(connection).__module__.startswith("sqlite3"):
        connection.execute("pragma synchronous=off")  # type: ignore[attr-defined]
