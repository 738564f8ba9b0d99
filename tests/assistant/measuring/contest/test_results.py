"""Figures, tables and the plot say what was measured, and nothing else."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from backend.assistant.measuring.contest.entrants import IN_PYTHON, OURS
from backend.assistant.measuring.contest.pages import keep
from backend.assistant.measuring.contest.plot import draw
from backend.assistant.measuring.contest.results import Result, auroc, result_of
from backend.assistant.measuring.contest.running import Reply, Run
from backend.assistant.measuring.contest.sets import TextSet
from backend.assistant.measuring.contest.table import for_terminal, page
from backend.assistant.measuring.questions import Labelled

TODAY = date(2026, 11, 23)
QUESTIONS = tuple(Labelled(f"question {name}", name) for name in "abcd")
TEXTS = TextSet("A set", "made up", QUESTIONS, QUESTIONS, (Labelled("none", None),))


def rounds(*times: tuple[float, ...]) -> tuple[tuple[Reply, ...], ...]:
    """Replies of each round: `a` and `b` right, `c` second, `d` wrong, less and less sure."""
    names = (("a", "b"), ("b",), ("d", "c"), ("a",))
    return tuple(
        tuple(
            Reply(found, 1.0 - place / 10, us)
            for place, (found, us) in enumerate(zip(names, each, strict=False))
        )
        for each in times
    )


OWN = Run(OURS, 1.5, 2_000_000, 3.0, rounds((9, 9, 9, 90), (1, 2, 3, 4), (2, 1, 4, 3)), ())
SLOW = replace(OWN, entrant=IN_PYTHON[1], train_seconds=None, replies=rounds((100, 300)))


@pytest.fixture
def result() -> Result:
    strangers = (Reply(("a",), 0.85, 1.0), Reply(("a",), 0.1, 1.0))
    own = replace(OWN, to_strangers=strangers)
    return result_of(TEXTS, [own, SLOW], slips="", absent=("One stayed at home.",), today=TODAY)


def test_a_question_takes_the_median_of_its_rounds(result: Result) -> None:
    own = result.rivals[0]

    assert (own.p50_us, own.first_p50_us) == (3.0, 9.0)
    assert own.ferry_times == 1.0


def test_right_means_first_and_in_three_means_anywhere(result: Result) -> None:
    own = result.rivals[0]

    assert (own.asked, own.accuracy, own.top3) == (4, 0.5, 0.75)


def test_a_slow_rival_is_counted_over_what_it_was_asked(result: Result) -> None:
    slow = result.rivals[1]

    assert (slow.asked, slow.accuracy, slow.top3) == (2, 1.0, None)
    assert (slow.p50_us, slow.ferry_times) == (200.0, 66.67)
    assert (slow.auroc, slow.train_seconds) == (None, None)


def test_the_surest_are_those_that_would_be_answered(result: Result) -> None:
    own = result.rivals[0]

    assert (own.precision_at_65, own.oos_at_65) == (0.6667, 0.5)


def test_auroc_counts_a_tie_as_half() -> None:
    known, strange = np.array([1.0, 0.5, 0.2]), np.array([0.5, 0.1])

    assert auroc(known, strange) == pytest.approx((2 + 1.5 + 1) / 6)


def test_the_table_says_how_many_questions_a_slow_rival_was_asked(result: Result) -> None:
    for shown in (page([result]), for_terminal(result)):
        assert "default (WRatio) (2 questions)" in shown
        assert "Ferry" in shown
        assert "One stayed at home." in shown
        assert "made up" in shown


def test_the_plot_has_a_panel_for_each_set_and_a_point_for_each_rival(result: Result) -> None:
    drawn = ET.fromstring(draw([result, replace(result, name="A < B")]))

    shown = list(drawn.iter("{http://www.w3.org/2000/svg}circle"))
    texts = [each.text for each in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert len(shown) == 4
    assert [each.get("class") for each in shown].count("ferry") == 2
    assert {"A set", "A < B", "Ferry"} <= set(texts)


def test_a_later_run_of_a_set_takes_the_place_of_the_earlier(
    result: Result, tmp_path: Path
) -> None:
    keep(result, tmp_path)
    keep(replace(result, slips="typos in 10% of the words"), tmp_path)
    keep(replace(result, source="made up anew"), tmp_path)

    kept = json.loads((tmp_path / "bench-assistant.json").read_text())
    shown = (tmp_path / "bench-assistant.md").read_text()
    assert [each["source"] for each in kept] == ["made up anew", "made up"]
    assert shown.count("\n## ") == 2
    assert "## A set, typos in 10% of the words" in shown
    assert (tmp_path / "bench-assistant.svg").read_text().count("A set") == 1
