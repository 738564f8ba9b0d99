"""How much room the API has left: the crowd that our own pushes bring is its real peak.

The worker asks the API, as a resident's phone would, and times the answer. While it is slow the pace
is halved again and again; when it is quick again the pace comes back by steps. This is additive
increase and multiplicative decrease (Chiu and Jain, 1989), by which many workers that do not know of
each other come to a fair pace.
"""

import time
import urllib.request

import structlog
from prometheus_client import Gauge

SLOW_SECONDS = 0.25  # half of what a resident may wait at the 95th percentile
PATIENCE_SECONDS = 2.0
LOOK_EVERY_SECONDS = 1.0
LEAST = 1 / 32
STEP = 1 / 10

log = structlog.get_logger(__name__)
share_now = Gauge(
    "ferry_push_pace_share",
    "Share of the full push pace that the API has room for",
    multiprocess_mode="livemin",
)


class Headroom:
    """The share of the full pace that may go, 0 to 1; without an address to ask, all of it."""

    def __init__(self, url: str | None) -> None:
        self.url = url
        self.room = 1.0
        self.looked_at = float("-inf")

    def share(self) -> float:
        """Return the share, having asked the API where the last answer is a second old."""
        if self.url and time.monotonic() - self.looked_at >= LOOK_EVERY_SECONDS:
            self._heed(self._answer_seconds(self.url))
            self.looked_at = time.monotonic()
        return self.room

    def _heed(self, seconds: float | None) -> None:
        if seconds is None:
            return
        before = self.room
        slow = seconds > SLOW_SECONDS
        self.room = max(self.room / 2, LEAST) if slow else min(self.room + STEP, 1.0)
        share_now.set(self.room)
        if slow and self.room != before:
            log.warning("the API is slow; pushes go slower", seconds=round(seconds, 2))

    def _answer_seconds(self, url: str) -> float | None:
        """Ask, and return how long the answer took; an error counts as the whole patience.

        None where nobody listens: then there is nobody to be kind to.
        """
        begun = time.monotonic()
        try:
            urllib.request.urlopen(url, timeout=PATIENCE_SECONDS).close()  # our own
        except OSError as error:
            reason = getattr(error, "reason", error)
            return None if isinstance(reason, ConnectionRefusedError) else PATIENCE_SECONDS
        return time.monotonic() - begun
