"""Rows by the thousand: COPY on PostgreSQL, one prepared statement on SQLite."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Table
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from backend.core.database import Base


def insert_rows(
    session: Session, table: type[Base], names: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Insert rows, their values in the order of `names`; a column left out is null.

    Defaults of the models are not filled in. DBAPIError as by any other insert.
    """
    if not rows:
        return
    connection = session.connection()
    stored: Table = table.__table__  # type: ignore[assignment]  # declared as FromClause
    quote = connection.dialect.identifier_preparer.quote
    columns = ", ".join(quote(name) for name in names)
    lines = _as_the_driver_takes(connection, [stored.c[name] for name in names], rows)
    if connection.dialect.name == "postgresql":
        _copy(connection, f"copy {stored.name} ({columns}) from stdin", lines)
        return
    places = ", ".join("?" * len(names))
    insert = f"insert into {stored.name} ({columns}) values ({places})"  # noqa: S608  # our own names
    connection.exec_driver_sql(insert, lines)


def _as_the_driver_takes(
    connection: Connection, columns: Sequence[Any], rows: Sequence[Sequence[Any]]
) -> list[tuple[Any, ...]]:
    """Return the rows with each value in the form in which SQLAlchemy would hand it over."""
    turned = []
    for column, values in zip(columns, zip(*rows, strict=True), strict=True):
        dialect = connection.dialect
        process = column.type.dialect_impl(dialect).bind_processor(dialect)
        turned.append([process(value) for value in values] if process else values)
    return list(zip(*turned, strict=True))


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
