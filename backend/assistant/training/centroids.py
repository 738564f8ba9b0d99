"""Learns very many targets: each one's phrases added up and damped, in chunks that fit anywhere."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack

from backend.assistant.normalise import Synonyms
from backend.assistant.readings import readings
from backend.assistant.releases.lookup import Vocabulary
from backend.assistant.releases.release import Columns
from backend.assistant.releases.weights import Cells, Weights, of_cells
from backend.assistant.training.learnt import Learnt
from backend.assistant.training.linear import SEED
from backend.assistant.training.stream import Phrases, Reader, Stream
from backend.assistant.training.thresholds import Unseen

# From so many targets on, the linear model takes too long to fit and its weights too much room.
FEWEST_TARGETS = 400
# A sum of unit vectors counts as log(1 + DAMPING × sum): what is in every phrase of a target must
# not drown what is in a few. Flat from 3 to 10 on the public sets.
DAMPING = 10.0
# From so many phrases on, a feature of a single phrase is left out: most features are of one.
FEW_PHRASES = 50_000
# So many cells of phrases are weighed at a time.
AT_ONCE = 1_000_000
# Thresholds come from so many scores, phrases times targets: as many as fit into memory.
MOST_UNSEEN = 16_000_000
EMPTY = -1.0
# The label of a phrase that is added to nothing.
NOBODY = -1


@dataclass(frozen=True, slots=True)
class Terms:
    """Every feature of the phrases: its hash, sorted, its rarity, and its number if it is kept.

    `numbers` holds -1 for a feature that is left out; the others count up from nought.
    """

    hashes: NDArray[np.uint32]
    rarity: NDArray[np.float32]
    numbers: NDArray[np.int32]
    unseen: float


@dataclass(frozen=True, slots=True)
class Held:
    """Phrases whose scores set the thresholds: `vectors` (phrases, kept features), `labels`.

    `own` is what each scores with its own target when it is left out of it, `alarm` what it
    scores as any crisis when left out of that.
    """

    vectors: csr_matrix
    labels: NDArray[np.int32]
    own: NDArray[np.float32]
    alarm: NDArray[np.float32]


def learn(
    every: Iterable[Phrases],
    synonyms: Synonyms,
    columns: Columns,
    targets: int,
    progress: Callable[[str], None],
) -> Learnt:
    """Learn one centroid for each target, with thresholds from phrases left out one by one."""
    stream = Reader(synonyms, readings()).read(every)
    progress(f"{len(stream.labels)} phrases of {targets} targets: counting features")
    terms = _terms(stream)
    progress(f"{int(terms.numbers.max()) + 1} features: adding up")
    chunks, held = _centroids(stream, terms, columns, targets)
    words, exact, examples = stream.words, stream.exact, stream.examples
    # The cells of the phrases are the largest thing in memory, and have done their work.
    del stream
    by_feature, bias = _turned(chunks)
    weights, order = of_cells(by_feature, targets)
    progress(f"{len(held.labels)} phrases left out one by one")
    places = np.argsort(order).astype(np.uint32)
    kept = np.flatnonzero(terms.numbers >= 0)
    return Learnt(
        vocabulary=Vocabulary(terms.hashes[kept], places),
        weights=weights,
        bias=bias,
        terms=terms.rarity[kept][order],
        unseen_term=terms.unseen,
        words=words,
        exact=exact,
        examples=examples,
        unseen=_unseen(held, weights, places, bias, columns),
    )


def _terms(stream: Stream) -> Terms:
    """Count in how many phrases each feature is, as `linear` does."""
    every = np.sort(stream.hashes)
    first = np.flatnonzero(np.concatenate([[True], every[1:] != every[:-1]]))
    counts = np.diff(np.concatenate([first, [len(every)]]))
    phrases = len(stream.labels)
    least = 2 if phrases >= FEW_PHRASES else 1
    kept = counts >= least
    return Terms(
        every[first],
        (np.log((1 + phrases) / (1 + counts)) + 1).astype(np.float32),
        np.where(kept, np.cumsum(kept) - 1, -1).astype(np.int32),
        float(np.log(1 + phrases) + 1),
    )


def _chosen(labels: NDArray[np.int32], columns: Columns, targets: int) -> NDArray[np.intp]:
    """Choose the phrases whose scores set the thresholds: at random, but always the same ones."""
    most = max(4, MOST_UNSEEN // targets)
    dealer = np.random.default_rng(SEED)
    services = np.isin(labels, columns.services)
    chosen = [
        dealer.permutation(np.flatnonzero(group))[:share]
        for group, share in ((services, most), (~services, most // 4))
    ]
    return np.sort(np.concatenate(chosen))


def _centroids(
    stream: Stream, terms: Terms, columns: Columns, targets: int
) -> tuple[list[csr_matrix], Held]:
    """Return the centroids, each of length 1, and the phrases held out.

    The centroids are (targets, kept features) in chunks of targets, one below the other.
    """
    chosen = _chosen(stream.labels, columns, targets)
    rows, vectors, own = list[csr_matrix](), list[csr_matrix](), list[NDArray[np.float32]]()
    crises = csr_matrix((1, int(terms.numbers.max()) + 1), dtype=np.float32)
    for first, last, start, stop in _spans(stream, targets):
        phrases = _vectors(stream, terms, start, stop)
        labels = stream.labels[start:stop]
        ours = np.where(np.isin(labels, columns.near_crisis), NOBODY, labels - first)
        added = _added(phrases, ours, last - first)
        crises += _added(phrases, np.where(np.isin(labels, columns.crises), 0, NOBODY), 1)
        held = chosen[(chosen >= start) & (chosen < stop)] - start
        vectors.append(phrases[held])
        own.append(_left_out(added, vectors[-1], labels[held] - first))
        rows.append(_unit(added))
    _put(_unit(crises), rows, columns.any_crisis)
    held_labels = stream.labels[chosen]
    held_out = vstack(vectors, format="csr")
    alarm = np.full(len(chosen), np.nan, dtype=np.float32)
    crisis = np.flatnonzero(np.isin(held_labels, columns.crises))
    alarm[crisis] = _left_out(crises, held_out[crisis], np.zeros(len(crisis), dtype=np.intp))
    return rows, Held(held_out, held_labels, np.concatenate(own), alarm)


def _spans(stream: Stream, targets: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield (first target, last, first phrase, last) of chunks of whole targets."""
    phrase_at = np.searchsorted(stream.labels, np.arange(targets + 1))
    cell_at = stream.starts[phrase_at]
    first = 0
    while first < targets:
        fit = int(np.searchsorted(cell_at, cell_at[first] + AT_ONCE, side="right")) - 1
        last = min(max(fit, first + 1), targets)
        yield first, last, int(phrase_at[first]), int(phrase_at[last])
        first = last


def _vectors(stream: Stream, terms: Terms, start: int, stop: int) -> csr_matrix:
    """Return phrases `start` to `stop` as unit rows of their kept features."""
    starts = stream.starts[start : stop + 1]
    span = slice(int(starts[0]), int(starts[-1]))
    places = np.searchsorted(terms.hashes, stream.hashes[span])
    values = stream.block_weights[stream.blocks[span]] * terms.rarity[places]
    counts = np.diff(starts)
    owners = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    values /= np.sqrt(np.bincount(owners, weights=values**2, minlength=len(counts)))[owners]
    numbers = terms.numbers[places]
    kept = numbers >= 0
    shape = (len(counts), int(terms.numbers.max()) + 1)
    return csr_matrix((values[kept].astype(np.float32), (owners[kept], numbers[kept])), shape=shape)


def _added(phrases: csr_matrix, labels: NDArray[np.integer], targets: int) -> csr_matrix:
    """Return the sum of the phrases of each label, (targets, features), features in order."""
    used = np.flatnonzero(labels != NOBODY)
    ones = np.ones(len(used), dtype=np.float32)
    members = csr_matrix((ones, (labels[used], used)), shape=(targets, len(labels)))
    found = members @ phrases
    found.sort_indices()
    return found


def _damped(sums: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(np.log1p(np.float32(DAMPING) * sums))


def _unit(added: csr_matrix) -> csr_matrix:
    """Return sums of phrases damped, each row of length 1; what has no phrase stays empty."""
    damped = _damped(added.data)
    owners = np.repeat(np.arange(added.shape[0]), np.diff(added.indptr))
    squared = np.bincount(owners, weights=damped**2, minlength=added.shape[0])
    damped /= np.sqrt(np.maximum(squared, 1e-12))[owners].astype(np.float32)
    return csr_matrix((damped, added.indices, added.indptr), shape=added.shape)


def _put(row: csr_matrix, chunks: list[csr_matrix], places: NDArray[np.intp]) -> None:
    """Put `row` at `places` of the chunks, one below the other, where nothing is yet."""
    first = 0
    for number, chunk in enumerate(chunks):
        height = chunk.shape[0]
        for place in places[(places >= first) & (places < first + height)] - first:
            starts = np.where(np.arange(height + 1) > place, row.nnz, 0)
            chunks[number] += csr_matrix((row.data, row.indices, starts), shape=chunk.shape)
        first += height


def _turned(chunks: list[csr_matrix]) -> tuple[Cells, NDArray[np.float32]]:
    """Return the weights feature by feature, and the bias of each target; `chunks` are used up."""
    every = vstack(chunks, format="csr")
    chunks.clear()
    bias = np.where(np.diff(every.indptr) > 0, 0.0, EMPTY).astype(np.float32)
    turned = every.tocsc()
    return Cells(turned.indptr.astype(np.int64), turned.indices, turned.data), bias


def _left_out(
    added: csr_matrix, phrases: csr_matrix, rows: NDArray[np.integer]
) -> NDArray[np.float32]:
    """Return what each phrase scores with its row of `added` when it is taken out of the sum.

    Nought where the row is empty, as that of what only sounds like a crisis is.
    """
    scores = np.zeros(len(rows), dtype=np.float32)
    squares = np.zeros(added.shape[0])
    for place, row in enumerate(rows):
        span = slice(added.indptr[row], added.indptr[row + 1])
        if span.start == span.stop:
            continue
        if not squares[row]:
            squares[row] = (_damped(added.data[span]) ** 2).sum()
        own = slice(phrases.indptr[place], phrases.indptr[place + 1])
        values = phrases.data[own]
        at = np.searchsorted(added.indices[span], phrases.indices[own])
        with_it = added.data[span][at]
        without = _damped(np.maximum(with_it - values, 0))
        squared = squares[row] - (_damped(with_it) ** 2).sum() + (without**2).sum()
        scores[place] = (values * without).sum() / np.sqrt(max(squared, 1e-6))
    return scores


def _unseen(
    held: Held,
    weights: Weights,
    places: NDArray[np.uint32],
    bias: NDArray[np.float32],
    columns: Columns,
) -> Unseen:
    """Score each phrase held out against every target, its own without itself."""
    scores = np.empty((len(held.labels), len(bias)), dtype=np.float32)
    starts = held.vectors.indptr
    for place in range(len(scores)):
        span = slice(starts[place], starts[place + 1])
        rows = places[held.vectors.indices[span]].astype(np.intp)
        scores[place] = weights.meet(rows, held.vectors.data[span])[0] + bias
    full = np.flatnonzero(bias[held.labels] > EMPTY)
    scores[full, held.labels[full]] = held.own[full]
    crisis = np.flatnonzero(~np.isnan(held.alarm))
    scores[np.ix_(crisis, columns.any_crisis)] = held.alarm[crisis, None]
    return Unseen(scores, held.labels.astype(np.intp))
