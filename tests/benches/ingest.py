"""Times `ferry bills ingest` beside the bare bulk insert of the very same rows, on both engines."""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
from sqlalchemy import insert, select

from backend.accounts import Device, Resident
from backend.bills import Bill
from backend.core import clock, migrations
from backend.core.bulk import insert_rows
from backend.core.database import Database
from backend.notifications.models import Message
from backend.notifications.outbox.models import Delivery
from tests.engines import PostgresqlRoom, running_postgresql

BILLS = 100_000
FULL_BILLS = 1_000_000
RESIDENTS = 20_000
BATCH = 1000
DEPARTMENT = "WSD"
MEGABYTE = 1024 * 1024
LOOK_SECONDS = 0.02


@dataclass(frozen=True)
class Measured:
    """What was measured on one engine; a row is a bill with its message and pushes."""

    engine: str
    bills: int
    rows_per_second: float
    bare_rows_per_second: float
    ratio: float
    peak_mb: float


def settle(rows: Database, residents: int = RESIDENTS) -> list[str]:
    """Settle invented residents, every third with a phone; return their ids."""
    ids, now = clock.new_ids("res", residents), clock.now()
    people = [(id_, "demo", id_, f"Invented {n}", "en", "plus", now) for n, id_ in enumerate(ids)]
    phones = [
        (device, id_, f"phone-{device}", "ios", "token", f"address-{device}", now)
        for device, id_ in zip(clock.new_ids("dev", residents), ids, strict=True)
    ][::3]
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
    return ids


def write_file(path: Path, resident_ids: list[str], bills: int) -> None:
    """Write an invented file: half of its bills named by resident, half by account alone."""
    dice, total = random.Random(4), 0
    with path.open("w", newline="\r\n") as file:
        file.write("bill_number,kind,amount_cents,issued_on,due_on,resident_id,account_number,")
        file.write("payer_name,premises,period_from,period_to\n")
        for number in range(bills):
            cents = dice.randrange(5_000, 200_000)
            total += cents
            resident_id = dice.choice(resident_ids) if number % 2 else ""
            file.write(
                f"W-{number:08},water,{cents},2026-11-01,2099-12-20,{resident_id},"
                f"{10_000_000 + number},CHAN TAI MAN,"
                f'"Flat {number % 40}, {number % 30}/F, 12 Invented Street",'
                "2026-07-01,2026-10-31\n"
            )
        file.write(f"#total,{bills},{total}\n")


def ingest(url: str, path: Path, folder: Path) -> tuple[float, float]:
    """Run the command as a process of its own; return its seconds and its peak in megabytes."""
    environment = {
        **os.environ,
        "FERRY_STAGE": "demo",
        "FERRY_DATA_DIR": str(folder),
        "FERRY_DATABASE_URL": url,
    }
    words = ["bills", "ingest", str(path), "--department", DEPARTMENT, "--json"]
    began = time.monotonic()
    child = subprocess.Popen(
        [str(Path(sys.executable).with_name("ferry")), *words],
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    # ru_maxrss would begin with the memory of this process, from which the child was forked.
    peak_kb = 0
    while child.poll() is None:
        peak_kb = max(peak_kb, _peak_kb(child.pid))
        time.sleep(LOOK_SECONDS)
    seconds = time.monotonic() - began
    if child.returncode:
        raise click.ClickException(f"ferry bills ingest ended with {child.returncode}")
    return seconds, peak_kb * 1024 / MEGABYTE


def _peak_kb(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)


def copy_bare(source: Database, target: Database) -> tuple[int, float]:
    """Insert the rows of `source` into `target` as they are, batch by batch.

    Returns how many bills, and the seconds that the inserts and their commits took.
    """
    seconds, bills, last_id = 0.0, 0, ""
    while True:
        batch = _rows_after(source, last_id)
        if not batch[0]:
            return bills, seconds
        began = time.monotonic()
        with target.transaction() as db:
            for table, dicts in zip((Bill, Message, Delivery), batch, strict=True):
                if dicts:
                    db.connection().execute(insert(table.__table__), dicts)
        seconds += time.monotonic() - began
        bills, last_id = bills + len(batch[0]), batch[0][-1]["id"]


def _rows_after(source: Database, last_id: str) -> tuple[list[Any], list[Any], list[Any]]:
    """The next batch of bills, with their messages and deliveries, as ready dicts."""
    with source.transaction(read_only=True) as db:

        def dicts(table: Any, statement: Any) -> list[dict[str, Any]]:
            return [dict(row) for row in db.execute(statement).mappings()]

        bills = Bill.__table__
        page = select(bills).where(bills.c.id > last_id).order_by(bills.c.id).limit(BATCH)
        batch = dicts(bills, page)
        messages = Message.__table__
        about = messages.c.about_id.in_([bill["id"] for bill in batch])
        told = dicts(messages, select(messages).where(about))
        deliveries = Delivery.__table__
        of_them = deliveries.c.message_id.in_([message["id"] for message in told])
        return batch, told, dicts(deliveries, select(deliveries).where(of_them))


@contextmanager
def sqlite_rooms(folder: Path) -> Iterator[Callable[[str], Database]]:
    """Give migrated SQLite databases by name."""

    def room(name: str) -> Database:
        rows = Database(f"sqlite:///{folder / name}.db")
        migrations.upgrade(rows)
        return rows

    yield room


@contextmanager
def postgresql_rooms(folder: Path) -> Iterator[Callable[[str], Database]]:
    """Give migrated PostgreSQL databases by name, on a server of their own."""
    with running_postgresql(folder) as address:
        yield lambda name: Database(PostgresqlRoom(address, f"ferry_bench_{name}").url)


ROOMS = {"sqlite": sqlite_rooms, "postgresql": postgresql_rooms}


def measure(engine: str, bills: int) -> Measured:
    """Measure one engine: the command on one fresh database, the bare insert on another."""
    with tempfile.TemporaryDirectory() as named:
        folder = Path(named)
        with ROOMS[engine](folder) as room:
            ours, bare = room("ours"), room("bare")
            ids = settle(ours)
            with ours.transaction(read_only=True) as db, bare.transaction() as other:
                for table in (Resident.__table__, Device.__table__):
                    copied = [dict(row) for row in db.execute(select(table)).mappings()]
                    other.connection().execute(insert(table), copied)
            write_file(folder / "bills.csv", ids, bills)
            url = ours.engine.url.render_as_string(hide_password=False)
            seconds, peak_mb = ingest(url.replace("+psycopg", ""), folder / "bills.csv", folder)
            copied_bills, bare_seconds = copy_bare(ours, bare)
            ours.close()
            bare.close()
    if copied_bills != bills:
        raise click.ClickException(f"{copied_bills} of {bills} bills were posted")
    return Measured(
        engine=engine,
        bills=bills,
        rows_per_second=round(bills / seconds),
        bare_rows_per_second=round(bills / bare_seconds),
        ratio=round(bare_seconds / seconds, 2),
        peak_mb=round(peak_mb),
    )


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option("--full", is_flag=True, help="A million on PostgreSQL as well.")
@click.option("--bills", default=BILLS, show_default=True, help="How many on each engine.")
@click.option("--engine", "engines", multiple=True, type=click.Choice(list(ROOMS)))
def main(as_json: bool, full: bool, bills: int, engines: tuple[str, ...]) -> None:
    """Time the command beside the bare insert."""
    asked = [(engine, engine, bills) for engine in engines or ROOMS]
    if full:
        asked.append(("postgresql_full", "postgresql", FULL_BILLS))
    measured = {name: measure(engine, count) for name, engine, count in asked}
    if as_json:
        click.echo(json.dumps({name: asdict(each) for name, each in measured.items()}, indent=2))
        return
    for name, each in measured.items():
        click.echo(
            f"{name:<16} {each.bills} bills  {each.rows_per_second:.0f} a second, bare "
            f"{each.bare_rows_per_second:.0f}, ratio {each.ratio}, peak {each.peak_mb:.0f} MB"
        )


if __name__ == "__main__":
    main()
