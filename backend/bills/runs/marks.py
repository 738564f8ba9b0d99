"""Finds bill numbers that stand twice in a file, in sixteen bytes a line."""

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np

from backend.bills.runs.problems import Problem

# 96 bits of a hash tell two million numbers apart but for one file in 10^16; then the line.
MARK = np.dtype([("hash", "<u8"), ("more", "<u4"), ("line", "<u4")])
HASH_BYTES = 12


def marks_for(bills: Iterable[tuple[int, str]]) -> bytes:
    """Return what is noted of bills, each given by its line and its number."""
    return b"".join(
        hashlib.blake2b(number.encode(), digest_size=HASH_BYTES).digest()
        + line.to_bytes(4, "little")
        for line, number in bills
    )


def find_doubles(noted: Sequence[bytes]) -> list[Problem]:
    """Return a problem for each line whose number stands in an earlier one, in their order."""
    marks = np.frombuffer(b"".join(noted), dtype=MARK)
    order = np.lexsort((marks["line"], marks["more"], marks["hash"]))
    before, after = order[:-1], order[1:]
    same = (marks["hash"][before] == marks["hash"][after]) & (
        marks["more"][before] == marks["more"][after]
    )
    pairs = zip(marks["line"][after][same], marks["line"][before][same], strict=True)
    return [
        Problem(line, "number_twice", "bill_number", {"other": other})
        for line, other in sorted((int(line), int(other)) for line, other in pairs)
    ]
