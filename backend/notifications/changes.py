"""What changed in an inbox since an app looked last, so that it need not read all of it again."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from backend.notifications.inbox import Place, encode_place, encode_since
from backend.notifications.models import Message, changes_to


@dataclass(frozen=True)
class Changes:
    """Some of an inbox's changes: where the walk goes on, or at its end the token for the next."""

    items: Sequence[Message]
    next_cursor: str | None
    since: str | None


def list_changes(db: Session, resident_id: str, place: Place, limit: int) -> Changes:
    """Return what came or changed behind a place, the oldest change first, replaced messages too.

    Each page lies behind the one before, however many messages changed at one moment. What commits
    behind the walk's back while it goes on is told by the next, as the token that it ends with is
    of its beginning.
    """
    rows = db.scalars(changes_to(resident_id, place, limit + 1)).all()
    if len(rows) <= limit:
        return Changes(rows, None, encode_since(place.asked_at))
    last = rows[limit - 1]
    here = Place(last.changed_at or last.created_at, last.id, place.asked_at)
    return Changes(rows[:limit], encode_place(here), None)
