"""Which days are held against the bank's file, when, and what may turn out to differ."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from backend.core.errors import Invalid, NotFound
from backend.core.languages import Words

OPENS_AT_HOUR = 1  # of the next day: by then the bank's file of a day is complete
TRIED_AGAIN_AFTER = timedelta(minutes=30)
A_DAY = timedelta(days=1)
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2199, 12, 31)


class FindingKind(StrEnum):
    """Where books and bank did not agree."""

    LATE = "late"  # at the bank, and not in our books until its file told us
    OVER = "over"  # in our books, and not in the bank's file
    UNDER = "under"  # in both, of different amounts
    UNKNOWN = "unknown"  # at the bank, under a reference that is none of ours
    UNAPPROVED = "unapproved"  # paid back by the bank, and not sent by us or not held any more


@dataclass(frozen=True)
class Money:
    """Cents of a currency."""

    cents: int
    currency: str


class FindingNotFound(NotFound):
    code = "finding_not_found"


class DayNotReadable(Invalid):
    code = "day_not_readable"
    says = Words(
        "Name the day as YYYY-MM-DD, a date in Hong Kong.",
        "請以 YYYY-MM-DD 格式註明香港日期。",
        "请以 YYYY-MM-DD 格式注明香港日期。",
    )
