"""How far a message came, as its department may know it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from backend.core.errors import NotFound


class HowFar(StrEnum):
    """How far a message came."""

    ACCEPTED = "accepted"  # it stands in the inbox; a push is still to go
    DELIVERED = "delivered"
    READ = "read"
    NOT_PUSHED = "not_pushed"  # it stands in the inbox alone; why is the resident's own affair


class BillNotOurs(NotFound):
    code = "bill_not_found"


@dataclass(frozen=True)
class Fate:
    """What became of one message."""

    kind: str
    accepted_at: datetime
    state: HowFar
    delivered_at: datetime | None
    read_at: datetime | None


@dataclass(frozen=True)
class Pushes:
    """What became of a message's pushes: how many are still to go, and when FCM took the first."""

    still_to_go: int = 0
    first_sent_at: datetime | None = None


def state_of(pushes: Pushes, told_read_at: datetime | None) -> HowFar:
    """Return how far a message came; `told_read_at` only where its resident lets that be known."""
    if told_read_at is not None:
        return HowFar.READ
    if pushes.first_sent_at is not None:
        return HowFar.DELIVERED
    return HowFar.ACCEPTED if pushes.still_to_go else HowFar.NOT_PUSHED
