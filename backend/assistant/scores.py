"""Weighs a question against every target of a release: one sparse vector, one matrix."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from backend.assistant import features
from backend.assistant.normalise import Tokens
from backend.assistant.release import Part, Release


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
    parts = (*((token,) for token in dict.fromkeys(tokens)), *dict.fromkeys(pairwise(tokens)))
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
    """A question against all targets: `gains` (rows, targets) per feature, `scores` (targets,)."""

    gains: NDArray[np.float32]
    scores: NDArray[np.float32]
    question: Vector

    def gains_of_parts(self, target: int) -> NDArray[np.float64]:
        """Return how much each part of the question adds to the score of `target`, (parts,)."""
        gained = self.question.values * self.gains[:, target]
        question = self.question
        found = np.bincount(question.owners, weights=gained, minlength=len(question.parts))
        return np.asarray(found, dtype=np.float64)


def weigh(release: Release, question: Vector) -> Scored:
    """Score the question against every target, one-vs-rest."""
    gains = release.weights[question.rows].astype(np.float32)
    return Scored(gains, question.values @ gains + release.bias, question)


def _part(release: Release, tokens: Tokens) -> Part:
    found: Iterable[features.Feature] = (
        features.of_token(tokens[0], release.readings)
        if len(tokens) == 1
        else features.of_pair(tokens[0], tokens[1], release.readings)
    )
    rows: list[int] = []
    values: list[float] = []
    squared = 0.0
    for feature, weight in found:
        row = release.vocabulary.get(feature)
        term = release.unseen_term if row is None else float(release.terms[row])
        squared += (weight * term) ** 2
        if row is not None:
            rows.append(row)
            values.append(weight * term)
    return release.remember(tokens, Part(tuple(rows), tuple(values), squared))
