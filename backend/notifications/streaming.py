"""A live badge: the figures of an inbox as server-sent events, while somebody watches.

As WHATWG HTML says, section 9.2 "Server-sent events". Each stream holds a thread of the web server,
so there are few of them, and none for long; whoever finds none free asks for the changes instead.
"""

import json
import select
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from backend.accounts import find_resident_caller
from backend.core import clock
from backend.core.database import Database
from backend.core.errors import Unavailable
from backend.core.languages import Words
from backend.notifications.inbox import encode_since
from backend.notifications.models import inbox_in_figures

COME_AGAIN = b"retry: 3000\n\n"  # milliseconds
HEARTBEAT = b":\n\n"  # a comment, so that a proxy sees that somebody is there
SLICE_SECONDS = 0.5  # how long a stream may hold up a stop, or a place that its reader left
# Where the system knows it: the other side has closed its half. A hang-up is always told.
HUNG_UP = getattr(select, "POLLRDHUP", 0)

log = structlog.get_logger(__name__)


class NoStreamFree(Unavailable):
    code = "no_stream_free"
    says = Words(
        "No live connection is free just now, or you have one already. "
        "Ask /v1/messages/changes instead.",
        "即時連線已滿，或你已有一條即時連線，請改用 /v1/messages/changes。",
        "实时连接已满，或你已有一条实时连接，请改用 /v1/messages/changes。",
    )


@dataclass(frozen=True)
class Pace:
    """How often a stream looks at the rows, shows that it lives, and for how long it does."""

    look_seconds: float = 2.0
    heartbeat_seconds: float = 15.0
    lasts_seconds: float = 60.0


@dataclass(frozen=True)
class Seen:
    """An inbox as it stood at one look: how many are unread, the token of then, and all figures."""

    unread: int
    since: str
    figures: tuple[Any, ...]

    def event(self) -> bytes:
        """Write it as a server-sent event."""
        data = json.dumps({"unread": self.unread, "since": self.since}, separators=(",", ":"))
        return f"event: inbox\ndata: {data}\n\n".encode()


Look = Callable[[], Seen | None]
Stay = Callable[[float], bool]


def look_at_inbox(rows: Database, token: str, resident_id: str) -> Seen | None:
    """Look at a resident's inbox; None where their token holds no more, or no row can be read."""
    now = clock.now()
    try:
        with rows.transaction(read_only=True) as db:
            if find_resident_caller(db, token, now) is None:
                return None
            figures = db.execute(inbox_in_figures(resident_id)).one()
    except SQLAlchemyError as error:
        log.warning("a stream could not look at its inbox", error=type(error).__name__)
        return None
    return Seen(figures[0], encode_since(now), tuple(figures))


def stay_on(wire: Any | None, is_stopping: Callable[[], bool]) -> Stay:
    """Return what waits so many seconds, and says whether to go on after that.

    Not where the reader at the other end of `wire`, a socket, has gone, nor where the process is
    to stop: either ends the wait.
    """
    poller = select.poll()
    if wire is not None:
        poller.register(wire, HUNG_UP)

    def stay(seconds: float) -> bool:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and not is_stopping():
            if poller.poll(min(left, SLICE_SECONDS) * 1000):
                return False
        return not is_stopping()

    return stay


def events(look: Look, stay: Stay, pace: Pace) -> Iterator[bytes]:
    """Yield what a stream says: how the inbox stands, at first and whenever that has changed."""
    yield COME_AGAIN
    began = spoke = time.monotonic()
    told: tuple[Any, ...] | None = None
    while (seen := look()) is not None:
        now = time.monotonic()
        if seen.figures != told:
            told, spoke = seen.figures, now
            yield seen.event()
        elif now - spoke >= pace.heartbeat_seconds:
            spoke = now
            yield HEARTBEAT
        left = began + pace.lasts_seconds - now
        if left <= 0 or not stay(min(left, pace.look_seconds)):
            return


class Stream(Iterator[bytes]):
    """Events that hold a place, and leave it when they end, are closed or are forgotten."""

    def __init__(self, said: Iterator[bytes], leave: Callable[[], None]) -> None:
        self.said = said
        self.leave = weakref.finalize(self, leave)
        self.leave.atexit = False

    def __next__(self) -> bytes:
        return next(self.said)

    def close(self) -> None:
        """End it; what serves it calls this in any case, whatever became of the reader."""
        self.leave()


class Streams:
    """The streams of this process: so many at most, one for each session."""

    def __init__(self, most: int, pace: Pace) -> None:
        self.most = most
        self.pace = pace
        self._sessions: set[str] = set()
        # One that the same thread may take twice: a stream can be forgotten at any moment.
        self._lock = threading.RLock()

    def open(self, session_id: str, look: Look, stay: Stay) -> Stream:
        """Open a stream for a session; NoStreamFree."""
        with self._lock:
            if session_id in self._sessions or len(self._sessions) >= self.most:
                raise NoStreamFree
            self._sessions.add(session_id)
        return Stream(events(look, stay, self.pace), lambda: self._leave(session_id))

    def _leave(self, session_id: str) -> None:
        with self._lock:
            self._sessions.discard(session_id)
