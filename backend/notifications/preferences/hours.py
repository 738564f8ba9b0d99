"""Quiet hours: a resident's own, in Hong Kong, whatever the clock of the host shows."""

import zlib
from datetime import datetime, time, timedelta

from backend.core.clock import HONG_KONG

SPREAD_SECONDS = 3600  # over which those who were quiet at the same time are pushed to again
AFTER_THE_HOUR = timedelta(minutes=2)  # when every clock in town has struck and much else goes out


def quiet_end(moment: datetime, quiet_from: str, quiet_until: str) -> datetime | None:
    """Return when the quiet hours end that `moment` falls into, None where it falls into none.

    Times are `HH:MM` in Hong Kong; the first belongs to the quiet hours and the last does not.
    Hours that end before they begin go over midnight; hours that are alike are none at all.
    """
    local = moment.astimezone(HONG_KONG)
    begin, end = time.fromisoformat(quiet_from), time.fromisoformat(quiet_until)
    now = local.time()
    is_over_midnight = end < begin
    is_quiet = (now >= begin or now < end) if is_over_midnight else begin <= now < end
    if not is_quiet:
        return None
    day = local.date() + timedelta(days=1) if is_over_midnight and now >= begin else local.date()
    return datetime.combine(day, end, HONG_KONG).astimezone(moment.tzinfo)


def resume_at(end: datetime, resident_id: str) -> datetime:
    """Return when a resident is pushed to again, spread over an hour from shortly after the end."""
    place = zlib.crc32(f"{resident_id}{end.date()}".encode()) % SPREAD_SECONDS
    return end + AFTER_THE_HOUR + timedelta(seconds=place)
