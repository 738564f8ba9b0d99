"""The rows that a push needs, by the hundred thousand, and the databases to put them in."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

from tqdm import tqdm

from backend.accounts import Device, Resident
from backend.bills import Bill
from backend.bills.rules import BillKind, BillState
from backend.core import clock, migrations
from backend.core.bulk import insert_columns, insert_rows
from backend.core.database import Database
from backend.notifications import Batch, MessageKind, Telling, notify_many
from backend.notifications.outbox.models import PushPace
from backend.notifications.outbox.pace import RAMP_SECONDS, THE_ROW
from backend.notifications.preferences.models import PushPreferences
from tests.engines import PostgresqlRoom, running_postgresql

DEPARTMENTS = ("WSD", "RVD", "IRD", "TD", "HAD")
BILLS_EACH = 2  # of one resident; the third push of a day is the last that goes
BATCH = 1000
NEVER_QUIET = "00:00"


@contextmanager
def sqlite_rooms(folder: Path) -> Iterator[Callable[[str], str]]:
    """Give the addresses of migrated SQLite databases by name."""

    def room(name: str) -> str:
        url = f"sqlite:///{folder / name}.db"
        rows = Database(url)
        migrations.upgrade(rows)
        rows.close()
        return url

    yield room


@contextmanager
def postgresql_rooms(folder: Path) -> Iterator[Callable[[str], str]]:
    """Give the addresses of migrated PostgreSQL databases by name, on a server of their own."""
    with running_postgresql(folder) as address:
        yield lambda name: PostgresqlRoom(address, f"ferry_bench_{name}").url


ROOMS = {"sqlite": sqlite_rooms, "postgresql": postgresql_rooms}


def settle_residents(rows: Database, count: int) -> list[str]:
    """Settle invented residents, each with one phone and without quiet hours; return their ids."""
    ids, now = clock.new_ids("res", count), clock.now()
    people = [
        (id_, "demo", id_, f"Invented {n}", "zh-Hant", "plus", now) for n, id_ in enumerate(ids)
    ]
    phones = [
        (device, id_, f"phone-{device}", "android", "token", f"address-{device}", now)
        for device, id_ in zip(clock.new_ids("dev", count), ids, strict=True)
    ]
    chosen = [(id_, NEVER_QUIET, NEVER_QUIET, *[False] * 5, now) for id_ in ids]
    with rows.transaction() as db:
        insert_rows(
            db,
            Resident,
            ("id", "provider", "subject", "name", "language", "level", "created_at"),
            people,
        )
        insert_rows(
            db,
            Device,
            (
                "id",
                "resident_id",
                "installation_id",
                "platform",
                "address_kind",
                "address",
                "registered_at",
            ),
            phones,
        )
        insert_rows(db, PushPreferences, PushPreferences.__table__.columns.keys(), chosen)
    return ids


def tell_all(rows: Database, deliveries: int) -> None:
    """Post so many bills with their messages and pushes, all in one commit, of some departments.

    A worker that is there already begins with all of them at once.
    """
    residents = settle_residents(rows, -(-deliveries // BILLS_EACH))
    recipients = (residents * BILLS_EACH)[:deliveries]
    size = min(BATCH, -(-deliveries // len(DEPARTMENTS)))
    batches = range(0, deliveries, size)
    with rows.transaction() as db:
        for number, first in enumerate(tqdm(batches, "bills", unit_scale=size, leave=False)):
            told = recipients[first : first + size]
            department = DEPARTMENTS[number % len(DEPARTMENTS)]
            bills = _bills(department, told, first)
            insert_columns(db, Bill, bills)
            tellings = [
                Telling(resident, bill, {"amount": "486.30", "due_on": "2099-12-20"})
                for resident, bill in zip(told, bills["id"], strict=True)
            ]
            notify_many(db, tellings, Batch(department, MessageKind.BILL_NEW, clock.now()))


def _bills(department: str, recipients: list[str], first: int) -> dict[str, list[object]]:
    count = len(recipients)
    same = {
        "department_id": department,
        "kind": BillKind.WATER.value,
        "amount_cents": 48630,
        "currency": "HKD",
        "issued_on": date(2026, 11, 1),
        "due_on": date(2099, 12, 20),
        "state": BillState.OPEN.value,
        "version": 1,
        "created_at": clock.now(),
    }
    return {
        "id": list(clock.new_ids("bill", count)),
        "bill_number": [f"B-{first + place:08}" for place in range(count)],
        "resident_id": list(recipients),
        "details": [{}] * count,
        **{name: [value] * count for name, value in same.items()},
    }


def be_past_the_ramp(rows: Database) -> None:
    """Let the outbox be busy for a minute already, so that its full pace holds from the start."""
    now = clock.now()
    with rows.transaction() as db:
        since = now - timedelta(seconds=RAMP_SECONDS)
        db.merge(PushPace(id=THE_ROW, tokens=0.0, counted_at=now, busy_since=since))
