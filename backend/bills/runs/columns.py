"""The first line of a CSV file names its columns; a line below it becomes a bill as JSON has it."""

from collections.abc import Sequence
from typing import Any

from backend.bills.runs.problems import Problem

NEEDED = ("bill_number", "kind", "amount_cents", "due_on")
PERIOD = {"period_from": "from", "period_to": "to"}
SURCHARGE = {
    "surcharge_after": "after",
    "surcharge_cents": "amount_cents",
    "surcharge_rule": "rule",
}
PLAIN = (
    *NEEDED,
    "resident_id",
    "account_number",
    "link_code",
    "issued_on",
    "currency",
    "payer_name",
    "premises",
    "legal_basis",
    "payment_reference",
    "contact",
    "pdf_url",
)
KNOWN = frozenset({*PLAIN, *PERIOD, *SURCHARGE})
WHOLE_NUMBERS = ("amount_cents", "surcharge_cents")
MOST_DIGITS = 15
# Where the API's shape places a fault -> the column that it stands in.
COLUMNS_OF_POINTERS = {
    **{f"period/{part}": column for column, part in PERIOD.items()},
    **{f"surcharges/0/{part}": column for column, part in SURCHARGE.items()},
    "surcharges/0": "surcharge_after",
    "period": "period_from",
}


class HeaderWrong(Exception):
    """The first line does not name the columns as it must."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(", ".join(problem.code for problem in problems))
        self.problems = problems


class Columns:
    """The columns of one file, in its own order."""

    def __init__(self, names: list[str]) -> None:
        """HeaderWrong where one is unknown, doubled or missing."""
        if not any(names):
            raise HeaderWrong([Problem(1, "header_missing", is_fatal=True)])
        unknown = [name[:80] for name in names if name not in KNOWN]
        doubled = {name for name in names if names.count(name) > 1} & KNOWN
        missing = [name for name in NEEDED if name not in names]
        wrong = {"column_unknown": unknown, "column_twice": sorted(doubled)}
        problems = [
            Problem(1, code, name, is_fatal=True)
            for code, columns in {**wrong, "column_missing": missing}.items()
            for name in columns
        ]
        if problems:
            raise HeaderWrong(problems)
        self.names = tuple(names)
        self.count = len(names)
        self.has_period = not PERIOD.keys().isdisjoint(names)
        self.has_surcharge = not SURCHARGE.keys().isdisjoint(names)

    def body(self, cells: Sequence[str]) -> dict[str, Any]:
        """Return a line as the API takes a bill; an empty cell says nothing."""
        body: dict[str, Any] = {
            name: cell for name, cell in zip(self.names, cells, strict=True) if cell
        }
        for name in WHOLE_NUMBERS:
            if name in body:
                body[name] = _whole_number(body[name])
        if self.has_period:
            _gather(body, PERIOD, "period")
        if self.has_surcharge:
            _gather(body, SURCHARGE, "surcharges")
            if "surcharges" in body:
                body["surcharges"] = [body["surcharges"]]
        return body


def _whole_number(cell: str) -> int | str:
    """Read plain digits; whatever else it is, the shape refuses as a text."""
    if cell.isascii() and cell.isdigit() and len(cell) <= MOST_DIGITS:
        return int(cell)
    return cell


def _gather(body: dict[str, Any], parts: dict[str, str], into: str) -> None:
    stated = {part: body.pop(column) for column, part in parts.items() if column in body}
    if stated:
        body[into] = stated
