"""Fits the linear model: phrases to a sparse matrix, one-vs-rest support vectors to weights."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.svm import LinearSVC

from backend.assistant import features
from backend.assistant.normalise import Tokens
from backend.assistant.releases.release import Columns

# Softer margins for more phrases: measured on the public sets, flat around these values.
SOFTNESS = 1.0
# How much of the counted log odds is mixed in, and what an unseen feature counts as.
COUNTING = 0.1
SMOOTHING = 0.005
SEED = 20260801
STOP_WITHIN = 0.3
MOST_ROUNDS = 1000

Floats: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Table:
    """Phrases as rows of block weights, one cell a feature, and the target of each as its label."""

    vocabulary: Mapping[str, int]
    cells: csr_matrix
    labels: NDArray[np.intp]

    def rows(self, chosen: NDArray[np.intp]) -> "Table":
        return Table(self.vocabulary, self.cells[chosen], self.labels[chosen])


@dataclass(frozen=True, slots=True)
class Model:
    """`weights` (features, targets), `bias` (targets,), `terms` (features,): see `Release`."""

    weights: Floats
    bias: Floats
    terms: Floats
    unseen_term: float

    def scores(self, table: Table) -> Floats:
        """Return (phrases, targets) one-vs-rest scores."""
        found = unit_rows(table.cells, self.terms) @ self.weights + self.bias
        return np.asarray(found, dtype=np.float32)


def tabulate(
    phrases: Sequence[Tokens], labels: Sequence[int], readings: Mapping[str, str]
) -> Table:
    """Number every feature of the phrases and lay out the matrix, one phrase a row."""
    vocabulary: dict[str, int] = {}
    known: dict[Tokens, tuple[list[int], list[float]]] = {}
    starts, columns, weights = [0], list[int](), list[float]()
    for tokens in phrases:
        for part in features.parts_of(tokens):
            cells = known.get(part)
            if cells is None:
                found = features.of_part(part, readings)
                numbers = [vocabulary.setdefault(name, len(vocabulary)) for name, _ in found]
                cells = known[part] = numbers, [weight for _, weight in found]
            columns += cells[0]
            weights += cells[1]
        starts.append(len(columns))
    cells = csr_matrix(
        (np.array(weights, dtype=np.float64), np.array(columns, dtype=np.int32), starts),
        shape=(len(phrases), len(vocabulary)),
    )
    return Table(vocabulary, cells, np.array(labels, dtype=np.intp))


def fit(table: Table, columns: Columns, targets: int) -> Model:
    """Fit one-vs-rest weights for every label of `table`; a target without phrases never wins.

    The detector of any crisis is one more column, fitted against all other phrases.
    """
    terms, unseen = _terms(table.cells)
    rows = unit_rows(table.cells, terms)
    weights = np.zeros((rows.shape[1], targets), dtype=np.float32)
    bias = np.full(targets, -1.0, dtype=np.float32)
    learnt = ~np.isin(table.labels, columns.near_crisis)
    machine = _machine().fit(rows[learnt], table.labels[learnt])
    # Of two classes scikit-learn keeps one row, for the second.
    both = len(machine.classes_) == 2
    weights[:, machine.classes_] = (
        np.vstack([-machine.coef_, machine.coef_]).T if both else machine.coef_.T
    )
    bias[machine.classes_] = (
        np.hstack([-machine.intercept_, machine.intercept_]) if both else machine.intercept_
    )
    in_crisis = np.isin(table.labels, columns.crises)
    if in_crisis.any():
        detector = _machine().fit(rows, in_crisis, sample_weight=balance(in_crisis))
        odds = log_odds(counts_of(rows, np.stack([~in_crisis, in_crisis], axis=1)))
        weights[:, columns.any_crisis] = detector.coef_.T + COUNTING * (odds[:, 1:] - odds[:, :1])
        bias[columns.any_crisis] = detector.intercept_
    member = table.labels[:, None] == machine.classes_[None, :]
    weights[:, machine.classes_] += COUNTING * log_odds(counts_of(rows, member))
    return Model(weights, bias, terms, unseen)


def balance(member: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return a weight for each phrase that makes both sides of a yes and no count alike."""
    return np.asarray(np.where(member, 0.5 / member.mean(), 0.5 / (~member).mean()))


def counts_of(rows: csr_matrix, member: NDArray[np.bool_]) -> Floats:
    """Return (features, classes) smoothed counts; `member` is (phrases, classes)."""
    return np.asarray(rows.T @ member.astype(np.float32) + SMOOTHING, dtype=np.float32)


def log_odds(counts: Floats) -> Floats:
    """Return (features, classes) log odds of each feature, as naive Bayes counts them.

    Support vectors see only what separates the phrases at hand; with thirty phrases an intent a
    feature that separates by chance weighs too much. What the counts say of every feature, mixed
    in a little, raised held-out questions by 3 to 6 points and costs nothing in serving.
    """
    odds = np.log(counts / counts.sum(axis=0))
    return np.asarray(odds - odds.mean(axis=1, keepdims=True), dtype=np.float32)


def _machine() -> LinearSVC:
    return LinearSVC(C=SOFTNESS, tol=STOP_WITHIN, max_iter=MOST_ROUNDS, random_state=SEED)


def _terms(cells: csr_matrix) -> tuple[Floats, float]:
    """Return inverse document frequencies, smoothed as scikit-learn does, and that of the unseen."""
    phrases = cells.shape[0]
    counts = np.bincount(cells.indices, minlength=cells.shape[1])
    terms = np.log((1 + phrases) / (1 + counts)) + 1
    return terms.astype(np.float32), float(np.log(1 + phrases) + 1)


def unit_rows(cells: csr_matrix, terms: Floats) -> csr_matrix:
    weighed = cells.copy()
    weighed.data = cells.data * terms[cells.indices]
    owners = np.repeat(np.arange(cells.shape[0]), np.diff(cells.indptr))
    squared = np.bincount(owners, weights=weighed.data**2, minlength=cells.shape[0])
    weighed.data /= np.sqrt(np.maximum(squared, 1e-12))[owners]
    return weighed
