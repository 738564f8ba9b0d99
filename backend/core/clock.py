"""The one clock, and the ids that carry its time."""

import base64
import secrets
from datetime import UTC, date, datetime, timedelta, timezone

# No summer time since 1979; said here, as a bare machine has no time zone database to ask.
HONG_KONG = timezone(timedelta(hours=8), "HKT")
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_FROM_RFC_4648 = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", _ALPHABET.encode())
ID_PATTERN = r"[a-z]{2,5}_[0-9a-hjkmnp-tv-z]{26}"


def now() -> datetime:
    """Return the time now, aware, in UTC."""
    return datetime.now(UTC)


def hong_kong_date(moment: datetime) -> date:
    """Return the date that a calendar in Hong Kong shows at `moment`."""
    return moment.astimezone(HONG_KONG).date()


def new_ids(prefix: str, count: int) -> list[str]:
    """Return `count` fresh ids as `new_id` makes them, all of this moment."""
    time_digits = new_id(prefix)[: len(prefix) + 11]
    # 80 random bits are 16 whole digits.
    random = base64.b32encode(secrets.token_bytes(10 * count)).translate(_FROM_RFC_4648).decode()
    return [time_digits + random[at : at + 16] for at in range(0, 16 * count, 16)]


def new_id(prefix: str) -> str:
    """Return a fresh id: `prefix`, 48 bits of time in ms, 80 random bits, in lower-case base 32.

    The layout is that of a ULID, so ids made later sort later; one spelling each.
    """
    return _written(prefix, (int(now().timestamp() * 1000) << 80) | secrets.randbits(80))


def first_id(prefix: str, moment: datetime) -> str:
    """Return an id that sorts before all that `new_id` makes from `moment` on."""
    return _written(prefix, int(moment.timestamp() * 1000) << 80)


def _written(prefix: str, number: int) -> str:
    return f"{prefix}_{''.join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))}"
