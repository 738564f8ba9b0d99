"""Times the delivery of pushes by workers of Ferry beside bare clients of the same simulator."""

import json
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from sqlalchemy import select, text
from tqdm import tqdm

from backend.core import clock
from backend.core.database import Database
from backend.notifications.models import Message
from tests.benches.fcm_h2 import Exchange, running_exchange
from tests.benches.push_ground import ROOMS, be_past_the_ramp, tell_all
from tests.benches.push_runners import (
    cpu_seconds,
    peak_mb,
    ring,
    run_rivals,
    running_workers,
    wait_until_settled,
)

DELIVERIES = 100_000
FULL_DELIVERIES = 1_000_000
WORKERS = 2
LOOK_SECONDS = 0.5
CHUNK = 1 << 20
# Rows, as PostgreSQL counts them; of the tables that a worker writes.
WRITES = text("select sum(n_tup_ins + n_tup_upd + n_tup_del) from pg_stat_user_tables")


@dataclass(frozen=True)
class Measured:
    """What was measured on one engine; a send is a push that the simulator accepted.

    `…_us` are microseconds of the processor's time a send, which a busy machine changes less.
    """

    engine: str
    deliveries: int
    workers: int
    seconds: float
    sends_per_second: float
    bare_firebase_per_second: float | None  # none where the rivals had no turn
    bare_http2_per_second: float | None
    ratio: float | None  # to the bare firebase loop
    peak_mb: float  # of the largest worker
    database_writes_per_send: float | None  # rows; SQLite does not count them
    worker_us: float
    bare_firebase_us: float | None
    bare_http2_us: float | None
    simulator_us: float  # while the workers sent


@dataclass(frozen=True)
class Sent:
    """What the simulator's log says."""

    messages: list[Any]
    first_at: datetime
    last_at: datetime

    @property
    def per_second(self) -> float:
        return len(self.messages) / (self.last_at - self.first_at).total_seconds()


def measure(engine: str, deliveries: int, workers: int, *, ramped: bool, alone: bool) -> Measured:
    """Measure one engine; `ramped` with the minute of coming up to speed, `alone` without rivals."""
    with tempfile.TemporaryDirectory(prefix="ferry-bench-") as named:
        folder = Path(named)
        with ROOMS[engine](folder) as room:
            return measure_on(room("push"), folder, deliveries, workers, ramped=ramped, alone=alone)


def measure_on(
    url: str, folder: Path, deliveries: int, workers: int, *, ramped: bool, alone: bool
) -> Measured:
    """Measure on an empty database; `folder` is left with what the processes said."""
    rows = Database(url)
    with running_exchange(folder / "fcm") as exchange:
        work = _work(folder / "data", rows, exchange, deliveries, workers, ramped=ramped)
        _ensure_each_once(rows, work.sent, deliveries)
        rivals = {} if alone else _race(folder, exchange, work.sent, workers)
    rows.close()
    firebase, http2 = (rivals.get(name) for name in ("firebase", "http2"))
    ours = deliveries / work.seconds
    return Measured(
        engine=rows.engine.dialect.name,
        deliveries=deliveries,
        workers=workers,
        seconds=round(work.seconds, 1),
        sends_per_second=round(ours),
        bare_firebase_per_second=firebase and round(firebase.per_second),
        bare_http2_per_second=http2 and round(http2.per_second),
        ratio=firebase and round(ours / firebase.per_second, 2),
        peak_mb=round(work.peak_mb),
        database_writes_per_send=work.writes and round(work.writes / deliveries, 2),
        worker_us=round(work.cpu_seconds / deliveries * 1e6),
        bare_firebase_us=firebase and round(firebase.cpu_seconds / deliveries * 1e6),
        bare_http2_us=http2 and round(http2.cpu_seconds / deliveries * 1e6),
        simulator_us=round(work.simulator_seconds / deliveries * 1e6),
    )


@dataclass(frozen=True)
class _Rival:
    per_second: float
    cpu_seconds: float


@dataclass(frozen=True)
class _Work:
    sent: Sent
    seconds: float  # from the first push to the last row
    peak_mb: float
    writes: int | None
    cpu_seconds: float
    simulator_seconds: float


def _work(
    folder: Path, rows: Database, exchange: Exchange, deliveries: int, workers: int, *, ramped: bool
) -> _Work:
    """Let the workers deliver so many pushes, which are all there at once."""
    folder.mkdir()
    url = rows.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    with running_workers(folder, url, exchange, workers) as children:
        with _shown(exchange.log, deliveries, "workers"):
            tell_all(rows, deliveries)
            rows.close()  # PostgreSQL counts what a connection wrote when that ends
            if not ramped:
                be_past_the_ramp(rows)
            before = _writes(rows), cpu_seconds(children), exchange.cpu_seconds()
            ring(folder)
            wait_until_settled(rows, children)
            over_at = clock.now()
        after = cpu_seconds(children), exchange.cpu_seconds()
        peak = peak_mb(children)
    writes, sent = _writes(rows), read_log(exchange.log)
    return _Work(
        sent=sent,
        seconds=(over_at - sent.first_at).total_seconds(),
        peak_mb=peak,
        writes=None if writes is None or before[0] is None else writes - before[0],
        cpu_seconds=after[0] - before[1],
        simulator_seconds=after[1] - before[2],
    )


def _writes(rows: Database) -> int | None:
    if rows.engine.dialect.name == "sqlite":
        return None
    with rows.transaction(read_only=True) as db:
        return int(db.scalar(WRITES) or 0)


def read_log(log: Path) -> Sent:
    """Read what the simulator accepted; whatever it refused is a fault of the measurement."""
    messages, first_at, last_at = [], None, None
    with log.open(encoding="utf-8") as lines:
        for line in map(json.loads, lines):
            if line["outcome"] != "accepted":
                raise click.ClickException(f"a push was refused: {line['error']}")
            messages.append(line["message"])
            first_at, last_at = first_at or line["at"], line["at"]
    if first_at is None or last_at is None:
        raise click.ClickException("nothing was sent")
    return Sent(messages, datetime.fromisoformat(first_at), datetime.fromisoformat(last_at))


def _ensure_each_once(rows: Database, sent: Sent, deliveries: int) -> None:
    """Hold the log against the rows: each message to one phone, and so one push each."""
    times = Counter(each["data"]["message_id"] for each in sent.messages)
    with rows.transaction(read_only=True) as db:
        missing = sum(id_ not in times for id_ in db.scalars(select(Message.id)))
    doubled = times.total() - len(times)
    if missing or doubled or len(times) != deliveries:
        raise click.ClickException(f"{missing} pushes are missing, {doubled} went twice")


def _race(folder: Path, exchange: Exchange, sent: Sent, workers: int) -> dict[str, _Rival]:
    """Let each rival send the same messages, in as many processes."""
    heaps = [folder / f"heap-{number}.jsonl" for number in range(workers)]
    for number, heap in enumerate(heaps):
        with heap.open("w", encoding="utf-8") as file:
            file.writelines(f"{json.dumps(each)}\n" for each in sent.messages[number::workers])
    rivals = {}
    for rival in ("firebase", "http2"):
        exchange.log.write_bytes(b"")
        with _shown(exchange.log, len(sent.messages), f"bare {rival}"):
            took = run_rivals(rival, exchange, heaps)
        theirs = read_log(exchange.log)
        if len(theirs.messages) != len(sent.messages):
            raise click.ClickException(f"{rival} sent {len(theirs.messages)} messages")
        rivals[rival] = _Rival(theirs.per_second, took)
    return rivals


@contextmanager
def _shown(log: Path, total: int, what: str) -> Iterator[None]:
    """Show on standard error how far the log has come, which is appended to meanwhile."""
    is_over = threading.Event()
    bar = tqdm(total=total, desc=what, unit="push", leave=False, mininterval=LOOK_SECONDS)

    def follow() -> None:
        with log.open("rb") as lines:
            while not is_over.wait(LOOK_SECONDS):
                while chunk := lines.read(CHUNK):
                    bar.update(chunk.count(b"\n"))

    follower = threading.Thread(target=follow)
    follower.start()
    try:
        yield
    finally:
        is_over.set()
        follower.join()
        bar.close()


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option("--full", is_flag=True, help="A million on PostgreSQL as well, the ramp included.")
@click.option(
    "--deliveries", default=DELIVERIES, show_default=True, help="How many on each engine."
)
@click.option("--workers", default=WORKERS, show_default=True, help="Worker processes.")
@click.option("--engine", "engines", multiple=True, type=click.Choice(list(ROOMS)))
def main(
    as_json: bool, full: bool, deliveries: int, workers: int, engines: tuple[str, ...]
) -> None:
    """Time the workers beside the bare clients."""
    found = {
        engine: measure(engine, deliveries, workers, ramped=False, alone=False)
        for engine in engines or ROOMS
    }
    if full:
        found["postgresql_full"] = measure(
            "postgresql", FULL_DELIVERIES, workers, ramped=True, alone=True
        )
    if as_json:
        click.echo(json.dumps({name: asdict(each) for name, each in found.items()}, indent=2))
        return
    for name, each in found.items():
        click.echo(
            f"{name:<16} {each.deliveries} pushes  {each.sends_per_second:.0f} a second, bare "
            f"firebase {each.bare_firebase_per_second}, bare http2 {each.bare_http2_per_second}, "
            f"ratio {each.ratio}, peak {each.peak_mb:.0f} MB, "
            f"writes {each.database_writes_per_send} a send"
        )


if __name__ == "__main__":
    main()
