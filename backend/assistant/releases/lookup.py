"""Looks words up without keeping them: sorted hashes instead of dictionaries of texts.

A dictionary of a million features or of three hundred thousand phrases takes hundreds of
megabytes and seconds to load; these arrays take a few, and are mapped from disk.
"""

import hashlib
import zlib
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from backend.assistant.normalise import Tokens

# Stands between the words of a phrase; no word holds it.
BETWEEN = "\x1f"


def hash_of(text: str) -> int:
    """Return 32 bits of a text, the same on every machine."""
    return zlib.crc32(text.encode())


def phrase_hash(tokens: Tokens) -> int:
    """Return 64 bits of a phrase: two phrases share them by no chance worth naming."""
    digest = hashlib.blake2b(BETWEEN.join(tokens).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little")


@dataclass(frozen=True)
class Vocabulary:
    """Which row of the weights a feature has: `rows[i]` is that of the feature hashed `hashes[i]`.

    `hashes` are sorted. A feature that no phrase has is taken for one that some phrase has, once
    in four thousand times at a million features, and then counts for little.
    """

    hashes: NDArray[np.uint32]
    rows: NDArray[np.uint32]
    # Reading a number from a view is several times quicker than from an array.
    _hashes: memoryview = field(init=False, repr=False, compare=False)
    _rows: memoryview = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hashes", self.hashes.data)
        object.__setattr__(self, "_rows", self.rows.data)

    @classmethod
    def of(cls, features: Iterable[str]) -> "Vocabulary":
        """Number `features` in their order; of two with one hash the first stands."""
        found = np.fromiter((hash_of(feature) for feature in features), dtype=np.uint32)
        hashes, rows = np.unique(found, return_index=True)
        return cls(hashes, rows.astype(np.uint32))

    def get(self, feature: str) -> int | None:
        """Return the row of `feature`, or None."""
        wanted = hash_of(feature)
        place = bisect_left(self._hashes, wanted)
        known = place < len(self._hashes) and self._hashes[place] == wanted
        return int(self._rows[place]) if known else None


@dataclass(frozen=True)
class Exact:
    """Which target a whole phrase belongs to: `targets[i]` for the phrase hashed `hashes[i]`."""

    hashes: NDArray[np.uint64]
    targets: NDArray[np.int32]
    _hashes: memoryview = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hashes", self.hashes.data)

    @classmethod
    def of(cls, hashes: NDArray[np.uint64], labels: NDArray[np.int32]) -> "Exact":
        """Keep the phrases of one target alone; a phrase of two targets decides nothing."""
        order = np.lexsort((labels, hashes))
        hashes, labels = hashes[order], labels[order]
        is_first, is_last = np.ones((2, len(hashes)), dtype=np.bool_)
        is_first[1:] = is_last[:-1] = hashes[1:] != hashes[:-1]
        single = labels[is_first] == labels[is_last]
        return cls(hashes[is_first][single], labels[is_first][single])

    def get(self, tokens: Tokens) -> int | None:
        """Return the target of the phrase of these tokens, or None."""
        wanted = phrase_hash(tokens)
        place = bisect_left(self._hashes, wanted)
        known = place < len(self._hashes) and self._hashes[place] == wanted
        return int(self.targets[place]) if known else None
