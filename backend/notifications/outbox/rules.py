"""The states of a push, the queue that it waits in, and when a failed one is tried again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

FIRST_PAUSE_SECONDS = 2
LONGEST_PAUSE_SECONDS = 3600
LONGEST_ASKED_SECONDS = 86400
MOST_FAULTS = 5  # of a push itself: then it is parked, with the reason, until somebody replays it
FEW_TOGETHER = 20
URGENT, ORDINARY = "0", "1"  # lanes, in the order in which they are served


class DeliveryState(StrEnum):
    """Where one push to one device stands."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"


OPEN_STATES = (DeliveryState.CLAIMED, DeliveryState.WAITING)  # whose lease ran out goes first


@dataclass(frozen=True)
class Queue:
    """Where a push waits: its lane, its department, and the run that it belongs to, if any.

    Each department in a lane has its turn, however many another one sends; the queue of a run that
    is held, paused or cancelled has none.
    """

    lane: str = ORDINARY
    department_id: str = ""
    run_id: str = ""

    @property
    def name(self) -> str:
        """As a row keeps it; urgent queues sort before ordinary ones."""
        return f"{self.lane}:{self.department_id}:{self.run_id}"


def queue_named(name: str) -> Queue:
    """Read a queue back from how a row keeps it."""
    return Queue(*name.split(":", 2))


@dataclass(frozen=True)
class Settlement:
    """What is written down of a claimed push."""

    state: DeliveryState
    reason: str | None
    due_at: datetime
    settled_at: datetime | None = None
    counts: bool = True  # as an attempt
    is_fault: bool = False  # of the push itself, towards parking it


def settled(state: DeliveryState, reason: str | None, now: datetime) -> Settlement:
    """Settle a push for good."""
    return Settlement(state, reason, now, now)


def put_off(until: datetime, reason: str) -> Settlement:
    """Let a push wait until later, through nobody's fault."""
    return Settlement(DeliveryState.WAITING, reason, until, counts=False)


def pause_before(attempt: int, asked_seconds: float | None, jitter: float) -> timedelta:
    """Return how long to wait before trying again after failed attempt number `attempt` (from 1).

    Doubles from two seconds up to an hour, never less than the partner asked for (up to a day);
    `jitter` in 0–1 spreads the crowd by up to half as much again.
    """
    doubled = min(FIRST_PAUSE_SECONDS * 2 ** min(attempt - 1, 30), LONGEST_PAUSE_SECONDS)
    asked = min(asked_seconds or 0, LONGEST_ASKED_SECONDS)
    return timedelta(seconds=max(doubled, asked) * (1 + jitter / 2))


def most_together(lost: int) -> int | None:
    """Return with how many others a push may go that lost so many workers, None for any number.

    One that kills its worker takes those with it that it goes together with; so one that has lost
    two goes with few, and one that has lost three goes alone.
    """
    if lost < 2:
        return None
    return FEW_TOGETHER if lost == 2 else 1
