"""Whether what a reminder says is still so when its push goes."""

from collections.abc import Callable, Collection
from datetime import datetime

from sqlalchemy.orm import Session

from backend.bills.reminding.models import open_and_due_on
from backend.core.clock import hong_kong_date


def due_today_among(
    now_of: Callable[[], datetime], db: Session, bill_ids: Collection[str]
) -> Collection[str]:
    """Return those of these bills that are still to be paid, and whose last day is today.

    A push that waited for the end of somebody's quiet hours may come after that day.
    """
    return set(db.scalars(open_and_due_on(hong_kong_date(now_of()), bill_ids)))
