"""How long a conversation is kept, and how one that is not there is refused."""

from datetime import datetime, timedelta

from backend.core.errors import NotFound

KEPT_FOR = timedelta(minutes=30)
SWEPT_PER_BEGIN = 10  # more than one begin adds, so that none pile up


class ConversationNotFound(NotFound):
    code = "conversation_not_found"


def expiry(last_turn_at: datetime) -> datetime:
    """Return when a conversation is forgotten."""
    return last_turn_at + KEPT_FOR
