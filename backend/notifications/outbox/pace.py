"""One pace for all workers: a token bucket in one row, which ramps up and heeds the API's headroom.

FCM gives a project 600,000 messages a minute and asks senders to take a minute to come up to speed
(Firebase, "Best practices when sending FCM messages at scale"); our default keeps to 60 % of that.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.core.database import insert_unless_there
from backend.notifications.outbox.models import PushPace

RAMP_SECONDS = 60.0
RAMP_FROM = 0.05  # of the full pace
HANDFUL = 50  # a claim of fewer is not worth its commit while there is a ramp or a jam
THE_ROW = 1
AT_REST = timedelta(seconds=60)  # after which the next push begins a new ramp


@dataclass(frozen=True)
class Pace:
    """How many pushes may go: `tokens` at the moment `counted_at`, busy without rest since."""

    tokens: float
    counted_at: datetime
    busy_since: datetime


def refilled(pace: Pace | None, now: datetime, per_second: float) -> Pace:
    """Return the pace at `now`; the bucket holds what may go in one second.

    A clock that was set back counts as one second gone by.
    """
    handful = min(float(HANDFUL), per_second)
    if pace is None or now - pace.counted_at > AT_REST:
        return Pace(max(per_second * RAMP_FROM, handful), now, now)
    gone = (now - pace.counted_at).total_seconds()
    if gone < 0:
        gone, pace = 1.0, replace(pace, busy_since=min(pace.busy_since, now))
    rate = rate_at(pace, now, per_second)
    return replace(pace, tokens=min(pace.tokens + gone * rate, max(rate, handful)), counted_at=now)


def rate_at(pace: Pace, now: datetime, per_second: float) -> float:
    """Return how many pushes a second may go `now`: a straight ramp up to `per_second`."""
    busy = (now - pace.busy_since).total_seconds()
    return per_second * min(1.0, max(RAMP_FROM, busy / RAMP_SECONDS))


def take_turn(db: Session, now: datetime, per_second: float) -> PushPace:
    """Lock the row of the pace until the commit, and fill it up.

    Claims follow one another for it: so that one pace holds for all, and a resident's pushes of the
    day are counted by one worker at a time.
    """
    held = select(PushPace).where(PushPace.id == THE_ROW).with_for_update()
    row = db.scalars(held).one_or_none()
    if row is None:
        fresh = refilled(None, now, per_second)
        values = {"id": THE_ROW, "tokens": fresh.tokens, "counted_at": now, "busy_since": now}
        insert_unless_there(db, PushPace, values)
        row = db.scalars(held).one()
    pace = refilled(Pace(row.tokens, row.counted_at, row.busy_since), now, per_second)
    row.tokens, row.counted_at, row.busy_since = pace.tokens, pace.counted_at, pace.busy_since
    return row


def wait_for_tokens(row: PushPace, now: datetime, per_second: float) -> datetime | None:
    """Return when a handful may go, None where it may already."""
    rate = rate_at(Pace(row.tokens, row.counted_at, row.busy_since), now, per_second)
    handful = max(1.0, min(HANDFUL, rate / 4))
    if row.tokens >= handful:
        return None
    return now + timedelta(seconds=(handful - row.tokens) / rate)
