"""Rows by the thousand, on both engines: the same rows as one by one."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from backend.accounts import Resident
from backend.core.bulk import insert_rows, is_among
from backend.core.clock import new_ids
from backend.core.database import Database
from backend.notifications.models import Message

NOW = datetime(2026, 11, 23, 9, 30, 15, 123456, tzinfo=UTC)
PEOPLE = ("id", "provider", "subject", "name", "language", "level", "created_at")
ODD = "a\tb\\N\n“陳”, {x} 'y' \"z\" \\."


def person(resident_id: str, name: str = ODD) -> tuple[object, ...]:
    return (resident_id, "demo", resident_id, name, "en", "plus", NOW)


def test_rows_come_back_as_they_went_in(database: Database) -> None:
    first, second = new_ids("res", 2)
    facts = {"amount": "1.00", "text": ODD}
    names = ("id", "resident_id", "department_id", "kind", "about_id", "edition", "facts")

    with database.transaction() as db:
        insert_rows(db, Resident, PEOPLE, [person(first), person(second)])
        row = ("msg_1", first, "WSD", "bill_new", "bill_1", 1, facts, NOW)
        insert_rows(db, Message, (*names, "created_at"), [row])
        insert_rows(db, Message, (*names, "created_at"), [])

    with database.transaction(read_only=True) as db:
        assert set(db.scalars(select(Resident.name))) == {ODD}
        message = db.scalars(select(Message)).one()
        assert (message.facts, message.created_at) == (facts, NOW)


def test_a_row_that_is_there_already_undoes_them_all(database: Database) -> None:
    first, second = new_ids("res", 2)
    with database.transaction() as db:
        insert_rows(db, Resident, PEOPLE, [person(first)])

    with pytest.raises(IntegrityError), database.transaction() as db:
        insert_rows(db, Resident, PEOPLE, [person(second), person(first)])

    with database.transaction(read_only=True) as db:
        assert db.scalars(select(Resident.id)).all() == [first]


@pytest.mark.parametrize("asked", [[], ["x"], [ODD, "%s", "]", "', '"]])
def test_one_among_many_is_found_and_no_other(database: Database, asked: list[str]) -> None:
    names = [*asked, "another"]
    ids = new_ids("res", len(names))
    with database.transaction() as db:
        insert_rows(db, Resident, PEOPLE, list(map(person, ids, names)))

    with database.transaction(read_only=True) as db:
        found = db.scalars(select(Resident.name).where(is_among(Resident.name, asked))).all()

    assert sorted(found) == sorted(asked)


def test_many_are_looked_up_by_the_index(database: Database) -> None:
    if database.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL plans by the number of rows")
    with database.transaction(read_only=True) as db:
        asked = select(Resident.id).where(is_among(Resident.id, ["x"]))
        compiled = str(asked.compile(database.engine))
        plan = db.connection().exec_driver_sql(f"explain query plan {compiled}", ("[]",)).all()

    assert any("SEARCH residents" in step[3] for step in plan)
