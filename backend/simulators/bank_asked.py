"""What the simulated bank's API takes as a body; the rest is refused as its document says."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from flask import request

from backend.simulators.bank_money import Refused

MOST_CENTS = 999_999_999_999
REFERENCE = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
Shape = Mapping[str, Callable[[Any], Any]]


def content_of(shape: Shape) -> dict[str, Any]:
    """Return the values of the request's body; Refused where they are not of the shape."""
    if not REFERENCE.fullmatch(str((request.view_args or {}).get("reference", ""))):
        raise Refused(422, "not_valid")
    said: Any = request.get_json(force=True, silent=True)
    if not isinstance(said, dict) or set(said) != set(shape):
        raise Refused(400, "not_readable")
    return {name: read(said[name]) for name, read in shape.items()}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Refused(400, "not_readable")
    if not 0 < len(value) <= 64:
        raise Refused(422, "not_valid")
    return value


def _cents(value: Any) -> int:
    if type(value) is not int:
        raise Refused(400, "not_readable")
    if not 0 < value <= MOST_CENTS:
        raise Refused(422, "not_valid")
    return value


def _currency(value: Any) -> str:
    if value not in ("HKD", "CNY"):
        raise Refused(422, "not_valid")
    return str(value)


def _moment(value: Any) -> str:
    """Return a time in one spelling, so that the same time is the same content."""
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise Refused(400, "not_readable") from error
    if moment.tzinfo is None:
        raise Refused(400, "not_readable")
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


order_shape: Shape = {
    "bill_number": _text,
    "amount_cents": _cents,
    "currency": _currency,
    "expires_at": _moment,
}
refund_shape: Shape = {"transaction_id": _text, "amount_cents": _cents}
