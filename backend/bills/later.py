"""Marking a bill for later: until which day a resident may put it off."""

from datetime import date, timedelta

from backend.core.errors import Conflict, Invalid
from backend.core.languages import Words

LATER_DAYS = 90  # how far on a bill may be put off


class BillCannotWait(Conflict):
    code = "bill_cannot_wait"
    says = Words(
        "The last day to pay is here or has passed, so this bill cannot be put off.",
        "繳款期限已到或已過，此賬單不能留待稍後處理。",
        "缴款期限已到或已过，此账单不能留待稍后处理。",
    )


class LaterDateWrong(Invalid):
    code = "later_date_wrong"
    says = Words(
        "Choose a day from {first} to {last}.",
        "請選擇 {first} 至 {last} 之間的日期。",
        "请选择 {first} 至 {last} 之间的日期。",
    )


def ensure_may_wait(until: date, due_on: date, today: date) -> None:
    """Refuse to put a bill off past its last day, past `LATER_DAYS`, or not at all.

    BillCannotWait, LaterDateWrong.
    """
    first, last = today + timedelta(days=1), min(due_on, today + timedelta(days=LATER_DAYS))
    if last < first:
        raise BillCannotWait
    if not first <= until <= last:
        raise LaterDateWrong(first=first.isoformat(), last=last.isoformat())


def still_later(later_on: date | None, today: date) -> date | None:
    """Return the day until which a bill is put off, None once that day has come."""
    return later_on if later_on is not None and later_on > today else None
