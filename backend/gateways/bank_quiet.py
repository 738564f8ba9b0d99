"""Leaves a bank that fails alone for a while, so that its silence does not take all our threads."""

import random
import threading
import time

from backend.gateways.bank import BankAway

FAILURES_BEFORE_QUIET = 5
FIRST_QUIET_SECONDS = 2.0
LONGEST_QUIET_SECONDS = 60.0


class Quiet:
    """Counts failures in a row. Past a few, nobody asks for 2, 4, 8 … 60 seconds (and some jitter).

    Afterwards one caller goes ahead, and the others wait for what becomes of it: no longer than
    `scout_seconds`, as its thread may die under way. All times are on the monotonic clock.
    """

    def __init__(self, scout_seconds: float) -> None:
        self.scout_seconds = scout_seconds
        self.lock = threading.Lock()
        self.failures = 0
        self.until = 0.0

    def seconds(self) -> float:
        """Return how long it lasts yet, 0 where somebody may ask."""
        return max(self.until - time.monotonic(), 0)

    def ensure_over(self) -> None:
        """Let a caller ask, or raise BankAway at once."""
        with self.lock:
            if self.seconds():
                raise BankAway("the bank is left alone for a while")
            if self.failures >= FAILURES_BEFORE_QUIET:
                self.until = time.monotonic() + self.scout_seconds

    def end(self) -> None:
        """The bank answered."""
        with self.lock:
            self.failures, self.until = 0, 0.0

    def count_failure(self, asked_seconds: float = 0) -> None:
        """The bank did not answer, or asks to be left alone for so long."""
        with self.lock:
            self.failures += 1
            beyond = self.failures - FAILURES_BEFORE_QUIET
            doubled = FIRST_QUIET_SECONDS * 2.0 ** min(beyond, 30) if beyond >= 0 else 0
            spread = random.uniform(1, 1.25)  # noqa: S311  # processes come back one by one
            seconds = min(max(doubled * spread, asked_seconds), LONGEST_QUIET_SECONDS)
            self.until = time.monotonic() + seconds
