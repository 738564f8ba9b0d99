"""The worker's bell and clock: huey says "wake up and drain"; rows alone are the truth.

A lost ring costs at most a minute, as a sweep rings by itself each minute.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from huey import Huey, PostgresHuey, RedisHuey, SqliteHuey, crontab

log = logging.getLogger(__name__)
Drain = Callable[[], datetime | None]


def make_huey(url: str | None, data_dir: Path) -> Huey:
    """Return the engine: a SQLite file in `data_dir`, or what `url` names (redis, postgresql)."""
    if url is None:
        data_dir.mkdir(parents=True, exist_ok=True)
        return SqliteHuey("ferry", filename=str(data_dir / "jobs.db"), fsync=False)
    if url.startswith("redis"):
        return RedisHuey("ferry", url=url)
    return PostgresHuey("ferry", dsn=url)


class Bell:
    """Rings for the worker; the worker hangs its `drain` on it."""

    def __init__(self, huey: Huey, drain: Drain | None = None) -> None:
        self.huey = huey
        self.drain = drain
        self._wake = huey.task(name="wake")(self._answer)

    def ring(self) -> None:
        """Wake a worker now. Call after the commit; a lost ring is found by the sweep."""
        self._wake()

    def work(self) -> None:
        """Answer rings and sweep each minute, until SIGTERM or Ctrl-C; ends after the batch."""
        self.huey.periodic_task(crontab(), name="sweep")(self._answer)
        consumer = self.huey.create_consumer(
            workers=1,
            initial_delay=0.05,
            max_delay=0.5,
            scheduler_interval=1,
            check_worker_health=True,
            shutdown_timeout=20,
        )
        self.ring()
        consumer.run()

    def _answer(self) -> None:
        if self.drain is None:
            raise RuntimeError("this process rings the bell and does not answer it")
        next_due = self.drain()
        if next_due is not None:
            self._wake.schedule(eta=next_due.replace(tzinfo=None), id="next-due")
