"""A phrase left out by arithmetic must score as it does when a model is really fitted without it."""

import numpy as np
import pytest

from backend.assistant.content.loading import load_content
from backend.assistant.readings import readings
from backend.assistant.releases.release import Columns
from backend.assistant.training import linear, material_of, samples
from backend.assistant.training.leaving_out import score_unseen
from tests.releases import write_some

NEAR = 0.16


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> tuple[linear.Table, Columns]:
    """The phrases of some real intents and of every crisis, each sixth of them."""
    folder = write_some(tmp_path_factory.mktemp("leaving-out"))
    material = material_of(load_content(folder))
    tokens, labels = samples(material)
    table = linear.tabulate(tokens[::6], labels[::6], readings())
    return table, Columns.of(material.targets)


@pytest.mark.slow
def test_a_left_out_phrase_scores_as_if_it_had_never_been_learnt(
    learnt: tuple[linear.Table, Columns], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linear, "STOP_WITHIN", 0.01)
    table, columns = learnt
    width = int(max(table.labels)) + 4
    by_arithmetic = score_unseen(table, columns, linear.fit(table, columns, width))

    for place in np.linspace(0, len(table.labels) - 2, 5).astype(np.intp):
        rest = np.delete(np.arange(len(table.labels)), place)
        refitted = linear.fit(table.rows(rest), columns, width)
        really = refitted.scores(table.rows(np.array([place])))[0]
        own = table.labels[place]
        rivals = np.setdiff1d(np.argsort(-really), [own], assume_unique=True)[:3]

        assert np.all(np.abs(by_arithmetic[place, rivals] - really[rivals]) < NEAR)
        assert really[own] - 3 * NEAR < by_arithmetic[place, own] < really[own] + NEAR


def test_every_phrase_knows_itself_less_when_it_is_left_out(
    learnt: tuple[linear.Table, Columns],
) -> None:
    table, columns = learnt
    model = linear.fit(table, columns, int(max(table.labels)) + 4)
    places = np.arange(len(table.labels))

    fall = (model.scores(table) - score_unseen(table, columns, model))[places, table.labels]

    service = np.isin(table.labels, columns.services)
    assert np.all(fall[service] > -1e-4)
    assert np.median(fall[service]) > 0.3
