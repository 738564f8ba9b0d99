"""Stones to stumble over: a write that the database refuses, in the middle of a deed."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text

from backend.core.database import Database


@contextmanager
def stumbling(
    database: Database, table: str, deed: str = "insert", where: str = "1 = 1", state: str = "23514"
) -> Iterator[None]:
    """Refuse each insert into (or `update` of) a table; `state` is what PostgreSQL calls the error."""
    if database.engine.dialect.name == "sqlite":
        refuse = "select raise(abort, 'a stone')"
        lay = [f"create trigger stone before {deed} on {table} when {where} begin {refuse}; end"]
        lift = ["drop trigger stone"]
    else:
        refuse = f"raise exception 'a stone' using errcode = '{state}'"
        made = (
            f"create function stone() returns trigger language plpgsql as $$ begin {refuse}; end $$"
        )
        laid = f"create trigger stone before {deed} on {table} for each row when ({where})"
        lay = [made, f"{laid} execute function stone()"]
        lift = [f"drop trigger stone on {table}", "drop function stone()"]
    _execute(database, lay)
    try:
        yield
    finally:
        _execute(database, lift)


def _execute(database: Database, statements: list[str]) -> None:
    with database.transaction() as db:
        for statement in statements:
            db.execute(text(statement))
