"""Keeps many short texts in one run of bytes: tens of thousands cost little more than their letters.

UTF-8 sorts as the characters do, so that sorted lines can be searched by halving as they are.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

END = b"\n"
# A byte that no UTF-8 holds: behind some text, it is beyond every line that begins so.
BEYOND = b"\xff"


@dataclass(frozen=True)
class Lines(Sequence[bytes]):
    """Texts without line breaks; line `i` is `packed[starts[i]:starts[i + 1] - 1]`."""

    packed: bytes
    starts: NDArray[np.int32]

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Lines":
        lines = [text.encode() for text in texts]
        starts = np.cumsum([0, *(len(line) + 1 for line in lines)], dtype=np.int32)
        return cls(b"".join(line + END for line in lines), starts)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, number: int) -> bytes:  # type: ignore[override]  # no slices
        return self.packed[self.starts[number] : self.starts[number + 1] - 1]

    def between(self, first: int, end: int) -> list[str]:
        """Return the texts from `first` up to `end` (exclusive)."""
        part = self.packed[self.starts[first] : self.starts[end]]
        return part.decode().split("\n")[:-1]
