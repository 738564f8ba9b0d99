"""What a message says, what a lock screen may show, and when a failed push is tried again."""

from datetime import timedelta
from enum import StrEnum

from backend.core.languages import Words

MOST_ATTEMPTS = 35  # with the pauses below, a partner may be away for a day before we give up
FIRST_PAUSE_SECONDS = 2
LONGEST_PAUSE_SECONDS = 3600
LONGEST_ASKED_SECONDS = 86400


class MessageKind(StrEnum):
    """What a message tells of."""

    BILL_NEW = "bill_new"


class DeliveryState(StrEnum):
    """Where one push to one device stands."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"


OPEN_STATES = (DeliveryState.CLAIMED, DeliveryState.WAITING)  # whose lease ran out goes first

# Fit for a lock screen: no name, no amount, no department, no account.
PUSH_TITLES = {MessageKind.BILL_NEW: Words("New bill", "新賬單", "新账单")}
PUSH_BODIES = {
    MessageKind.BILL_NEW: Words(
        "You have a new bill. Open the app to see it.",
        "你有一張新賬單，請開啟應用程式查閱。",
        "你有一张新账单，请打开应用程序查阅。",
    )
}
# For the inbox, which only the signed-in resident reads.
INBOX_TITLES = {
    MessageKind.BILL_NEW: Words(
        "New bill from {department}", "{department}發出新賬單", "{department}发出新账单"
    )
}
INBOX_BODIES = {
    MessageKind.BILL_NEW: Words(
        "HK${amount} is due on {due_on}.",
        "金額港幣 {amount} 元，請於 {due_on} 或之前繳付。",
        "金额港币 {amount} 元，请于 {due_on} 或之前缴付。",
    )
}


def pause_before(attempt: int, asked_seconds: float | None, jitter: float) -> timedelta:
    """Return how long to wait before trying again after failed attempt number `attempt` (from 1).

    Doubles from two seconds up to an hour, never less than the partner asked for (up to a day);
    `jitter` in 0–1 spreads the crowd by up to half as much again.
    """
    doubled = min(FIRST_PAUSE_SECONDS * 2 ** (attempt - 1), LONGEST_PAUSE_SECONDS)
    asked = min(asked_seconds or 0, LONGEST_ASKED_SECONDS)
    return timedelta(seconds=max(doubled, asked) * (1 + jitter / 2))


def is_last(attempt: int) -> bool:
    """Say whether attempt number `attempt` was the last one that is made."""
    return attempt >= MOST_ATTEMPTS
