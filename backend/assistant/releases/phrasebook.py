"""Keeps the phrases of every target in one run of bytes; only those that are shown are unpacked."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from backend.core.languages import Language

# Up to so many targets, as a city has, each stays unpacked once it was shown.
MOST_UNPACKED = 512
LANGUAGES = tuple(Language)


@dataclass(frozen=True, slots=True)
class Examples:
    """The phrases of one target: as written, as folded, and in which language, side by side."""

    texts: tuple[str, ...]
    folded: tuple[str, ...]
    languages: tuple[Language, ...]

    @classmethod
    def of(cls, rows: Iterable[tuple[str, str, Language]]) -> "Examples":
        texts, folded, languages = zip(*rows, strict=True) if (rows := list(rows)) else ((),) * 3
        return cls(tuple(texts), tuple(folded), tuple(languages))

    def within(self, language: Language) -> "Examples":
        """Return the phrases of one language."""
        rows = zip(self.texts, self.folded, self.languages, strict=True)
        return Examples.of(row for row in rows if row[2] is language)


@dataclass(frozen=True)
class Phrasebook:
    """The `Examples` of every target: those of `target` are `packed[starts[target]:…]`, as JSON."""

    packed: NDArray[np.uint8]
    starts: NDArray[np.int64]
    unpacked: dict[int, Examples] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, every: Iterable[Examples]) -> "Phrasebook":
        """Pack the examples of each target, in the order of the targets."""
        packed, starts = bytearray(), [0]
        for examples in every:
            languages = [LANGUAGES.index(language) for language in examples.languages]
            rows = [examples.texts, examples.folded, languages]
            packed += json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()
            starts.append(len(packed))
        return cls(np.frombuffer(packed, dtype=np.uint8), np.array(starts, dtype=np.int64))

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __iter__(self) -> Iterator[Examples]:
        return (self._unpack(target) for target in range(len(self)))

    def __getitem__(self, target: int) -> Examples:
        found = self.unpacked.get(target)
        if found is None:
            found = self._unpack(target)
            if len(self) <= MOST_UNPACKED:
                self.unpacked[target] = found
        return found

    def _unpack(self, target: int) -> Examples:
        span = slice(int(self.starts[target]), int(self.starts[target + 1]))
        texts, folded, languages = json.loads(self.packed[span].tobytes())
        spoken = tuple(LANGUAGES[each] for each in languages)
        return Examples(tuple(texts), tuple(folded), spoken)
