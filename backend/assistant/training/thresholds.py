"""Finds the thresholds of a release from the staff's own phrases, each of them left out once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from backend.assistant.policy import Policy
from backend.assistant.releases.release import Columns, Target

# What a release promises of its own phrases; the thresholds follow from these shares.
MOST_WRONG = 0.02
MOST_OUTSIDE_ANSWERED = 0.03
KEPT = 0.97
MOST_FALSE_ALARMS = 0.015
OUTSIDE_SHARE = 0.3
# Nothing is answered outright that is as likely wrong as right.
LEAST_TO_ANSWER = 0.5
STEEPEST = 100.0

Floats: TypeAlias = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Unseen:
    """Scores of each phrase by a model that has not seen it: (phrases, targets), and its label."""

    scores: Floats
    labels: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Candidates:
    """The best three services of each phrase: (phrases, 3) scores, leads, and which are right."""

    scores: Floats
    leads: Floats
    right: NDArray[np.bool_]


def candidates(unseen: Unseen, columns: Columns, targets: Sequence[Target]) -> Candidates:
    """Rank the services of each unseen phrase as serving does."""
    names = sorted({target.service for target in targets if target.service})
    number = {name: place for place, name in enumerate(names)}
    of_column = np.array([number[targets[column].service] for column in columns.services])
    by_service = np.full((len(unseen.labels), len(names)), -np.inf, dtype=np.float32)
    for place in range(len(columns.services)):
        service = of_column[place]
        column = unseen.scores[:, columns.services[place]]
        np.maximum(by_service[:, service], column, out=by_service[:, service])
    order = np.argsort(-by_service, axis=1)[:, :3]
    best = np.take_along_axis(by_service, order, axis=1)
    outside = unseen.scores[:, columns.outside].max(axis=1, initial=-1.0)
    leads = np.empty_like(best)
    for place in range(best.shape[1]):
        rival = best[:, 1 if place == 0 else 0] if best.shape[1] > 1 else outside
        leads[:, place] = best[:, place] - np.maximum(rival, outside)
    service_of_label = np.array([number.get(target.service, -1) for target in targets])
    return Candidates(best, leads, order == service_of_label[unseen.labels][:, None])


def policy_of(unseen: Unseen, columns: Columns, targets: Sequence[Target]) -> Policy:
    """Set every threshold of a release from the scores of its unseen phrases."""
    ranked = candidates(unseen, columns, targets)
    inside = np.isin(unseen.labels, columns.services)
    outside = np.isin(unseen.labels, columns.outside)
    base, per_score, per_lead = _curve(ranked, inside, outside)
    confidence = 1 / (1 + np.exp(-(base + per_score * ranked.scores + per_lead * ranked.leads)))
    best, right = confidence[:, 0], ranked.right[:, 0]
    answer_at = max(
        _floor(best[inside & ~right], int(MOST_WRONG * inside.sum())),
        _floor(best[outside], int(MOST_OUTSIDE_ANSWERED * outside.sum())),
    )
    return Policy(
        base=base,
        per_score=per_score,
        per_lead=per_lead,
        crisis_at=_crisis_threshold(unseen, columns),
        answer_at=answer_at,
        clarify_at=float(np.quantile(confidence[inside].sum(axis=1), 1 - KEPT)),
    )


def _curve(
    ranked: Candidates, inside: NDArray[np.bool_], outside: NDArray[np.bool_]
) -> tuple[float, float, float]:
    """Fit (base, per score, per lead) of confidence to which candidates were right.

    What lies outside is a small part of the phrases but not of what people say, so it weighs
    `OUTSIDE_SHARE` of all.
    """
    weights = inside.astype(np.float64)
    if outside.any():
        weights[outside] = OUTSIDE_SHARE / (1 - OUTSIDE_SHARE) * inside.sum() / outside.sum()
    used = np.repeat(weights > 0, ranked.scores.shape[1])
    seen = np.stack([ranked.scores.ravel(), ranked.leads.ravel()], axis=1)[used]
    right = ranked.right.ravel()[used]
    if right.all() or not right.any():
        return 0.0, 0.0, STEEPEST
    curve = LogisticRegression(C=STEEPEST, max_iter=1000).fit(
        seen, right, sample_weight=np.repeat(weights, ranked.scores.shape[1])[used]
    )
    return float(curve.intercept_[0]), float(curve.coef_[0][0]), float(curve.coef_[0][1])


def _floor(unwanted: Floats, allowed: int) -> float:
    """Return the lowest confidence that no more than `allowed` of the `unwanted` reach."""
    if allowed >= len(unwanted):
        return LEAST_TO_ANSWER
    return max(LEAST_TO_ANSWER, float(np.sort(unwanted)[::-1][allowed]) + 1e-6)


def _crisis_threshold(unseen: Unseen, columns: Columns) -> float:
    """Return the lead of a crisis over every service from which a question is taken for one.

    It is the lowest that keeps false alarms among all other phrases at `MOST_FALSE_ALARMS`: to
    miss a crisis is worse than to show a help line once too often, but an alarm that always
    rings is not listened to.
    """
    if not len(columns.crises):
        return float("inf")
    lead = columns.crisis_lead(unseen.scores)
    return float(np.quantile(lead[~np.isin(unseen.labels, columns.crises)], 1 - MOST_FALSE_ALARMS))
