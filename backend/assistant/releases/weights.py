"""How the weights of a release are kept, in one byte each, and how a question meets them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# A feature that this share of the targets know is quicker as a whole row than as single cells.
COMMON_FROM = 1 / 8
# The most that one byte holds, on either side of nought.
MOST = 127
# So many cells are spread out at a time: they stay in the processor's own memory.
AT_ONCE = 65_536


@dataclass(frozen=True, slots=True)
class Met:
    """The single cells that a question met: their `targets`, what each `gains`, and where the
    cells of each of its rare rows end; `rare` are the places of those rows in the question."""

    rare: NDArray[np.intp]
    targets: NDArray[np.uint16]
    gains: NDArray[np.float64]
    ends: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Weights:
    """The weights of every (feature, target), most of them nought.

    The first features are common: row `i` of `common` (common features, targets) is theirs. The
    cells of any other feature are those between `starts[i]` and `starts[i + 1]`, counted after
    the common ones: `cells` says how much, `owners` to which target. A byte times the feature's
    own scale, `scales` (features,), is the weight.
    """

    common: NDArray[np.int8]
    starts: NDArray[np.int64]
    owners: NDArray[np.uint16]
    cells: NDArray[np.int8]
    scales: NDArray[np.float32]

    @classmethod
    def of_rows(cls, rows: NDArray[np.float32]) -> "Weights":
        """Keep (features, targets) as they are, each feature as a whole row."""
        scales = scales_of(np.abs(rows).max(axis=1, initial=0.0))
        return cls(
            in_bytes(rows, scales[:, None]),
            np.zeros(1, dtype=np.int64),
            np.zeros(0, dtype=np.uint16),
            np.zeros(0, dtype=np.int8),
            scales,
        )

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.scales), self.common.shape[1]

    @property
    def nbytes(self) -> int:
        parts = (self.common, self.starts, self.owners, self.cells, self.scales)
        return sum(part.nbytes for part in parts)

    def meet(
        self, rows: NDArray[np.intp], values: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], Met | None]:
        """Return the sum of `rows` times `values`, (targets,), and the single cells in it."""
        scaled = values * self.scales[rows]
        if len(self.common) == len(self.scales):
            return self._of_common(rows, scaled), None
        rare = np.flatnonzero(rows >= len(self.common))
        if not len(rare):
            return self._of_common(rows, scaled), None
        met = self._met(rare, rows[rare] - len(self.common), scaled[rare])
        common = np.flatnonzero(rows < len(self.common))
        single = np.bincount(met.targets, weights=met.gains, minlength=self.shape[1])
        return self._of_common(rows[common], scaled[common]) + single.astype(np.float32), met

    def _of_common(
        self, rows: NDArray[np.intp], scaled: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        step = max(1, AT_ONCE // max(1, self.shape[1]))
        if len(rows) <= step:
            return np.asarray(scaled @ self.common[rows].astype(np.float32))
        found = np.zeros(self.shape[1], dtype=np.float32)
        for start in range(0, len(rows), step):
            block = self.common[rows[start : start + step]].astype(np.float32)
            found += scaled[start : start + step] @ block
        return found

    def _met(
        self, rare: NDArray[np.intp], rows: NDArray[np.intp], scaled: NDArray[np.float32]
    ) -> Met:
        starts, stops = self.starts[rows], self.starts[rows + 1]
        places = list(zip(starts.tolist(), stops.tolist(), strict=True))
        cells = np.concatenate([self.cells[start:stop] for start, stop in places])
        return Met(
            rare,
            np.concatenate([self.owners[start:stop] for start, stop in places]),
            cells * np.repeat(scaled.astype(np.float64), stops - starts),
            np.cumsum(stops - starts),
        )

    def gains(
        self,
        rows: NDArray[np.intp],
        values: NDArray[np.float32],
        target: int,
        met: Met | None,
    ) -> NDArray[np.float32]:
        """Return what each of `rows` adds to the score of `target`, (rows,)."""
        if met is None:
            return np.asarray(values * self.scales[rows] * self.common[rows, target])
        found = np.zeros(len(rows), dtype=np.float32)
        common = np.flatnonzero(rows < len(self.common))
        shared = rows[common]
        found[common] = values[common] * self.scales[shared] * self.common[shared, target]
        own = np.flatnonzero(met.targets == target)
        found[met.rare[np.searchsorted(met.ends, own, side="right")]] = met.gains[own]
        return found


@dataclass(frozen=True, slots=True)
class Cells:
    """Weights one by one, feature after feature: those of feature `i` end before `starts[i + 1]`."""

    starts: NDArray[np.int64]
    owners: NDArray[np.integer]
    weights: NDArray[np.float32]


def of_cells(cells: Cells, targets: int) -> tuple[Weights, NDArray[np.intp]]:
    """Keep `cells`; return them, and the old number of each feature in its new order."""
    counts = np.diff(cells.starts)
    is_common = counts >= COMMON_FROM * targets
    order = np.concatenate([np.flatnonzero(is_common), np.flatnonzero(~is_common)])
    scales = scales_of(_highest(np.abs(cells.weights), cells.starts))
    small = in_bytes(cells.weights, np.repeat(scales, counts))
    common = np.zeros((int(is_common.sum()), targets), dtype=np.int8)
    for place, feature in enumerate(np.flatnonzero(is_common)):
        span = slice(cells.starts[feature], cells.starts[feature + 1])
        common[place, cells.owners[span]] = small[span]
    is_rare = np.repeat(~is_common, counts)
    starts = np.concatenate([[0], np.cumsum(counts[~is_common])]).astype(np.int64)
    owners = cells.owners[is_rare].astype(np.uint16)
    return Weights(common, starts, owners, small[is_rare], scales[order]), order


def scales_of(highest: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the scale at which the weightiest cell of each feature just fits into a byte."""
    return np.where(highest > 0, highest / np.float32(MOST), np.float32(1)).astype(np.float32)


def in_bytes(weights: NDArray[np.float32], scales: NDArray[np.float32]) -> NDArray[np.int8]:
    """Round `weights` to whole multiples of `scales`, of either sign."""
    return np.asarray(np.rint(weights / scales), dtype=np.int8)


def _highest(weights: NDArray[np.float32], starts: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the highest of each feature's weights, 0 where it has none."""
    filled = np.diff(starts) > 0
    found = np.zeros(len(starts) - 1, dtype=np.float32)
    if filled.any():
        found[filled] = np.maximum.reduceat(weights, starts[:-1][filled])
    return found
