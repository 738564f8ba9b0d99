"""A batch of a CSV file, looked at column by column: the quick way for what is plainly sound.

A batch that holds anything else goes row by row, and a row that is not plain to the API's shape,
so that all three ways say the same; tests hold them against each other.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from backend.bills import bounds
from backend.bills.linking.rules import plain_account
from backend.bills.rules import MOST_CENTS
from backend.bills.runs.columns import MOST_DIGITS, NEEDED, SURCHARGE, Columns
from backend.bills.runs.quick import KINDS, RESIDENT_ID, NotPlain, day_of, matcher_of

Cells = Sequence[str | None]
DETAILS = (
    "payer_name",
    "premises",
    "period_from",
    "period_to",
    "legal_basis",
    "payment_reference",
    "contact",
    "pdf_url",
)


class Sheet:
    """Bills of one batch, their members in columns; None where a bill leaves one out."""

    def __init__(self, columns: Columns, rows: Sequence[Sequence[str]], today: date) -> None:
        """Read and check them all; NotPlain where the row-wise way has to say.

        `today`, in Hong Kong, is the date of issue of a bill that states none.
        """
        self.count = len(rows)
        self._cells: dict[str, Cells] = {
            name: [cell or None for cell in cells]
            for name, cells in zip(columns.names, zip(*rows, strict=True), strict=True)
        }
        self._ensure_only_what_is_plain()
        numbers: Any = self._matching("bill_number", bounds.BILL_NUMBER)
        self.bill_numbers: Sequence[str] = numbers
        self.resident_ids = self._matching("resident_id", RESIDENT_ID)
        accounts = self._matching("account_number", bounds.ACCOUNT_NUMBER)
        # All at once; none of them holds a bar.
        plain = plain_account("|".join(each or "" for each in accounts)).split("|")
        self.account_numbers = [each or None for each in plain]
        self.link_codes = self._matching("link_code", bounds.LINK_CODE)
        self.kinds = self._one_of("kind", KINDS)
        self._one_of("currency", frozenset({"HKD", None}))
        self.amounts = self._amounts()
        self.due_on = self._dates("due_on")
        self.issued_on = [day or today for day in self._dates("issued_on")]
        self._ensure_rules()
        self.details = self._details()

    def _ensure_only_what_is_plain(self) -> None:
        """What is needed is there, and no bill has a surcharge."""
        if any(None in self._column(name) for name in NEEDED):
            raise NotPlain
        if any(any(self._column(name)) for name in SURCHARGE):
            raise NotPlain

    def _column(self, name: str) -> Cells:
        return self._cells.get(name) or [None] * self.count

    def _matching(self, name: str, pattern: str) -> Cells:
        cells = self._column(name)
        if not all(map(matcher_of(pattern), filter(None, cells))):
            raise NotPlain
        return cells

    def _one_of(self, name: str, known: frozenset[str | None]) -> Cells:
        cells = self._column(name)
        if not known.issuperset(cells):
            raise NotPlain
        return cells

    def _amounts(self) -> list[int]:
        cells: Any = self._column("amount_cents")
        together = "".join(cells)
        if (
            not (together.isascii() and together.isdecimal())
            or len(max(cells, key=len)) > MOST_DIGITS
        ):
            raise NotPlain
        amounts = list(map(int, cells))
        if min(amounts) < 1 or max(amounts) > MOST_CENTS:
            raise NotPlain
        return amounts

    def _dates(self, name: str) -> list[Any]:
        cells = self._column(name)
        days = {cell: cell and day_of(cell) for cell in set(cells)}
        return [days[cell] for cell in cells]

    def _ensure_rules(self) -> None:
        """Everybody is somebody's, no bill is due before it is issued, no period ends too soon."""
        if not all(a or b for a, b in zip(self.resident_ids, self.account_numbers, strict=True)):
            raise NotPlain
        if any(due < issued for due, issued in set(zip(self.due_on, self.issued_on, strict=True))):
            raise NotPlain
        periods = set(zip(self._dates("period_from"), self._dates("period_to"), strict=True))
        for begins, ends in periods - {(None, None)}:
            if begins is None or ends is None or ends < begins:
                raise NotPlain

    def _details(self) -> list[dict[str, str]]:
        for name in DETAILS:
            cells = list(filter(None, self._column(name)))
            if cells and not _are_readable(name, cells):
                raise NotPlain
        names = [name for name in DETAILS if name in self._cells]
        if not names:
            return [{}] * self.count
        return [
            {name: cell for name, cell in zip(names, cells, strict=True) if cell}
            for cells in zip(*(self._cells[name] for name in names), strict=True)
        ]


def _are_readable(name: str, cells: list[str]) -> bool:
    if name.startswith("period_"):
        return True  # looked at as dates
    if max(map(len, cells)) > bounds.LONGEST[name]:
        return False
    if name == "pdf_url":
        return all(map(matcher_of(bounds.SECURE_ADDRESS), cells))
    together = "".join(cells)
    is_bare = together.isascii() and together.isprintable() and all(map(str.strip, cells))
    return is_bare or all(map(bounds.is_text, cells))
