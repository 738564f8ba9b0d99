"""Weighs a question against every target of a release: one sparse vector, one set of weights."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.assistant import features
from backend.assistant.normalise import Tokens
from backend.assistant.releases.release import Part, Release
from backend.assistant.releases.weights import Met, Weights

# So many of the best are looked at before all are put in order.
FEW = 64


@dataclass(frozen=True, slots=True)
class Vector:
    """A question as a unit vector: `rows` of the weights, their `values`, and whose they are.

    `owners[i]` is the place in `parts` of the token or pair that brought row `i`.
    """

    rows: NDArray[np.intp]
    values: NDArray[np.float32]
    owners: NDArray[np.intp]
    parts: tuple[Tokens, ...]


def vector(release: Release, tokens: Tokens, guessed: int = 0) -> Vector:
    """Make the unit vector of `tokens`; each distinct token and pair counts once.

    `guessed` words were mended: each lengthens the vector as an unknown word does, so that a
    guess never looks as sure as a word that was written right.
    """
    parts = features.parts_of(tokens)
    rows: list[int] = []
    values: list[float] = []
    owners: list[int] = []
    squared = guessed * (features.WORD * release.unseen_term) ** 2
    for place, tokens_of_part in enumerate(parts):
        part = release.memo.get(tokens_of_part) or _part(release, tokens_of_part)
        rows += part.rows
        values += part.values
        owners += [place] * len(part.rows)
        squared += part.squared
    length = math.sqrt(squared) or 1.0
    return Vector(
        np.array(rows, dtype=np.intp),
        np.array(values, dtype=np.float32) / np.float32(length),
        np.array(owners, dtype=np.intp),
        parts,
    )


@dataclass(frozen=True, slots=True)
class Scored:
    """A question against all targets: `scores` (targets,), and what it met among the weights."""

    scores: NDArray[np.float32]
    question: Vector
    weights: Weights
    met: Met | None

    def gains_of_parts(self, target: int) -> NDArray[np.float64]:
        """Return how much each part of the question adds to the score of `target`, (parts,)."""
        question = self.question
        gained = self.weights.gains(question.rows, question.values, target, self.met)
        found = np.bincount(question.owners, weights=gained, minlength=len(question.parts))
        return np.asarray(found, dtype=np.float64)


def weigh(release: Release, question: Vector) -> Scored:
    """Score the question against every target, one-vs-rest."""
    found, met = release.weights.meet(question.rows, question.values)
    return Scored(found + release.bias, question, release.weights, met)


def from_the_best(scores: NDArray[np.float32]) -> Iterator[int]:
    """Yield the places of `scores`, the best first; to sort all of very many would take longest."""
    if len(scores) <= FEW:
        yield from scores.argsort()[::-1].tolist()
        return
    best = scores.argpartition(-FEW)[-FEW:]
    yield from best[scores[best].argsort()[::-1]].tolist()
    rest = np.argsort(scores)[::-1]
    yield from rest[~np.isin(rest, best)].tolist()


def _part(release: Release, tokens: Tokens) -> Part:
    rows: list[int] = []
    values: list[float] = []
    squared = 0.0
    for feature, weight in features.of_part(tokens, release.readings):
        row = release.vocabulary.get(feature)
        term = release.unseen_term if row is None else float(release.terms[row])
        squared += (weight * term) ** 2
        if row is not None:
            rows.append(row)
            values.append(weight * term)
    return release.remember(tokens, Part(tuple(rows), tuple(values), squared))
