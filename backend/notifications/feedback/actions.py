"""A department looks at what became of what it had told."""

from sqlalchemy.orm import Session

from backend.core.paging import Page, decode_cursor, encode_cursor
from backend.notifications.feedback.models import pushes_of, told_of
from backend.notifications.feedback.rules import Fate, Pushes, state_of


def list_fates(
    db: Session, department_id: str, about_id: str, cursor: str | None, limit: int
) -> Page[Fate]:
    """Return a page of what became of a department's messages about a bill, the oldest first."""
    after_id = decode_cursor(cursor, 1)[0] if cursor else ""
    rows = db.execute(told_of(department_id, about_id, after_id, limit + 1)).all()
    shown = rows[:limit]
    pushes = {
        message_id: Pushes(still_to_go, first_sent_at)
        for message_id, still_to_go, first_sent_at in db.execute(
            pushes_of([message_id for message_id, *_ in shown])
        )
    }
    fates = [
        Fate(
            kind=kind,
            accepted_at=accepted_at,
            state=state_of(pushes.get(message_id, Pushes()), read_at),
            delivered_at=pushes.get(message_id, Pushes()).first_sent_at,
            read_at=read_at,
        )
        for message_id, kind, accepted_at, read_at in shown
    ]
    return Page(fates, encode_cursor(shown[-1][0]) if len(rows) > limit else None)
