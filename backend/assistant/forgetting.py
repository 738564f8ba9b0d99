"""Forgets missed questions and conversations in time, even where nobody asks anything any more."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from backend.assistant.conversations import actions as conversations
from backend.assistant.feedback import actions as feedback
from backend.core import clock
from backend.core.database import Database

AT_ONCE = 1000


def forget_in_time(rows: Database, now_of: Callable[[], datetime]) -> None:
    """Forget all whose time is over, a thousand rows in each transaction."""
    moment = now_of()
    today = clock.hong_kong_date(moment)
    _all(rows, lambda db: feedback.forget_old(db, today, AT_ONCE))
    _all(rows, lambda db: conversations.forget_old(db, moment, AT_ONCE))


def _all(rows: Database, forget_some: Callable[[Session], int]) -> None:
    forgotten = AT_ONCE
    while forgotten >= AT_ONCE:
        with rows.transaction() as db:
            forgotten = forget_some(db)
