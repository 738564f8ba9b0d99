"""Phones that nobody has used for long are forgotten; those that come back meanwhile are not."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from backend.accounts import Device, forget_old_phones, forgetting, welcome
from backend.accounts.actions import Phone, register_device
from backend.chores import _tidy
from backend.core import clock
from backend.core.database import Database
from backend.core.languages import Language
from backend.gateways.identity_proofing import Person

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
KEPT = timedelta(days=270)


@pytest.fixture
def resident(database: Database) -> str:
    with database.transaction() as db:
        person = Person("somebody", "CANARY NAME", Language.EN, "smart")
        return welcome(db, "demo", person, NOW).id


def register(database: Database, resident: str, name: str, moment: datetime) -> None:
    with database.transaction() as db:
        register_device(db, resident, name, Phone("android", "token", f"at {name}"), moment)


def phones(database: Database) -> list[str]:
    with database.transaction(read_only=True) as db:
        return sorted(db.scalars(select(Device.installation_id)))


def test_a_phone_is_forgotten_once_it_was_not_registered_for_270_days(
    database: Database, resident: str
) -> None:
    register(database, resident, "old", NOW - KEPT - timedelta(seconds=1))
    register(database, resident, "just so", NOW - KEPT)
    register(database, resident, "new", NOW)

    forget_old_phones(database, lambda: NOW)

    assert phones(database) == ["just so", "new"]


def test_a_phone_that_registers_again_is_as_good_as_new(database: Database, resident: str) -> None:
    register(database, resident, "old", NOW - 2 * KEPT)
    register(database, resident, "old", NOW - KEPT + timedelta(days=1))

    forget_old_phones(database, lambda: NOW)

    assert phones(database) == ["old"]


def test_any_number_is_forgotten_a_batch_at_a_time(
    database: Database, resident: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "AT_ONCE", 2)
    for number in range(5):
        register(database, resident, f"old-{number}", NOW - 2 * KEPT)
    register(database, resident, "new", NOW)

    forget_old_phones(database, lambda: NOW)

    assert phones(database) == ["new"]


def test_the_hourly_tidying_forgets_them(database: Database, resident: str) -> None:
    register(database, resident, "old", clock.now())
    register(database, resident, "new", clock.now())
    with database.transaction() as db:
        old = update(Device).where(Device.installation_id == "old")
        db.execute(old.values(registered_at=clock.now() - 2 * KEPT))

    _tidy(database)

    assert phones(database) == ["new"]
