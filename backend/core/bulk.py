"""Rows by the thousand: COPY on PostgreSQL, one prepared statement on SQLite."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import JSON, Column, Table
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from backend.core.database import Base

Values = Sequence[Any]


def insert_rows(
    session: Session, table: type[Base], names: Sequence[str], rows: Sequence[Values]
) -> None:
    """Insert rows, their values in the order of `names`; a column left out is null.

    Defaults of the models are not filled in. DBAPIError as by any other insert.
    """
    if rows:
        insert_columns(session, table, dict(zip(names, zip(*rows, strict=True), strict=True)))


def insert_columns(session: Session, table: type[Base], columns: dict[str, Values]) -> None:
    """Insert rows that are given by their columns, all of one length; otherwise as `insert_rows`."""
    connection = session.connection()
    stored: Table = table.__table__  # type: ignore[assignment]  # declared as FromClause
    taken = [_as_the_driver_takes(connection, stored.c[name], columns[name]) for name in columns]
    lines = list(zip(*taken, strict=True))
    if not lines:
        return
    quote = connection.dialect.identifier_preparer.quote
    names = ", ".join(quote(name) for name in columns)
    if connection.dialect.name == "postgresql":
        _copy(connection, f"copy {stored.name} ({names}) from stdin", lines)
        return
    places = ", ".join("?" * len(columns))
    insert = f"insert into {stored.name} ({names}) values ({places})"  # noqa: S608  # our own names
    connection.exec_driver_sql(insert, lines)


def _as_the_driver_takes(connection: Connection, column: Column[Any], values: Values) -> Values:
    """Return values in the form in which SQLAlchemy would hand them to the driver."""
    if isinstance(column.type, JSON):
        return [json.dumps(value) for value in values]
    process = column.type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
    if process is None:
        return values
    known = {value: process(value) for value in set(values)}
    return [known[value] for value in values]


def _copy(connection: Connection, statement: str, lines: Iterable[tuple[Any, ...]]) -> None:
    driver: Any = connection.connection.driver_connection
    errors = connection.dialect.loaded_dbapi.Error
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for line in lines:
                copy.write_row(line)
    except errors as error:
        raise DBAPIError.instance(  # as SQLAlchemy wraps what comes of its own statements
            statement, None, error, errors, hide_parameters=True, dialect=connection.dialect
        ) from error
