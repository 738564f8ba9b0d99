"""Rows by the thousand: COPY on PostgreSQL, one prepared statement on SQLite."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import JSON, Boolean, Column, ColumnElement, Table, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.types import String, TypeDecorator

from backend.core.database import Base

Values = Sequence[Any]


class _Texts(TypeDecorator[Any]):
    """Many texts as one parameter: an array, or JSON where there are none."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Any) -> Any:
        is_array = dialect.name == "postgresql"
        return dialect.type_descriptor(ARRAY(String) if is_array else String())

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        return value if dialect.name == "postgresql" else json.dumps(value)


class is_among(ColumnElement[bool]):  # noqa: N801  # reads as the question that it is
    """Whether a text column holds one of many values, which go to the database as one parameter.

    `column.in_(values)` has a parameter for each, and takes its time over a thousand of them.
    """

    inherit_cache = False
    type = Boolean()

    def __init__(self, column: InstrumentedAttribute[Any], values: Iterable[Any]) -> None:
        self.column = column.__clause_element__()
        self.values = bindparam(None, list(values), type_=_Texts(), unique=True)

    def self_group(self, against: Any = None) -> "is_among":
        """Stay as it is: SQLite looks up no index for what is compared with a one."""
        return self


@compiles(is_among)
def _in_json(element: Any, compiler: Any, **more: Any) -> str:
    column, values = (compiler.process(each, **more) for each in (element.column, element.values))
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608  # no text of others


@compiles(is_among, "postgresql")
def _in_array(element: Any, compiler: Any, **more: Any) -> str:
    column, values = (compiler.process(each, **more) for each in (element.column, element.values))
    return f"{column} = ANY ({values})"


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
