"""Files of bills as departments write them, and a worker that goes through them."""

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import event, func, select

from backend.accounts import Device, Resident
from backend.bills import Bill
from backend.bills.runs.models import BillRun, BillRunChunk, BillRunMarks
from backend.bills.runs.receiving import receive
from backend.bills.runs.rules import PIECE_BYTES, FileFormat
from backend.bills.runs.working import work_on_runs
from backend.core.clock import new_id
from backend.core.database import Database
from backend.core.settings import CHECKOUT
from backend.notifications.models import Message
from backend.notifications.outbox.models import Delivery

HEADER = "bill_number,kind,amount_cents,due_on,account_number"
NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)


def csv_file(
    lines: Iterable[str], count: int, cents: int, header: str = HEADER, end: str = "\n"
) -> bytes:
    """Put a header before and a trailer behind the lines."""
    return (end.join([header, *lines, f"#total,{count},{cents}"]) + end).encode()


def many(count: int, first: int = 0, resident_id: str = "", cents: int = 100) -> bytes:
    """A sound file of `count` bills, all of one resident where one is named."""
    header = f"{HEADER},resident_id"
    lines = [
        f"W-{n},water,{cents},2099-12-20,{10000 + n},{resident_id}"
        for n in range(first, first + count)
    ]
    return csv_file(lines, count, count * cents, header)


def ndjson_file(bills: Sequence[Any], count: int | None = None) -> bytes:
    """Bills as lines of JSON, and the trailer that fits them."""
    cents = sum(each["amount_cents"] for each in bills)
    trailer = {"trailer": {"count": len(bills) if count is None else count, "total_cents": cents}}
    return "".join(json.dumps(each) + "\n" for each in [*bills, trailer]).encode()


def in_pieces(content: bytes) -> Iterator[bytes]:
    return (content[at : at + PIECE_BYTES] for at in range(0, len(content), PIECE_BYTES))


@dataclass
class Office:
    """A department's files, and workers with a clock of their own."""

    rows: Database
    now: datetime = NOON
    rings: int = 0
    being_paid: set[str] = field(default_factory=set)

    def clock(self) -> datetime:
        return self.now

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    def ring(self) -> None:
        self.rings += 1

    def resident(self, phones: int = 0) -> str:
        """Settle a resident with some phones; return their id."""
        with self.rows.transaction() as db:
            resident = Resident(
                provider="demo",
                subject=new_id("who"),
                name="CANARY",
                language="en",
                level="plus",
                created_at=self.now,
            )
            db.add(resident)
            db.flush()
            for _ in range(phones):
                address = new_id("adr")
                db.add(
                    Device(
                        resident_id=resident.id,
                        installation_id=address,
                        platform="ios",
                        address_kind="token",
                        address=address,
                        registered_at=self.now,
                    )
                )
            return resident.id

    def send(self, content: bytes, kind: FileFormat = FileFormat.CSV, of: str = "WSD") -> str:
        """Send a file; return its run's id."""
        pieces = in_pieces(content)
        run, _ = receive(self.rows, of, kind, pieces, clock=self.clock, ring=self.ring)
        return run.id

    def work(self) -> datetime | None:
        """Let a worker have one turn."""
        return work_on_runs(
            self.rows, self.clock, self.ring, lambda _db, bill_id: bill_id in self.being_paid
        )

    def work_off(self) -> None:
        """Let a worker do all that is due at this moment."""
        while (due_at := self.work()) is not None and due_at <= self.now:
            pass

    def run(self, run_id: str) -> BillRun:
        with self.rows.transaction(read_only=True) as db:
            return db.scalars(select(BillRun).where(BillRun.id == run_id)).one()

    def runs(self) -> list[BillRun]:
        with self.rows.transaction(read_only=True) as db:
            return list(db.scalars(select(BillRun).order_by(BillRun.id)))

    def handle(self, content: bytes, kind: FileFormat = FileFormat.CSV) -> BillRun:
        """Send a file and let a worker do all of it."""
        run_id = self.send(content, kind)
        self.work_off()
        return self.run(run_id)

    def bills(self) -> list[Bill]:
        with self.rows.transaction(read_only=True) as db:
            return list(db.scalars(select(Bill).order_by(Bill.bill_number)))

    def count(self, table: type) -> int:
        with self.rows.transaction(read_only=True) as db:
            return db.scalars(select(func.count()).select_from(table)).one()

    def told(self) -> tuple[int, int]:
        """How many messages and pushes there are."""
        return self.count(Message), self.count(Delivery)

    def left_over(self) -> int:
        """How many pieces and notes of files are still kept."""
        return self.count(BillRunChunk) + self.count(BillRunMarks)


class Death(BaseException):
    """The process ends here."""


@contextmanager
def dying_at(office: Office, statement: int) -> Iterator[None]:
    """Let the process die before it sends its so-manieth statement."""
    sent = 0

    def count(*_: Any) -> None:
        nonlocal sent
        sent += 1
        if sent == statement:
            raise Death

    event.listen(office.rows.engine, "before_cursor_execute", count)
    try:
        yield
    finally:
        event.remove(office.rows.engine, "before_cursor_execute", count)


def start_worker(url: str, ahead: int) -> subprocess.Popen[bytes]:
    """Start a worker whose clock is ahead, and wait until it is at work."""
    words = [sys.executable, "-m", "tests.bills.runs.worker", url, str(ahead)]
    worker = subprocess.Popen(
        words, cwd=CHECKOUT, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    assert worker.stderr is not None
    assert worker.stderr.readline() == b"at work\n" or worker.poll() is None
    return worker
