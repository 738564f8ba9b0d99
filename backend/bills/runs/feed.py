"""The bytes of a file become lines of text, with their numbers and where they end."""

import re
from collections.abc import Callable, Iterator

from backend.bills.runs.problems import Problem
from backend.bills.runs.rules import LONGEST_LINE_BYTES

# From a byte of the file on, in pieces of any size.
Pieces = Callable[[int], Iterator[bytes]]
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
OTHER_MARKS = (b"\xff\xfe", b"\xfe\xff")  # UTF-16 and UTF-32
CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class LineWrong(Exception):
    """A line that cannot be read; the next one may be."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


class Feed:
    """An iterator of lines, each ending in a line feed alone; LineWrong for one that is no text.

    `read_bytes` and `read_lines` say how far it came: a later one goes on from there. A record may
    run over several lines; whoever reads one says where it `begins`, so that a quote that is never
    closed does not swallow the file.
    """

    def __init__(self, pieces: Pieces, read_bytes: int = 0, read_lines: int = 0) -> None:
        self.read_bytes, self.read_lines = read_bytes, read_lines
        self._record_byte, self._record_line = read_bytes, read_lines
        self._raw_lines = self._split(pieces(read_bytes))

    def __iter__(self) -> "Feed":
        return self

    def __next__(self) -> str:
        raw, is_clean = next(self._raw_lines)
        self.read_lines += 1
        if self.read_bytes == 0:
            raw = self._without_mark(raw)
        self.read_bytes += len(raw)
        if self.read_bytes - self._record_byte > LONGEST_LINE_BYTES:
            raise LineWrong(self._too_long(self._record_line + 1))
        if not is_clean and CONTROL.search(raw):
            raise LineWrong(Problem(self.read_lines, "control_character"))
        try:
            text = raw.decode()
        except UnicodeDecodeError as error:
            raise LineWrong(Problem(self.read_lines, "not_utf8")) from error
        return text[:-2] + "\n" if text.endswith("\r\n") else text

    def begins(self) -> int:
        """Say that the next line begins a record; return its number."""
        self._record_byte, self._record_line = self.read_bytes, self.read_lines
        return self.read_lines + 1

    def _without_mark(self, raw: bytes) -> bytes:
        if raw.startswith(OTHER_MARKS):
            raise LineWrong(Problem(1, "not_utf8", is_fatal=True))
        if raw.startswith(BYTE_ORDER_MARK):
            self.read_bytes = len(BYTE_ORDER_MARK)
            return raw[len(BYTE_ORDER_MARK) :]
        return raw

    def _split(self, pieces: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
        """Cut pieces into lines with their ends, and say of each that it holds no control byte.

        One search goes over a whole piece; only in a piece that holds some are lines looked at.
        """
        rest, rest_is_clean = b"", True
        for piece in pieces:
            is_clean = rest_is_clean and not CONTROL.search(piece)
            lines = (rest + piece).split(b"\n")
            rest, rest_is_clean = lines.pop(), is_clean
            for line in lines:
                yield line + b"\n", is_clean
            if len(rest) > LONGEST_LINE_BYTES:
                raise LineWrong(self._too_long(self.read_lines + 1))
        if rest:
            yield rest, rest_is_clean

    @staticmethod
    def _too_long(line: int) -> Problem:
        values = {"most": LONGEST_LINE_BYTES}
        return Problem(line, "line_too_long", values=values, is_fatal=True)
