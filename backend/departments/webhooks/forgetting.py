"""Forgets departments' events in time, told or not."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from backend.core.database import Database
from backend.departments.webhooks import rules
from backend.departments.webhooks.models import DepartmentEvent, events_settled_before

AT_ONCE = 1000


def forget_events(rows: Database, now_of: Callable[[], datetime]) -> None:
    """Forget all whose time is over, a thousand in each transaction; what waits is never forgotten."""
    before = now_of() - rules.KEPT_FOR
    forgotten = AT_ONCE
    while forgotten >= AT_ONCE:
        with rows.transaction() as db:
            forgotten = _forget_some(db, before)


def _forget_some(db: Session, before: datetime) -> int:
    ids = db.scalars(events_settled_before(before, AT_ONCE)).all()
    db.execute(delete(DepartmentEvent).where(DepartmentEvent.id.in_(ids)))
    return len(ids)
