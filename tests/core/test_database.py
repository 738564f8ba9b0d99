"""One commit per request, honest answers when the database will not, and rows that say their kind."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import psycopg
import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, select
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, StatementError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.test import TestResponse

from backend.accounts import Resident
from backend.app import TABLES
from backend.core import clock
from backend.core.database import (
    Database,
    after_commit,
    insert_unless_there,
    is_busy,
)
from tests.core.conftest import Logged, token_of
from tests.core.problems import assert_problem
from tests.core.small import count_residents, make_small_app
from tests.engines import PostgresqlRoom


def test_every_column_says_whether_it_is_personal() -> None:
    silent = [
        f"{table.name}.{column.name}"
        for table in TABLES.sorted_tables
        for column in table.columns
        if not isinstance(column.info.get("personal"), bool)
    ]

    assert TABLES.sorted_tables
    assert silent == []


@pytest.mark.parametrize("status", [200, 201, 204, 302, 399])
def test_a_reply_below_400_commits(small: FlaskClient, database: Database, status: int) -> None:
    small.post(f"/open/rows/kept/{status}")

    assert count_residents(database, "kept") == 1


@pytest.mark.parametrize("status", [400, 404, 409, 422, 500, 503])
def test_a_reply_of_400_or_more_rolls_back(
    small: FlaskClient, database: Database, status: int
) -> None:
    small.post(f"/open/rows/gone/{status}")

    assert count_residents(database, "gone") == 0


def test_a_crash_rolls_back(small: FlaskClient, database: Database) -> None:
    reply = small.post("/open/rows/gone/crash")

    assert_problem(reply, 500, "internal_server_error")
    assert count_residents(database, "gone") == 0


def test_a_reading_request_cannot_write(small: FlaskClient, database: Database) -> None:
    reply = small.get("/open/rows/sly")

    assert reply.status_code >= 500
    assert count_residents(database, "sly") == 0


def test_a_connection_that_read_can_write_again(small: FlaskClient, database: Database) -> None:
    for number in range(3):
        small.get("/open/count")
        assert small.post(f"/open/rows/turn-{number}/201").status_code == 201

    assert small.get("/open/count").json == {"residents": 3}


def test_a_rule_of_the_tables_is_a_conflict(small: FlaskClient, database: Database) -> None:
    small.post("/open/rows/same/201")

    reply = small.post("/open/rows/same/201")

    assert_problem(reply, 409, "changed_meanwhile")
    assert count_residents(database, "same") == 1


def fail_at_commit(database: Database, error: Exception) -> None:
    def fail(_connection: object) -> None:
        raise error

    event.listen(database.engine, "commit", fail)


def test_a_failing_commit_is_never_told_as_a_success(
    small: FlaskClient, database: Database
) -> None:
    fail_at_commit(database, RuntimeError("canary"))

    reply = small.post("/open/rows/lost/201")

    assert_problem(reply, 500, "internal_server_error")
    assert "Location" not in reply.headers


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (StaleDataError("canary"), 409, "changed_meanwhile"),
        (IntegrityError("canary", None, Exception("canary")), 409, "changed_meanwhile"),
        (PoolExhausted("canary"), 503, "database_busy"),
        (OperationalError("canary", None, Exception("canary")), 503, "database_busy"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_a_commit_that_fails_is_named_as_what_it_is(
    plain: FlaskClient, sqlite_alone: Database, error: Exception, status: int, code: str
) -> None:
    fail_at_commit(sqlite_alone, error)

    reply = plain.post("/open/rows/lost/201")

    assert_problem(reply, status, code)


def assert_busy(reply: TestResponse) -> None:
    assert_problem(reply, 503, "database_busy")
    assert reply.headers["Retry-After"] == "5"


def test_a_locked_file_is_told_as_busy_and_reading_goes_on(
    plain: FlaskClient, sqlite_alone: Database, sqlite_file: Path
) -> None:
    with closing(sqlite3.connect(sqlite_file, isolation_level=None)) as rival:
        rival.execute("begin immediate")

        assert_busy(plain.post("/open/rows/late/201"))
        assert plain.get("/open/count").status_code == 200

        rival.execute("rollback")
    assert plain.post("/open/rows/late/201").status_code == 201
    assert count_residents(sqlite_alone, "late") == 1


@pytest.mark.slow
def test_a_locked_table_is_told_as_busy_and_reading_goes_on(postgresql_alone: Database) -> None:
    client = make_small_app(postgresql_alone).test_client()
    with postgresql_alone.transaction() as rival:
        rival.connection().exec_driver_sql("lock table residents in exclusive mode")

        assert_busy(client.post("/open/rows/late/201"))
        assert client.get("/open/count").status_code == 200

    assert client.post("/open/rows/late/201").status_code == 201


def test_a_full_disk_is_told_as_busy_and_reading_goes_on(
    sqlite_alone: Database, sqlite_file: Path
) -> None:
    def no_more_pages(connection: sqlite3.Connection, _record: object) -> None:
        pages = connection.execute("pragma page_count").fetchone()[0]
        connection.execute(f"pragma max_page_count = {pages + 8}")

    event.listen(sqlite_alone.engine, "connect", no_more_pages)
    client = make_small_app(sqlite_alone).test_client()

    replies = [client.post(f"/open/rows/{'x' * 1000}-{number}/201") for number in range(60)]

    assert {reply.status_code for reply in replies} == {201, 503}
    assert_busy(replies[-1])
    kept = [reply for reply in replies if reply.status_code == 201]
    assert client.get("/open/count").json == {"residents": len(kept)}
    with closing(sqlite3.connect(sqlite_file)) as connection:
        assert connection.execute("pragma integrity_check").fetchone() == ("ok",)


def test_a_read_only_file_is_told_as_busy_and_reading_goes_on(sqlite_file: Path) -> None:
    database = Database(f"sqlite:///file:{sqlite_file}?mode=ro&uri=true")
    client = make_small_app(database).test_client()

    assert_busy(client.post("/open/rows/late/201"))
    assert client.get("/open/count").status_code == 200
    database.close()


def test_a_file_that_is_not_there_is_told_as_busy(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'nowhere' / 'ferry.db'}")

    assert_busy(make_small_app(database).test_client().get("/open/count"))


def test_a_refusing_postgresql_is_told_as_busy() -> None:
    database = Database("postgresql://nobody@127.0.0.1:1/ferry")
    client = make_small_app(database).test_client()

    assert_busy(client.post("/open/rows/late/201"))
    assert_busy(client.get("/open/count"))
    assert_busy(client.get("/mine/id", headers={"Authorization": "Bearer frt_x"}))


@pytest.mark.slow
def test_a_connection_that_postgresql_ended_is_replaced(
    postgresql_alone: Database, postgresql_room: PostgresqlRoom
) -> None:
    client = make_small_app(postgresql_alone).test_client()
    client.post("/open/rows/before/201")
    with psycopg.connect(postgresql_room.url) as other:
        ended = other.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid()"
        ).fetchall()

    reply = client.post("/open/rows/after/201")

    assert ended
    assert reply.status_code == 201


def test_a_missing_table_is_our_own_mistake(tmp_path: Path, logged: Logged) -> None:
    database = Database(f"sqlite:///{tmp_path / 'empty.db'}")

    reply = make_small_app(database).test_client().get("/open/count")

    assert_problem(reply, 500, "internal_server_error")
    assert "no such table" not in logged.text
    database.close()


def test_an_error_never_quotes_the_values_of_its_statement(sqlite_alone: Database) -> None:
    with pytest.raises(DBAPIError) as caught, sqlite_alone.transaction() as db:
        insert_unless_there(db, Resident, resident_row("canary") | {"name": None})

    assert "NOT NULL" in str(caught.value)
    assert "canary" not in str(caught.value)
    assert not is_busy(caught.value)


def test_a_time_without_a_zone_is_not_stored(database: Database) -> None:
    with pytest.raises(StatementError), database.transaction() as db:
        db.execute(select(Resident).where(Resident.created_at < datetime(2026, 1, 1)))  # noqa: DTZ001


def test_a_time_comes_back_aware_in_utc(database: Database) -> None:
    noon = datetime(2026, 11, 20, 12, tzinfo=timezone(timedelta(hours=8)))
    with database.transaction() as db:
        db.add(Resident(provider="test", subject="s", name="n", language="en", level="smart",
                        created_at=noon))  # fmt: skip

    with database.transaction(read_only=True) as db:
        found = db.scalars(select(Resident.created_at)).one()

    assert (found, found.tzinfo) == (noon, UTC)


def test_a_transaction_rolls_back_on_an_error(database: Database) -> None:
    def fail(db: Session) -> None:
        insert_unless_there(db, Resident, resident_row("gone"))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), database.transaction() as db:
        fail(db)

    assert count_residents(database, "gone") == 0


def resident_row(subject: str) -> dict[str, object]:
    return {
        "id": clock.new_id("res"),
        "provider": "test",
        "subject": subject,
        "name": "n",
        "language": "en",
        "level": "smart",
        "created_at": clock.now(),
    }


def test_a_row_goes_in_once(database: Database) -> None:
    with database.transaction() as db:
        assert insert_unless_there(db, Resident, resident_row("once"))
        assert not insert_unless_there(db, Resident, resident_row("once"))

    assert count_residents(database, "once") == 1


def test_what_waits_for_the_commit_is_done_after_it_once(database: Database) -> None:
    heard: list[str] = []
    with database.session() as session:
        insert_unless_there(session, Resident, resident_row("a"))
        after_commit(session, lambda: heard.append("committed"))
        assert heard == []
        session.commit()
        insert_unless_there(session, Resident, resident_row("b"))
        session.commit()

    assert heard == ["committed"]


def test_what_waits_for_the_commit_is_not_done_after_a_rollback(database: Database) -> None:
    heard: list[str] = []
    with database.session() as session:
        insert_unless_there(session, Resident, resident_row("a"))
        after_commit(session, lambda: heard.append("committed"))
        session.rollback()

    assert heard == []


def test_a_deed_after_the_commit_may_fail_and_changes_nothing(
    database: Database, logged: Logged
) -> None:
    def fail() -> None:
        raise RuntimeError("canary")

    with database.transaction() as db:
        insert_unless_there(db, Resident, resident_row("kept"))
        after_commit(db, fail)

    assert count_residents(database, "kept") == 1
    assert logged.lines[-1]["error"] == "RuntimeError"
    assert "canary" not in logged.text


def test_a_201_on_sqlite_waits_for_the_disk(sqlite_alone: Database) -> None:
    with sqlite_alone.engine.connect() as connection:
        read = [
            connection.exec_driver_sql(f"pragma {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]

    assert read == ["wal", 2, 1]


def test_reading_transactions_stand_side_by_side_on_sqlite(sqlite_alone: Database) -> None:
    headers = token_of(sqlite_alone)
    client = make_small_app(sqlite_alone).test_client()
    with sqlite_alone.transaction(read_only=True) as db:
        db.scalars(select(Resident)).all()

        assert client.get("/mine/id", headers=headers).status_code == 200
        assert client.post("/open/rows/beside/201").status_code == 201
