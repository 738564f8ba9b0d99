"""For how long a push is worth sending, and worth keeping for a phone that is off."""

from datetime import datetime, time, timedelta

from backend.core.clock import HONG_KONG, hong_kong_date
from backend.notifications.rules import WORTH_PUSHING_FOR, MessageKind


def worth_until(kind: MessageKind, created_at: datetime) -> datetime:
    """Return when a push is to be thrown away: what is due today is no news tomorrow."""
    until = created_at + WORTH_PUSHING_FOR[kind]
    if kind is not MessageKind.BILL_DUE_TODAY:
        return until
    tomorrow = hong_kong_date(created_at) + timedelta(days=1)
    return min(until, datetime.combine(tomorrow, time(), HONG_KONG).astimezone(created_at.tzinfo))
