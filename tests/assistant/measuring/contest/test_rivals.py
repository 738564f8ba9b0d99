"""Each rival learns, is loaded anew and finds what it has learnt; by the same rules for all."""

from collections.abc import Callable
from pathlib import Path

import pytest

from backend.assistant.measuring.contest import ferry, fuzzy, pipeline
from backend.assistant.measuring.contest.child import Load, Train
from backend.assistant.measuring.questions import Labelled

LINES = (
    Labelled("pay my water bill", "water"),
    Labelled("交水費", "water"),
    Labelled("pay a parking fine", "parking"),
    Labelled("交泊車罰款", "parking"),
)
ORCHARD = (Labelled("apples and pears", "fruit"), Labelled("peel an orange", "fruit"))


@pytest.mark.parametrize(
    ("train", "load"),
    [
        (ferry.train, ferry.open_release),
        (pipeline.train, pipeline.open_pipeline),
        *((fuzzy.train, load) for load in fuzzy.WAYS.values()),
    ],
)
@pytest.mark.parametrize("lines", [LINES, (*LINES, *ORCHARD)])
def test_a_rival_finds_what_it_has_learnt(
    train: Train, load: Load, lines: tuple[Labelled, ...], tmp_path: Path
) -> None:
    train(lines, tmp_path)

    ask = load(tmp_path)

    found = [ask(line.text) for line in lines]
    assert [each.names[0] for each in found] == [line.intent for line in lines]
    assert all(1 <= len(each.names) <= 3 for each in found)
    assert ask("the water bill").names[0] == "water"


def test_what_learns_tells_how_long_it_took(tmp_path: Path) -> None:
    trains: tuple[Callable[..., float | None], ...] = (ferry.train, pipeline.train)

    assert all((train(LINES, tmp_path) or 0) > 0 for train in trains)
