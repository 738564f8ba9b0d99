"""What is taken from the bank, and where a callback stands once it is."""

from datetime import timedelta
from enum import StrEnum
from typing import ClassVar

from backend.core.errors import NotAllowed
from backend.core.languages import Words

MOST_TRIES = 10
LONGEST_PAUSE_SECONDS = 600
LONGEST_WAIT = timedelta(seconds=LONGEST_PAUSE_SECONDS + 60)  # of an event


class EventState(StrEnum):
    """Where a callback of the bank stands: stored before it is acknowledged, then applied."""

    STORED = "stored"
    APPLIED = "applied"
    QUARANTINED = "quarantined"


class CallbackNotAccepted(NotAllowed):
    code = "callback_not_accepted"
    says: ClassVar[Words] = Words(
        "This is not signed by the bank, or not within the last minutes.",
        "這並非由銀行簽署，或已過時。",
        "这并非由银行签署，或已过时。",
    )


def pause_before(tries: int) -> timedelta:
    """Return how long to leave an event alone that could not be applied so many times."""
    return timedelta(seconds=min(2**tries, LONGEST_PAUSE_SECONDS))
