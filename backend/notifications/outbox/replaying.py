"""Parked pushes: seen by their reasons, and wanted again once what was wrong is mended."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from backend.core.database import Database
from backend.notifications.outbox.counting import uncount_for_runs
from backend.notifications.outbox.parking import parked, parked_by_reason, wanted_again

A_BATCH = 1000


@dataclass(frozen=True)
class Parked:
    """How many pushes are parked for one reason, the first of them since when."""

    reason: str
    count: int
    since: datetime


def list_parked(db: Session) -> list[Parked]:
    """Return what is parked, by reason."""
    rows = db.execute(parked_by_reason())
    return [Parked(reason or "unknown", count, since) for reason, count, since in rows if since]


def replay(
    rows: Database, reason: str | None, now: datetime, ring: Callable[[], None]
) -> Iterator[int]:
    """Let parked pushes wait again, of one reason or any; yield how many, batch by batch.

    What is parked anew meanwhile stays parked. One that is too old by now is dropped by its worker.
    """
    while True:
        with rows.transaction() as db:
            found = db.execute(parked(reason, now, A_BATCH)).all()
            if not found:
                return
            db.execute(wanted_again([id_ for id_, _ in found], now))
            uncount_for_runs(db, (queue for _, queue in found), "failed")
        ring()
        yield len(found)
        rows.let_others_write()
