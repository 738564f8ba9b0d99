"""Rows: engine, tables' base, and the one commit of a request.

The same models run on SQLite (one machine) and PostgreSQL (more than one).
"""

import logging
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any, ClassVar

from flask import Flask, g, request
from flask.wrappers import Response
from sqlalchemy import DateTime, Engine, MetaData, Table, create_engine, event, literal
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

BUSY_TIMEOUT_SECONDS = 10.0
READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
log = logging.getLogger(__name__)

PERSONAL = {"personal": True}
IMPERSONAL = {"personal": False}
SQLITE_LOOKS_AGAIN_SECONDS = 0.1


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time in UTC; SQLite keeps no zone, so it goes in and comes out as UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The base of every table."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: UtcDateTime}


class Database:
    """One engine and the sessions it hands out."""

    def __init__(self, url: str, *, busy_timeout_seconds: float = BUSY_TIMEOUT_SECONDS) -> None:
        self.engine = make_engine(url, busy_timeout_seconds)

    def session(
        self, *, read_only: bool = False, busy_timeout_seconds: float | None = None
    ) -> Session:
        """Open a session; a writing one takes SQLite's write lock at its first statement.

        It waits `busy_timeout_seconds` for another's lock, where that is given, else as long as
        the database does for everybody.
        """
        engine = self.engine.execution_options(ferry_read_only=read_only)
        if busy_timeout_seconds is not None:
            engine = engine.execution_options(ferry_busy_timeout_seconds=busy_timeout_seconds)
        return Session(engine, expire_on_commit=False)

    @contextmanager
    def transaction(
        self, *, read_only: bool = False, busy_timeout_seconds: float | None = None
    ) -> Iterator[Session]:
        """Give a session that commits at the end of the block, or rolls back on an error."""
        with self.session(
            read_only=read_only, busy_timeout_seconds=busy_timeout_seconds
        ) as session:
            yield session
            session.commit()

    def let_others_write(self) -> None:
        """Pause between two long batches on SQLite, whose lock knows no queue.

        Who waits for it looks again at most 100 ms later (sqlite3.c, sqliteDefaultBusyCallback).
        """
        if self.engine.dialect.name == "sqlite":
            time.sleep(SQLITE_LOOKS_AGAIN_SECONDS)

    def close(self) -> None:
        self.engine.dispose()


def make_engine(url: str, busy_timeout_seconds: float) -> Engine:
    """Make the engine; `postgresql://` means psycopg 3, SQLite gets WAL and full durability.

    A statement waits `busy_timeout_seconds` for another's lock and then gives up. An error's text
    never quotes the values of its statement: they may be a person's.
    """
    if url.startswith("postgresql://"):
        url = url.replace("postgresql://", "postgresql+psycopg://", 1)
    if not url.startswith("sqlite"):
        engine = create_engine(
            url, hide_parameters=True, pool_pre_ping=True, connect_args={"connect_timeout": 5}
        )
        event.listen(engine, "connect", partial(_prepare_postgresql, busy_timeout_seconds))
        event.listen(engine, "begin", _begin_on_postgresql)
        return engine
    engine = create_engine(
        url, hide_parameters=True, connect_args={"timeout": busy_timeout_seconds}
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", partial(_begin_on_sqlite, busy_timeout_seconds))
    return engine


def _prepare_postgresql(busy_timeout_seconds: float, connection: Any, _record: object) -> None:
    connection.execute(f"SET lock_timeout = {round(busy_timeout_seconds * 1000)}")
    connection.commit()


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # pysqlite's own BEGIN comes too late: a read-then-write would lose updates without an error.
    connection.isolation_level = None
    # FULL: a 201 must not leave before the disk has the bill (WAL with NORMAL would allow it).
    for pragma in ("journal_mode=wal", "synchronous=full", "foreign_keys=on"):
        connection.execute(f"pragma {pragma}")


def _begin_on_sqlite(busy_timeout_seconds: float, connection: Connection) -> None:
    options = connection.get_execution_options()
    read_only = options.get("ferry_read_only", False)
    # Said at each beginning, as the connection has served others, and will.
    seconds = options.get("ferry_busy_timeout_seconds", busy_timeout_seconds)
    connection.exec_driver_sql(f"pragma busy_timeout={round(seconds * 1000)}")
    connection.exec_driver_sql(f"pragma query_only={int(read_only)}")
    # A transaction that reads first and writes later ignores the busy timeout: take the lock now.
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _begin_on_postgresql(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get("ferry_read_only", False):
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")
    seconds = options.get("ferry_busy_timeout_seconds")
    if seconds is not None:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {round(seconds * 1000)}")


def insert_unless_there(session: Session, table: type[Base], values: dict[str, Any]) -> bool:
    """Insert a row, or do nothing where a unique constraint holds already; say whether it went in.

    On PostgreSQL this waits for a rival transaction that holds the same key.
    """
    dialect = session.get_bind().dialect.name
    insert: Callable[[Any], Any] = postgresql.insert if dialect == "postgresql" else sqlite.insert
    rows: Table = table.__table__  # type: ignore[assignment]  # declared as FromClause
    statement = insert(rows).values(**values).on_conflict_do_nothing().returning(literal(1))
    return session.connection().execute(statement).first() is not None


def after_commit(session: Session, then: Callable[[], None]) -> None:
    """Call `then` once this session has committed; its failure is logged and changes nothing."""

    def call(_session: Session) -> None:
        try:
            then()
        except Exception:
            log.exception("a deed after the commit failed; the sweep will find the row")

    event.listen(session, "after_commit", call, once=True)


def bind(app: Flask, database: Database) -> None:
    """Give each request of `app` one session, committed once, below 400, else rolled back."""

    @app.before_request
    def lend() -> None:
        g.database = database

    @app.after_request
    def settle(response: Response) -> Response:
        session: Session | None = g.get("session")
        if session is None:
            return response
        if response.status_code < 400:
            session.commit()
        else:
            session.rollback()
        return response

    @app.teardown_request
    def close(_error: BaseException | None) -> None:
        session: Session | None = g.pop("session", None)
        if session is not None:
            session.close()


def session_of_request() -> Session:
    """Return the request's own session, which only reads where the method only reads.

    Routes call this; deeper code is handed it.
    """
    if "session" not in g:
        g.session = g.database.session(read_only=request.method in READING_METHODS)
    session: Session = g.session
    return session


@contextmanager
def glance() -> Iterator[Session]:
    """Give a session that reads, before it is known whether this request may do its deed.

    A writing request gets a short one of its own: its real session takes SQLite's only write lock,
    and nobody may hold that while a stranger's body trickles in.
    """
    if request.method in READING_METHODS:
        yield session_of_request()
        return
    database: Database = g.database
    with database.transaction(read_only=True) as session:
        yield session


# https://www.sqlite.org/rescode.html; the low byte is the primary code.
BUSY_IN_SQLITE = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
    }
)
# https://www.postgresql.org/docs/current/errcodes-appendix.html: connection, rollback, resources,
# operator, system; a lock not had in time, and a standby that only reads.
BUSY_IN_POSTGRESQL = ("08", "40", "53", "57", "58", "55P03", "25006")


def is_busy(error: DBAPIError) -> bool:
    """Say whether the database was only locked, full or away, so that trying again may help."""
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorcode", 0) & 0xFF in BUSY_IN_SQLITE
    state = getattr(cause, "sqlstate", None)
    if state is None:
        return isinstance(error, OperationalError)  # nobody answered who could have named a state
    return error.connection_invalidated or state.startswith(BUSY_IN_POSTGRESQL)
