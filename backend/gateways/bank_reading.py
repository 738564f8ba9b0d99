"""Reads what the bank says, trusting none of it: strict JSON, and every value held to its shape.

The shapes are those of docs/bank-api.md. Fields that are not named there are passed over.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, NoReturn, TypeVar

from backend.core.clock import hong_kong_date
from backend.gateways.bank import (
    BankRefund,
    FoundOrder,
    OrderState,
    RefundStanding,
    StatementLine,
    Transaction,
)

MOST_CENTS = 999_999_999_999
MOST_TRANSACTIONS = 1_000
LONGEST_TEXT = 140
LONGEST_REASON = 500
NAME = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
# RFC 3339; years that a calendar in any zone can show
MOMENT = re.compile(r"2[0-8]\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)
DAY = re.compile(r"2[0-8]\d\d-\d\d-\d\d", re.ASCII)
NOT_TEXT = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\ud800-\\udfff]")  # neither stored nor shown
State = TypeVar("State", bound=StrEnum)


class NotAsWritten(Exception):
    """What the bank says is not of the documented shape; the message names the field alone."""


@dataclass(frozen=True)
class Trailer:
    """The last line of a statement: what the lines before it must come to."""

    day: date
    count: int
    credit_cents: int
    debit_cents: int


def object_of(raw: bytes) -> Mapping[str, Any]:
    """Return the JSON object in `raw`: UTF-8, no doubled names, no NaN."""
    try:
        value = json.loads(
            raw.decode("utf-8"), object_pairs_hook=_no_doubles, parse_constant=_no_constant
        )
    except (ValueError, RecursionError) as error:
        raise NotAsWritten("the body") from error
    return _object(value, "the body")


def order_of(said: Mapping[str, Any]) -> FoundOrder:
    """Return the order that a reply describes."""
    listed = said.get("transactions")
    if not isinstance(listed, list) or len(listed) > MOST_TRANSACTIONS:
        raise NotAsWritten("transactions")
    transactions = tuple(transaction_of(each) for each in listed)
    numbers = {each.transaction_id for each in transactions}
    state = _state(said, OrderState)
    if len(numbers) < len(transactions) or bool(transactions) != (state is OrderState.PAID):
        raise NotAsWritten("transactions")
    return FoundOrder(name_of(said, "reference"), state, transactions)


def transaction_of(value: Any) -> Transaction:
    """Return the money that an object describes."""
    said = _object(value, "transaction")
    return Transaction(
        transaction_id=name_of(said, "transaction_id"),
        fps_reference=name_of(said, "fps_reference"),
        reference=text_of(said, "reference", LONGEST_TEXT),
        amount_cents=cents_of(said, "amount_cents"),
        currency=currency_of(said),
        paid_at=moment_of(said, "paid_at"),
    )


def refund_of(said: Mapping[str, Any]) -> BankRefund:
    """Return the refund that a reply describes."""
    state = _state(said, RefundStanding)
    is_done = state is RefundStanding.DONE
    return BankRefund(
        reference=name_of(said, "reference"),
        standing=state,
        reason=text_of(said, "reason", LONGEST_REASON),
        done_at=moment_of(said, "done_at") if is_done else None,
    )


def movement_of(said: Mapping[str, Any]) -> StatementLine | Trailer:
    """Return what one line of a statement says."""
    kind = said.get("type")
    if kind == "trailer":
        return Trailer(
            day=day_of(said, "day"),
            count=cents_of(said, "count", least=0),
            credit_cents=cents_of(said, "credit_cents", least=0, most=MOST_CENTS * 10**6),
            debit_cents=cents_of(said, "debit_cents", least=0, most=MOST_CENTS * 10**6),
        )
    if kind not in ("credit", "refund"):
        raise NotAsWritten("type")
    return StatementLine(
        transaction_id=name_of(said, "transaction_id"),
        is_refund=kind == "refund",
        reference=text_of(said, "reference", LONGEST_TEXT),
        fps_reference=name_of(said, "fps_reference"),
        amount_cents=cents_of(said, "amount_cents"),
        currency=currency_of(said),
        booked_at=moment_of(said, "booked_at"),
    )


def name_of(said: Mapping[str, Any], field: str) -> str:
    """Return a reference or number: letters, digits and `. _ -`."""
    value = said.get(field)
    if not isinstance(value, str) or not NAME.fullmatch(value):
        raise NotAsWritten(field)
    return value


def text_of(said: Mapping[str, Any], field: str, most: int) -> str | None:
    """Return a short text that can be stored and shown, None where there is none."""
    value = said.get(field)
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > most or NOT_TEXT.search(value):
        raise NotAsWritten(field)
    return value or None


def cents_of(said: Mapping[str, Any], field: str, least: int = 1, most: int = MOST_CENTS) -> int:
    """Return whole cents, or a count."""
    value = said.get(field)
    if type(value) is not int or not least <= value <= most:
        raise NotAsWritten(field)
    return value


def currency_of(said: Mapping[str, Any]) -> str:
    """Return a currency by its three letters (ISO 4217)."""
    value = said.get("currency")
    if not isinstance(value, str) or not CURRENCY.fullmatch(value):
        raise NotAsWritten("currency")
    return value


def moment_of(said: Mapping[str, Any], field: str) -> datetime:
    """Return a time (RFC 3339), in UTC."""
    value = said.get(field)
    if not isinstance(value, str) or not MOMENT.fullmatch(value):
        raise NotAsWritten(field)
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except ValueError as error:
        raise NotAsWritten(field) from error


def day_of(said: Mapping[str, Any], field: str) -> date:
    """Return a date, YYYY-MM-DD."""
    value = said.get(field)
    if not isinstance(value, str) or not DAY.fullmatch(value):
        raise NotAsWritten(field)
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise NotAsWritten(field) from error


@dataclass
class Sums:
    """What the lines of a day's statement come to, line by line."""

    day: date
    count: int = 0
    credit_cents: int = 0
    debit_cents: int = 0

    def add(self, line: StatementLine) -> None:
        """Count a line; one that was booked on another day is not of this file."""
        if hong_kong_date(line.booked_at) != self.day:
            raise NotAsWritten("booked_at")
        self.count += 1
        if line.is_refund:
            self.debit_cents += line.amount_cents
        else:
            self.credit_cents += line.amount_cents

    def check(self, trailer: Trailer) -> None:
        """Refuse a trailer of another day, or one that says other sums than the lines."""
        if trailer != Trailer(self.day, self.count, self.credit_cents, self.debit_cents):
            raise NotAsWritten("trailer")


def _object(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise NotAsWritten(name)
    return value


def _state(said: Mapping[str, Any], states: type[State]) -> State:
    try:
        return states(str(said.get("state")))
    except ValueError as error:
        raise NotAsWritten("state") from error


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise NotAsWritten("a name that stands twice")
    return found


def _no_constant(name: str) -> NoReturn:
    raise NotAsWritten(name)
