"""Measures what the simulation of scale takes from a machine: a claim's time, and a row's bytes."""

import tempfile
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

from sqlalchemy import func, select, text, update

from backend.bills import Bill, owed_among, remind
from backend.core import clock
from backend.core.database import Database
from backend.gateways.push import Outcome, Result
from backend.notifications import Message, MessageKind
from backend.notifications.outbox.claiming import House, claim
from backend.notifications.outbox.recording import record
from backend.notifications.rules import Condition
from tests.benches.push_ground import be_past_the_ramp, postgresql_rooms, tell_all

PUSHES = 20_000
LEASE = timedelta(seconds=60)
NO_LIMIT = 1e9  # a second
TABLES = ("bills", "messages", "deliveries")


@dataclass(frozen=True)
class Found:
    """A claim holds the one row of the pace for `claim_seconds`; bytes count a row's indexes."""

    pushes_per_claim: int
    claim_seconds: float
    record_seconds: float
    row_writes_per_push: float
    reminders_per_second: float
    bytes_per_row: dict[str, int]


def measure(pushes: int = PUSHES) -> Found:
    """Claim and record pushes by one worker that sends nothing, on a PostgreSQL of its own."""
    with (
        tempfile.TemporaryDirectory(prefix="ferry-scale-") as named,
        postgresql_rooms(Path(named)) as room,
    ):
        rows = Database(room("scale"))
        tell_all(rows, pushes)
        sizes, before = _sizes(rows), _writes(rows)
        claims, records, counts = _work_off(rows)
        written = _writes(rows) - before
        reminders = _remind_all(rows)
        rows.close()
    return Found(
        pushes_per_claim=round(median(counts)),
        claim_seconds=round(median(claims), 3),
        record_seconds=round(median(records), 3),
        row_writes_per_push=round(written / sum(counts), 2),
        reminders_per_second=round(reminders),
        bytes_per_row=sizes,
    )


def _work_off(rows: Database) -> tuple[list[float], list[float], list[int]]:
    claims, records, counts = [], [], []
    house = House(holds={Condition.BILL_IS_OWED: owed_among}, per_second=NO_LIMIT)
    while True:
        be_past_the_ramp(rows)
        begun = perf_counter()
        parcels = claim(rows, clock.now(), LEASE, house, 1.0).parcels
        claimed = perf_counter()
        if not parcels:
            return claims, records, counts
        record(rows, [(each, Result(Outcome.SENT)) for each in parcels], clock.now())
        claims.append(claimed - begun)
        records.append(perf_counter() - claimed)
        counts.append(len(parcels))


def _remind_all(rows: Database) -> float:
    """Let every bill be due today, and everybody be reminded of it; return how many a second."""
    noon = datetime.combine(clock.hong_kong_date(clock.now()), time(12), clock.HONG_KONG)
    with rows.transaction() as db:
        db.execute(update(Bill).values(due_on=noon.date()))
        db.execute(text("update push_preferences set reminds_on_day = true"))
    with rows.engine.connect() as connection:
        connection.execute(text("analyze"))
    begun = perf_counter()
    while (due_at := remind(rows, lambda: noon, lambda: None)) and due_at <= noon:
        pass
    seconds = perf_counter() - begun
    with rows.transaction(read_only=True) as db:
        told = select(func.count()).where(Message.kind == MessageKind.BILL_DUE_TODAY)
        return db.scalars(told).one() / seconds


def _sizes(rows: Database) -> dict[str, int]:
    """Return the bytes of a row of each table, its share of the indexes with it."""
    with rows.engine.connect() as connection:
        connection.execute(text("analyze"))
        return {
            table: round(
                connection.scalar(
                    text(f"select pg_total_relation_size('{table}')::float / count(*) from {table}")
                )
            )
            for table in TABLES
        }


def _writes(rows: Database) -> int:
    """Return how many rows were inserted, updated or deleted, as PostgreSQL counts them."""
    with rows.engine.connect() as connection:
        connection.execute(text("select pg_stat_force_next_flush()"))
        connection.commit()  # only then are they counted
        counted = text("select sum(n_tup_ins + n_tup_upd + n_tup_del) from pg_stat_user_tables")
        return int(connection.scalar(counted) or 0)
