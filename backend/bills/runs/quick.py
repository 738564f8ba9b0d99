"""Reads a bill of a file as the API's shape would, twenty times as fast, where it is plainly sound.

Whatever is not goes to the shape itself, so that a file and a single post are refused alike.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from typing import Any

from backend.bills import bounds
from backend.bills.rules import MOST_CENTS, BillKind
from backend.core.clock import ID_PATTERN

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
KINDS = frozenset(map(str, BillKind))
RESIDENT_ID = f"^{ID_PATTERN}\\Z"
Reader = Callable[[Any], Any]


class NotPlain(Exception):
    """The bill is unsound, or so unusual that the shape has to say."""


@dataclass(frozen=True)
class Members:
    """How an object is read: each member it may have, and what stands for one that it leaves out."""

    readers: Mapping[str, Reader]
    left_out: Mapping[str, Any]

    def read(self, value: Any) -> dict[str, Any]:
        """Return the members as the loaded shape holds them; NotPlain."""
        if type(value) is not dict:
            raise NotPlain
        members = dict(self.left_out)
        for name, part in value.items():
            if part is None:
                self._ensure_nullable(name)
                continue
            reader = self.readers.get(name)
            if reader is None:
                raise NotPlain
            members[name] = reader(part)
        if len(members) != len(self.readers):
            raise NotPlain  # one that is needed lacks
        return members

    def _ensure_nullable(self, name: str) -> None:
        """What is None when it is left out may be null as well."""
        if self.left_out.get(name, ...) is not None:
            raise NotPlain


def plain_members(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of a bill as a loaded `BillPostShape` holds them; NotPlain."""
    return _BILL.read(body)


@cache
def matcher_of(pattern: str) -> Callable[[str], object]:
    """Return what says whether a text begins with `pattern`."""
    return re.compile(pattern).match


def _matching(pattern: str, longest: int | None = None) -> Reader:
    match = matcher_of(pattern)

    def read(value: Any) -> str:
        if type(value) is not str or not match(value) or (longest and len(value) > longest):
            raise NotPlain
        return value

    return read


def _text(name: str) -> Reader:
    longest = bounds.LONGEST[name]

    def read(value: Any) -> str:
        if type(value) is not str or not 0 < len(value) <= longest:
            raise NotPlain
        is_bare = value.isascii() and value.isprintable() and not value.isspace()
        if not is_bare and not bounds.is_text(value):
            raise NotPlain
        return value

    return read


def _whole(least: int) -> Reader:
    def read(value: Any) -> int:
        if type(value) is not int or not least <= value <= MOST_CENTS:
            raise NotPlain
        return value

    return read


def _one_of(known: frozenset[str]) -> Reader:
    def read(value: Any) -> str:
        if type(value) is not str or value not in known:
            raise NotPlain
        return value

    return read


@lru_cache(maxsize=1000)
def day_of(value: str) -> date:
    """Read a date as ISO 8601 writes it most often; NotPlain."""
    if not _DATE.fullmatch(value):
        raise NotPlain
    try:
        day = date.fromisoformat(value)
    except ValueError as error:
        raise NotPlain from error
    if not bounds.FIRST_DAY <= day <= bounds.LAST_DAY:
        raise NotPlain
    return day


def _date(value: Any) -> date:
    if type(value) is not str:
        raise NotPlain
    return day_of(value)


def _period(value: Any) -> dict[str, date]:
    if type(value) is not dict or value.keys() != {"from", "to"}:
        raise NotPlain
    return {"begins_on": _date(value["from"]), "ends_on": _date(value["to"])}


def _list_of(part: Members, most: int) -> Reader:
    def read(value: Any) -> list[dict[str, Any]]:
        if type(value) is not list or len(value) > most:
            raise NotPlain
        return [part.read(each) for each in value]

    return read


_LINE = Members(
    {"text": _text("line"), "amount_cents": _whole(-MOST_CENTS), "quantity": _text("quantity")},
    {"amount_cents": None, "quantity": None},
)
_SURCHARGE = Members({"after": _date, "amount_cents": _whole(1), "rule": _text("rule")}, {})
_READERS: dict[str, Reader] = {
    "resident_id": _matching(RESIDENT_ID),
    "bill_number": _matching(bounds.BILL_NUMBER),
    "kind": _one_of(KINDS),
    "amount_cents": _whole(1),
    "currency": _one_of(frozenset({"HKD"})),
    "issued_on": _date,
    "due_on": _date,
    "account_number": _matching(bounds.ACCOUNT_NUMBER),
    "link_code": _matching(bounds.LINK_CODE),
    "payer_name": _text("payer_name"),
    "premises": _text("premises"),
    "period": _period,
    "lines": _list_of(_LINE, bounds.MOST_LINES),
    "surcharges": _list_of(_SURCHARGE, bounds.MOST_SURCHARGES),
    "legal_basis": _text("legal_basis"),
    "payment_reference": _text("payment_reference"),
    "contact": _text("contact"),
    "pdf_url": _matching(bounds.SECURE_ADDRESS, bounds.LONGEST["pdf_url"]),
}
_NEEDED = ("bill_number", "kind", "amount_cents", "due_on")
_OTHERWISE: dict[str, Any] = {"currency": "HKD", "lines": (), "surcharges": ()}
_BILL = Members(_READERS, {name: _OTHERWISE.get(name) for name in _READERS if name not in _NEEDED})
