"""The secret address of a calendar, and the words in it: no amount, no name, no account."""

import hashlib
import secrets

from backend.core.errors import NotFound
from backend.core.languages import Words

MOST_EVENTS = 500
CALENDAR_NAME = Words("Bills due", "賬單繳款限期", "账单缴款期限")
EVENT_NAME = Words("{title} due", "{title}繳款限期", "{title}缴款期限")


class CalendarNotFound(NotFound):
    """A wrong address; it must look like any address where nothing ever was."""


def new_token() -> str:
    """Return a fresh token of a calendar's address: 256 random bits."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """Return what is stored of a token. Its 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()
