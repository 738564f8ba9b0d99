"""Finds the thresholds of a release by cross-validation of the staff's own phrases."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from backend.assistant import linear
from backend.assistant.policy import Policy
from backend.assistant.release import Columns, Target

FOLDS = 3
# What a release promises of its own phrases; the thresholds follow from these shares.
MOST_WRONG = 0.02
MOST_OUTSIDE_ANSWERED = 0.03
KEPT = 0.97
MOST_FALSE_ALARMS = 0.015

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Unseen:
    """Scores of each phrase by a model that has not seen it: (phrases, targets), and its label."""

    scores: Floats
    labels: NDArray[np.intp]


def score_unseen(table: linear.Table, columns: Columns, targets: int) -> Unseen:
    """Score every phrase by a model fitted without its fold; folds are spread over each target."""
    folds = _folds(table.labels)
    scores = np.zeros((len(table.labels), targets), dtype=np.float32)
    for fold in range(FOLDS):
        model = linear.fit(table.rows(np.flatnonzero(folds != fold)), columns, targets)
        held = np.flatnonzero(folds == fold)
        scores[held] = model.scores(table.rows(held))
    return Unseen(scores, table.labels)


def _folds(labels: NDArray[np.intp]) -> NDArray[np.intp]:
    """Deal the phrases of each label into folds, at random but always the same way."""
    dealer = np.random.default_rng(linear.SEED)
    order = np.lexsort((dealer.random(len(labels)), labels))
    folds = np.empty(len(labels), dtype=np.intp)
    folds[order] = np.arange(len(labels)) % FOLDS
    return folds


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
    in_scope = np.isin(unseen.labels, columns.services)
    usable = in_scope | np.isin(unseen.labels, columns.outside)
    curve = LogisticRegression(C=100.0, max_iter=1000).fit(
        np.stack([ranked.scores[usable].ravel(), ranked.leads[usable].ravel()], axis=1),
        ranked.right[usable].ravel(),
    )
    base, (per_score, per_lead) = float(curve.intercept_[0]), map(float, curve.coef_[0])
    surety = base + per_score * ranked.scores + per_lead * ranked.leads
    confidence = 1 / (1 + np.exp(-surety))
    return Policy(
        base=base,
        per_score=per_score,
        per_lead=per_lead,
        crisis_at=_crisis_threshold(unseen, columns),
        answer_at=_answer_threshold(confidence[:, 0], ranked.right[:, 0], in_scope, usable),
        clarify_at=float(np.quantile(confidence[in_scope].sum(axis=1), 1 - KEPT)),
    )


def _answer_threshold(
    confidence: Floats,
    right: NDArray[np.bool_],
    in_scope: NDArray[np.bool_],
    usable: NDArray[np.bool_],
) -> float:
    """Return the lowest confidence above which wrong answers are rare enough, in scope and out."""
    wrong = np.sort(confidence[in_scope & ~right])[::-1]
    outside = np.sort(confidence[usable & ~in_scope])[::-1]
    allowed_wrong = int(MOST_WRONG * in_scope.sum())
    allowed_outside = int(MOST_OUTSIDE_ANSWERED * len(outside))
    floors = [
        sorted_values[allowed]
        for sorted_values, allowed in ((wrong, allowed_wrong), (outside, allowed_outside))
        if allowed < len(sorted_values)
    ]
    return float(max(floors, default=0.5)) + 1e-6


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
