"""The worker's bell and clock: huey says "wake up and drain"; rows alone are the truth.

A lost ring costs at most a minute, as a sweep rings by itself each minute.
"""

import logging
import signal
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from types import FrameType

from huey import Huey, PostgresHuey, RedisHuey, SqliteHuey, crontab

from backend.core import clock

STOPPING_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
LOOK_SECONDS = 0.1
HEALTH_SECONDS = 10.0
LAST_BATCH_SECONDS = 22  # how long a stop waits for the batch in hand
PAUSE_AFTER_FAILURE = timedelta(seconds=5)
TIDY_MINUTE = "37"  # of each hour; off the hour, when much else happens
QUEUE_SECONDS = 2  # how long a request may wait for the queue, at most

log = logging.getLogger(__name__)
Drain = Callable[[], datetime | None]


def make_huey(url: str | None, data_dir: Path) -> Huey:
    """Return the engine: a SQLite file in `data_dir`, or what `url` names (redis, postgresql)."""
    if url is None:
        data_dir.mkdir(parents=True, exist_ok=True)
        file = str(data_dir / "jobs.db")
        return SqliteHuey("ferry", results=False, filename=file, fsync=False, timeout=QUEUE_SECONDS)
    if url.startswith("redis"):
        return RedisHuey("ferry", results=False, url=url)
    return PostgresHuey("ferry", results=False, dsn=url, connect_timeout=QUEUE_SECONDS)


class Bell:
    """Rings for the worker; the worker hangs its `drain` on it.

    `drain` does one batch of what is due and returns when to come again: a time that has passed
    where more is due, None where nothing is left to do. `tidy` is done once an hour.
    """

    def __init__(
        self, huey: Huey, drain: Drain | None = None, tidy: Callable[[], None] | None = None
    ) -> None:
        self.huey = huey
        self.drain = drain
        self.next_due: datetime | None = None
        self.is_stopping = False
        self._wake = huey.task(name="wake")(self._answer)
        if drain is not None:
            huey.periodic_task(crontab(), name="sweep")(self._answer)
        if tidy is not None:
            huey.periodic_task(crontab(minute=TIDY_MINUTE), name="tidy")(tidy)

    def ring(self) -> None:
        """Wake a worker now. Call after the commit; a lost ring is found by the sweep.

        A ring that nobody has answered yet will do for this one too, so that a worker that is away
        for a day comes back to one ring and not to a hundred thousand.
        """
        if not self.huey.pending_count():
            self._wake()

    def work(self) -> None:
        """Answer rings and sweep each minute, until SIGTERM or Ctrl-C; ends after the batch.

        The next delivery's time is kept here and not in huey's schedule, where each ring would add
        one more entry for the same moment.
        """
        consumer = self.huey.create_consumer(
            workers=1,
            initial_delay=0.05,
            max_delay=0.5,
            scheduler_interval=1,
            shutdown_timeout=LAST_BATCH_SECONDS,
        )
        self.next_due = clock.now()
        # huey sets handlers of its own, by which one of the two signals would break the batch off.
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING_SIGNALS)
        consumer.start()
        for number in STOPPING_SIGNALS:
            signal.signal(number, self._stop)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING_SIGNALS)
        log.info("the worker is at its bell")
        looked_after = time.monotonic()
        while not self.is_stopping:
            self._ring_if_due()
            if time.monotonic() > looked_after + HEALTH_SECONDS:
                consumer.check_worker_health()
                looked_after = time.monotonic()
            time.sleep(LOOK_SECONDS)
        consumer.stop(graceful=True)
        log.info("the worker has left")

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        self.is_stopping = True
        signal.signal(number, signal.default_int_handler)  # a second one ends it at once

    def _ring_if_due(self) -> None:
        if self.next_due is None or self.next_due > clock.now():
            return
        self.next_due = None
        self._ring_or_come_again()

    def _ring_or_come_again(self) -> None:
        try:
            self.ring()
        except Exception:
            log.exception("the queue does not answer")
            self.next_due = clock.now() + PAUSE_AFTER_FAILURE

    def _answer(self) -> None:
        if self.drain is None:
            raise RuntimeError("this process rings the bell and does not answer it")
        try:
            due_at = self.drain()
            while due_at and due_at <= clock.now() and not self.is_stopping:
                self._ring_or_come_again()  # a colleague who is idle may lend a hand
                due_at = self.drain()
            self.next_due = due_at
        except Exception:
            log.exception("a drain failed; it is tried again")
            self.next_due = clock.now() + PAUSE_AFTER_FAILURE
