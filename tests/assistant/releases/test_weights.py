"""Weights of one byte each say what the true ones say, and single cells what whole rows say."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csc_matrix

from backend.assistant.releases.weights import MOST, Cells, Weights, of_cells

FEATURES, TARGETS = 60, 40
DEALER = np.random.default_rng(7)


def some_weights(filled: float) -> NDArray[np.float32]:
    """Weights of either sign; feature 0 is every target's, the others of the `filled` share."""
    weights = DEALER.normal(size=(FEATURES, TARGETS)).astype(np.float32)
    weights[1:] *= DEALER.random((FEATURES - 1, TARGETS)) < filled
    return weights


def in_cells(weights: NDArray[np.float32]) -> tuple[Weights, NDArray[np.intp]]:
    turned = csc_matrix(weights.T)
    return of_cells(Cells(turned.indptr.astype(np.int64), turned.indices, turned.data), TARGETS)


def rounding(weights: NDArray[np.float32], values: NDArray[np.float32]) -> float:
    """Return how far the rounding of every cell to a byte can move a score."""
    return float(np.abs(values) @ np.abs(weights).max(axis=1) / MOST / 2) + 1e-5


def test_whole_rows_score_as_the_true_weights_within_their_rounding() -> None:
    weights, values = some_weights(1.0), DEALER.random(FEATURES).astype(np.float32)

    found, met = Weights.of_rows(weights).meet(np.arange(FEATURES), values)

    assert met is None
    assert np.abs(found - values @ weights).max() <= rounding(weights, values)


@pytest.mark.parametrize("filled", [0.0, 0.05, 0.3])
def test_single_cells_score_as_the_true_weights_within_their_rounding(filled: float) -> None:
    weights, values = some_weights(filled), DEALER.random(FEATURES).astype(np.float32)
    kept, order = in_cells(weights)

    found, _ = kept.meet(np.arange(FEATURES), values[order])

    assert kept.shape == (FEATURES, TARGETS)
    assert np.abs(found - values @ weights).max() <= rounding(weights, values)


@pytest.mark.parametrize("filled", [0.05, 1.0])
def test_what_each_feature_adds_to_a_target_sums_to_its_score(filled: float) -> None:
    kept, _ = in_cells(some_weights(filled))
    rows = np.array([3, 0, 3, FEATURES - 1, 17])
    values = DEALER.random(len(rows)).astype(np.float32)

    found, met = kept.meet(rows, values)

    for target in range(TARGETS):
        gains = kept.gains(rows, values, target, met)
        assert gains.shape == rows.shape
        assert gains.sum() == pytest.approx(found[target], abs=1e-5)


def test_many_common_rows_are_added_up_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    kept, rows = Weights.of_rows(some_weights(1.0)), np.arange(FEATURES)
    values = DEALER.random(FEATURES).astype(np.float32)
    at_once, _ = kept.meet(rows, values)

    monkeypatch.setattr("backend.assistant.releases.weights.AT_ONCE", 7 * TARGETS)
    in_blocks, _ = kept.meet(rows, values)

    assert in_blocks == pytest.approx(at_once, abs=1e-4)


def test_a_question_without_a_known_feature_scores_nothing() -> None:
    nothing = np.array([], dtype=np.intp)
    for kept in (Weights.of_rows(some_weights(1.0)), in_cells(some_weights(0.05))[0]):
        found, met = kept.meet(nothing, np.array([], dtype=np.float32))

        assert found.shape == (TARGETS,)
        assert not found.any()
        assert kept.gains(nothing, found[:0], 3, met).shape == (0,)


def test_a_common_feature_is_kept_as_a_row_and_a_rare_one_as_cells() -> None:
    weights = np.zeros((2, TARGETS), dtype=np.float32)
    weights[0, 5], weights[1] = 2.0, 1.0

    kept, order = in_cells(weights)

    assert order.tolist() == [1, 0]
    assert kept.common.shape == (1, TARGETS)
    assert kept.owners.tolist() == [5]
    assert kept.nbytes < weights.nbytes
