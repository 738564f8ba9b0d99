"""Scores each phrase as a model would that had never seen it, without fitting another model.

A support vector machine with squared hinge loss rests on the phrases inside its margin alone, and
on those it is a ridge regression: the score of a phrase that is left out falls by its pull times its
squared distance from what the others span (Vapnik and Chapelle 2000, the span rule; Cawley and
Talbot 2004). It takes a fraction of one fit where ten folds take ten: see decision 0015.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from backend.assistant.releases.release import Columns
from backend.assistant.training import linear

# How many of the other targets' phrases, those deepest in a target's margin, are left out of it; of
# the one detector of any crisis more, as much is written that only sounds like one. And how many of
# its own at most stand beside them.
RIVALS, CRISIS_RIVALS = 100, 1000
MOST_OWN = 400
# Staff write a list in families. A question that nobody wrote has no sister there to lean on, so a
# target's own phrase counts as far from all others as it can be: its whole squared length.
WHOLE_LENGTH = 1.0


def score_unseen(table: linear.Table, columns: Columns, model: linear.Model) -> linear.Floats:
    """Return (phrases, targets) scores of each phrase of `table` by a model fitted without it."""
    rows = linear.unit_rows(table.cells, model.terms)
    scores = np.asarray(rows @ model.weights + model.bias)
    learnt = ~np.isin(table.labels, columns.near_crisis)
    classes = np.unique(table.labels[learnt])
    member = table.labels[:, None] == classes[None, :]
    counts = linear.counts_of(rows, member)
    odds = linear.log_odds(counts)
    counted = linear.COUNTING * np.asarray(rows @ odds)
    for place, target in enumerate(classes):
        told = np.where(member[:, place], 1.0, -1.0)
        pull = _pull(scores[:, target] - counted[:, place], told, linear.SOFTNESS) * learnt
        for chosen, change in _left_out(rows, told, pull, np.full(len(told), linear.SOFTNESS)):
            scores[chosen, target] -= change
    own = np.searchsorted(classes, table.labels[learnt])
    share = 1 - 1 / len(classes)
    scores[learnt, classes[own]] -= share * _counted_by_itself(rows[learnt], counts, own)
    in_crisis = np.isin(table.labels, columns.crises)
    if in_crisis.any():
        scores[:, columns.any_crisis] = _crisis_unseen(rows, scores, columns, in_crisis)
    return np.asarray(scores, dtype=np.float32)


def _crisis_unseen(
    rows: csr_matrix, scores: linear.Floats, columns: Columns, in_crisis: NDArray[np.bool_]
) -> NDArray[np.floating]:
    """Return the column of the detector of any crisis, each phrase left out, (phrases, 1)."""
    found = scores[:, columns.any_crisis[0]].astype(np.float64)
    sides = np.stack([~in_crisis, in_crisis], axis=1)
    counts = linear.counts_of(rows, sides)
    odds = linear.log_odds(counts)
    counted = linear.COUNTING * np.asarray(rows @ (odds[:, 1] - odds[:, 0]))
    told = np.where(in_crisis, 1.0, -1.0)
    softness = linear.SOFTNESS * linear.balance(in_crisis)
    pull = _pull(found - counted, told, softness)
    for chosen, change in _left_out(rows, told, pull, softness, CRISIS_RIVALS):
        found[chosen] -= change
    found -= told * _counted_by_itself(rows, counts, in_crisis.astype(np.intp))
    return found[:, None]


def _pull(
    margins: NDArray[np.floating],
    told: NDArray[np.floating],
    softness: float | NDArray[np.floating],
) -> NDArray[np.floating]:
    """Return the dual variable of each phrase, signed: how hard it pulls the machine to its side."""
    return np.asarray(2 * softness * np.maximum(0.0, 1.0 - told * margins) * told)


def _left_out(
    rows: csr_matrix,
    told: NDArray[np.floating],
    pull: NDArray[np.floating],
    softness: NDArray[np.floating],
    most_rivals: int = RIVALS,
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.floating]]]:
    """Yield phrases and by how much their own score falls when they are left out."""
    own = np.flatnonzero((told > 0) & (pull > 0))
    yield own, pull[own] * WHOLE_LENGTH
    rivals = np.flatnonzero((told < 0) & (pull < 0))
    rivals = rivals[np.argsort(pull[rivals], kind="stable")[:most_rivals]]
    chosen = np.concatenate([rivals, own[:MOST_OWN]])
    near = rows[chosen]
    slack = 1 / (2 * softness[chosen])
    # One more than the product: the machine learns its bias as one more feature.
    kernel = (near @ near.T).toarray() + 1.0 + np.diag(slack)
    distances = 1 / np.diag(np.linalg.inv(kernel)) - slack
    yield rivals, pull[rivals] * distances[: len(rivals)]


def _counted_by_itself(
    rows: csr_matrix, counts: NDArray[np.floating], own: NDArray[np.intp]
) -> NDArray[np.floating]:
    """Return how much of each phrase's counted log odds of its own target came from itself."""
    owner = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
    target = own[owner]
    here = counts[rows.indices, target]
    totals = counts.sum(axis=0)
    without = np.maximum(here - rows.data, linear.SMOOTHING)
    rest = totals[own] - np.asarray(rows.sum(axis=1)).ravel()
    share = np.log(here / totals[target]) - np.log(without / rest[owner])
    gained = np.bincount(owner, weights=rows.data * share, minlength=rows.shape[0])
    return np.asarray(linear.COUNTING * gained)
