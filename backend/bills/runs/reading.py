"""A file of bills, read line by line: CSV (RFC 4180) with a header, or JSON lines, and a trailer.

What comes out is in the very shape of a bill that is posted singly.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from backend.bills.runs import problems
from backend.bills.runs.columns import Columns, HeaderWrong
from backend.bills.runs.feed import Feed, LineWrong, Pieces
from backend.bills.runs.problems import Problem
from backend.bills.runs.rules import BATCH, FileFormat
from backend.core.http import bodies

TRAILER = "#total"
NAME_OF_TRAILER = "total"  # as it comes in a trailer with a mistake, such as `#Total` or `total:`
MOST_DIGITS = 15
MOST_BLANK_LINES = 1000


class Row(NamedTuple):
    """One bill of the file and the line in which it begins: a JSON object, or cells of CSV."""

    line: int
    held: Any


@dataclass(frozen=True)
class Trailer:
    """What the last line says of the file: how many bills, how many cents in all."""

    line: int
    count: int
    total_cents: int


Item = Row | Trailer | Problem


@dataclass
class Batch:
    """Some bills of a file, one after the other, and how far the file is read with them."""

    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    trailer: Trailer | None = None
    is_last: bool = False
    read_bytes: int = 0
    read_lines: int = 0
    columns: Columns | None = None  # of CSV

    def bodies(self) -> Iterator[tuple[int, Any]]:
        """Give each bill's line, and the bill in the shape of the API."""
        body = self.columns.body if self.columns else _as_it_is
        return ((line, body(held)) for line, held in self.rows)

    @property
    def lines(self) -> int:
        """How many bills there are in it, sound or not."""
        return len(self.rows) + len(self.problems)


class Reader:
    """Reads a file from where it was left, a batch at a time."""

    def __init__(
        self, file_format: FileFormat, pieces: Pieces, read_bytes: int = 0, read_lines: int = 0
    ) -> None:
        self.feed = Feed(pieces, read_bytes, read_lines)
        self.columns: Columns | None = None
        if file_format is FileFormat.NDJSON:
            self.items = _until_fatal(_json_items(self.feed))
            return
        try:
            self.columns = _columns(self.feed if read_bytes == 0 else Feed(pieces))
            self.items = _until_fatal(_csv_items(self.feed, self.columns))
        except HeaderWrong as wrong:
            self.items = iter(wrong.problems)

    def batch(self, most: int = BATCH) -> Batch:
        """Read the next bills, `most` at most; the last batch holds the trailer, if there is one."""
        batch = Batch(columns=self.columns)
        for item in self.items:
            if isinstance(item, Row):
                batch.rows.append(item)
            elif isinstance(item, Trailer):
                batch.trailer = item
                batch.problems += _after_trailer(self.items)
                batch.is_last = True
                break
            else:
                batch.problems.append(item)
                batch.is_last = item.is_fatal
            if batch.lines >= most:
                break
        else:
            batch.is_last = True
        batch.read_bytes, batch.read_lines = self.feed.read_bytes, self.feed.read_lines
        return batch


def _until_fatal(items: Iterator[Item]) -> Iterator[Item]:
    for item in items:
        yield item
        if isinstance(item, Problem) and item.is_fatal:
            return


def _after_trailer(items: Iterator[Item]) -> list[Problem]:
    """Pass over blank lines behind the trailer; whatever else stands there is a problem."""
    for blanks, item in enumerate(items):
        if isinstance(item, Problem) and item.code == "empty_line" and blanks < MOST_BLANK_LINES:
            continue
        return [Problem(item.line, "after_trailer", is_fatal=True)]
    return []


def _as_it_is(held: Any) -> Any:
    return held


def _csv_items(feed: Feed, columns: Columns) -> Iterator[Item]:
    reader = csv.reader(feed, strict=True)
    while True:
        line = feed.begins()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except LineWrong as wrong_line:
            yield wrong_line.problem
            reader = csv.reader(feed, strict=True)  # the old one is still inside its quotes
            continue
        except csv.Error:
            yield Problem(line, "quotes")
            reader = csv.reader(feed, strict=True)
            continue
        yield _csv_item(line, cells, columns)


def _columns(feed: Feed) -> Columns:
    try:
        cells = next(csv.reader(feed, strict=True))
    except (StopIteration, csv.Error) as error:
        raise HeaderWrong([Problem(1, "header_missing", is_fatal=True)]) from error
    except LineWrong as error:
        raise HeaderWrong([error.problem]) from error
    return Columns(cells)


def _csv_item(line: int, cells: list[str], columns: Columns) -> Item:
    if not any(cells):
        return Problem(line, "empty_line")
    if _is_meant_as_trailer(cells):
        return _csv_trailer(line, cells)
    if len(cells) == columns.count:
        return Row(line, cells)
    return Problem(line, "columns", values={"found": len(cells), "wanted": columns.count})


def _is_meant_as_trailer(cells: list[str]) -> bool:
    """Say whether a line ends a file, by its mark, or by its name where it is too short for a bill."""
    if cells[0] == TRAILER:
        return True
    return cells[0].strip("# :").lower() == NAME_OF_TRAILER and not any(cells[3:])


def _csv_trailer(line: int, cells: list[str]) -> Item:
    """Read a trailer; a spreadsheet saves it as wide as the other lines, with empty cells."""
    width = max(at for at, cell in enumerate(cells, 1) if cell)
    if cells[0] != TRAILER:
        return Problem(line, "trailer_wrong", is_fatal=True)
    return _trailer(line, cells[1:width])


def _trailer(line: int, stated: list[Any]) -> Item:
    if len(stated) != 2 or not all(_is_count(text) for text in stated):
        return Problem(line, "trailer_wrong", is_fatal=True)
    return Trailer(line, int(stated[0]), int(stated[1]))


def _is_count(stated: Any) -> bool:
    if isinstance(stated, str):
        return stated.isascii() and stated.isdigit() and len(stated) <= MOST_DIGITS
    return (
        isinstance(stated, int) and not isinstance(stated, bool) and 0 <= stated < 10**MOST_DIGITS
    )


def _json_items(feed: Feed) -> Iterator[Item]:
    while True:
        line = feed.begins()
        try:
            text = next(feed)
        except StopIteration:
            return
        except LineWrong as wrong_line:
            yield wrong_line.problem
            continue
        yield _json_item(line, text)


def _json_item(line: int, text: str) -> Item:
    if not text.strip():
        return Problem(line, "empty_line")
    try:
        body = bodies.read_text(text)
    except bodies.BodyNotReadable as refusal:
        return problems.not_json(line, refusal)
    if not isinstance(body, dict):
        return Problem(line, "not_json", values={"why": "not_an_object"})
    return _json_trailer(line, body) if "trailer" in body else Row(line, body)


def _json_trailer(line: int, body: dict[str, Any]) -> Item:
    stated = body["trailer"] if len(body) == 1 else None
    if not isinstance(stated, dict) or stated.keys() != {"count", "total_cents"}:
        return Problem(line, "trailer_wrong", is_fatal=True)
    if any(isinstance(number, str) for number in stated.values()):
        return Problem(line, "trailer_wrong", is_fatal=True)
    return _trailer(line, [stated["count"], stated["total_cents"]])
