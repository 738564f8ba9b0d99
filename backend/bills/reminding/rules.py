"""Which bills are spoken of on which day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from backend.bills.rules import Surcharge
from backend.notifications import MessageKind

BEGINS_AT_HOUR = 9  # in Hong Kong, an hour after most phones may ring again
SOON = timedelta(days=3)
A_DAY = timedelta(days=1)
LONGEST_OVERDUE = timedelta(days=400)  # whoever has not paid by then hears of it by other means
KINDS = (MessageKind.BILL_DUE_TODAY, MessageKind.BILL_OVERDUE, MessageKind.BILL_DUE_SOON)


@dataclass(frozen=True)
class Window:
    """The due dates of the bills that one round looks at, both ends with it."""

    first: date
    last: date


def window_of(kind: MessageKind, today: date) -> Window:
    """Return which bills a round looks at on a Hong Kong date."""
    if kind is MessageKind.BILL_DUE_SOON:
        return Window(today + SOON, today + SOON)
    if kind is MessageKind.BILL_DUE_TODAY:
        return Window(today, today)
    return Window(today - LONGEST_OVERDUE, today - A_DAY)


def edition_of(kind: MessageKind, today: date, due_on: date) -> int:
    """Return what a reminder is told once of: a last day to pay, or a last day before a surcharge."""
    return (today if kind is MessageKind.BILL_OVERDUE else due_on).toordinal()


def is_last_call(due_on: date, surcharges: Sequence[Surcharge], today: date) -> bool:
    """Say whether an overdue bill is spoken of today: it gets dearer tomorrow.

    One that never does is spoken of once, on the day after it was due.
    """
    if not surcharges:
        return today == due_on + A_DAY
    return any(each.after == today for each in surcharges)
