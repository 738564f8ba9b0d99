"""The worker's bell and clock: huey says "wake up and drain"; rows alone are the truth.

A lost ring costs little: each chore has a thread of its own, so that one whose partner is slow or away
holds up no other, and a thread that is idle looks each second by itself. A sweep rings each minute.
"""

import logging
import signal
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from types import FrameType

from huey import Huey, PostgresHuey, RedisHuey, SqliteHuey, crontab

from backend.core import clock

STOPPING_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
LOOK_SECONDS = 0.1
IDLE_SECONDS = 1.0  # a ring goes to one worker, often the busy one; the others look for themselves
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


class Chore:
    """One thing that a worker does when it is woken, or when the time of its next turn has come."""

    def __init__(self, name: str, drain: Drain) -> None:
        self.name = name
        self.drain = drain
        self.next_due: datetime | None = None
        self.is_woken = threading.Event()

    def has_its_turn(self) -> bool:
        """Say whether it was woken or is due."""
        due_at = self.next_due
        return self.is_woken.is_set() or (due_at is not None and due_at <= clock.now())

    def is_idle(self) -> bool:
        """Say whether nothing is due soon, as far as it knows: others may have brought something."""
        due_at = self.next_due
        return due_at is None or due_at > clock.now() + PAUSE_AFTER_FAILURE


class Bell:
    """Rings for the worker, which answers with its chores.

    A chore's `drain` does one batch of what is due and returns when to come again: a time that has
    passed where more is due, None where nothing is left to do. `tidy` is done once an hour.
    """

    def __init__(
        self,
        huey: Huey,
        chores: Mapping[str, Drain] | None = None,
        tidy: Callable[[], None] | None = None,
    ) -> None:
        self.huey = huey
        self.chores: list[Chore] = []
        self.is_stopping = False
        self._wake = huey.task(name="wake")(self._answer)
        for name, drain in (chores or {}).items():
            self.add(name, drain)
        if tidy is not None:
            huey.periodic_task(crontab(minute=TIDY_MINUTE), name="tidy")(tidy)

    def add(self, name: str, drain: Drain) -> None:
        """Give the worker one chore more, before it begins its work."""
        if not self.chores:
            self.huey.periodic_task(crontab(), name="sweep")(self._answer)
        self.chores.append(Chore(name, drain))

    def ring(self) -> None:
        """Wake a worker now. Call after the commit; a lost ring is found by the sweep.

        A ring that nobody has answered yet will do for this one too, so that a worker that is away
        for a day comes back to one ring and not to a hundred thousand.
        """
        if not self.huey.pending_count():
            self._wake()

    def work(self) -> None:
        """Answer rings and sweep each minute, until SIGTERM or Ctrl-C; ends after the batch.

        The time of a chore's next turn is kept here and not in huey's schedule, where each ring
        would add one more entry for the same moment.
        """
        consumer = self.huey.create_consumer(
            workers=1,
            initial_delay=0.05,
            max_delay=0.5,
            scheduler_interval=1,
            shutdown_timeout=LAST_BATCH_SECONDS,
        )
        # huey sets handlers of its own, by which one of the two signals would break the batch off.
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING_SIGNALS)
        consumer.start()
        hands = self.begin()
        for number in STOPPING_SIGNALS:
            signal.signal(number, self._stop)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING_SIGNALS)
        log.info("the worker is at its bell")
        while not self.is_stopping:
            consumer.check_worker_health()
            self._rest(HEALTH_SECONDS)
        consumer.stop(graceful=True)
        last_moment = time.monotonic() + LAST_BATCH_SECONDS
        for hand in hands:
            hand.join(max(0.0, last_moment - time.monotonic()))
        log.info("the worker has left")

    def begin(self) -> list[threading.Thread]:
        """Start a thread for each chore, which goes on until the worker is stopping."""
        return [self._lend_a_hand_to(chore) for chore in self.chores]

    def attend(self, chore: Chore) -> None:
        """Do a chore until nothing of it is due; what fails is tried again in a few seconds."""
        chore.is_woken.clear()
        try:
            due_at = chore.drain()
            while due_at and due_at <= clock.now() and not self.is_stopping:
                due_at = chore.drain()
            chore.next_due = due_at
        except Exception:
            log.exception("the chore “%s” failed; it is tried again", chore.name)
            chore.next_due = clock.now() + PAUSE_AFTER_FAILURE

    def _lend_a_hand_to(self, chore: Chore) -> threading.Thread:
        chore.is_woken.set()  # there may be something left from before
        # A daemon, as a stop waits for a batch in hand and not for a partner that never answers.
        hand = threading.Thread(target=self._keep_at, args=[chore], name=chore.name, daemon=True)
        hand.start()
        return hand

    def _keep_at(self, chore: Chore) -> None:
        looked_at = time.monotonic()
        while not self.is_stopping:
            is_idle = chore.is_idle() and time.monotonic() - looked_at >= IDLE_SECONDS
            if is_idle or chore.has_its_turn():
                self.attend(chore)
                looked_at = time.monotonic()
            chore.is_woken.wait(LOOK_SECONDS)

    def _rest(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self.is_stopping and time.monotonic() < until:
            time.sleep(LOOK_SECONDS)

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        self.is_stopping = True
        signal.signal(number, signal.default_int_handler)  # a second one ends it at once

    def _answer(self) -> None:
        if not self.chores:
            raise RuntimeError("this process rings the bell and does not answer it")
        for chore in self.chores:
            chore.is_woken.set()
