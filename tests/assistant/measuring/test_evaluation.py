"""The figures mean what the manual says they mean."""

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.assistant import Answer, Choice, Outcome, Why
from backend.assistant.measuring.evaluation import (
    Part,
    by_department,
    by_language,
    figures_of,
    try_all,
    worst_confusions,
)
from backend.assistant.measuring.questions import LineWrong, read_labelled, read_questions

LINES = [
    {"q": "right", "lang": "en", "accept": ["a"]},
    {"q": "third", "lang": "en", "accept": ["c"], "ambiguous": False},
    {"q": "wrong", "lang": "zh-Hant", "accept": ["z"]},
    {"q": "asked back", "lang": "en", "accept": ["b", "z"], "ambiguous": True},
    {"q": "right", "lang": "en", "accept": [], "kind": "oos"},
    {"q": "nothing", "lang": "en", "accept": [], "kind": "oos"},
    {"q": "danger", "lang": "en", "accept": [], "kind": "crisis"},
    {"q": "nothing", "lang": "en", "accept": [], "kind": "crisis"},
]
OUTCOMES = {
    "right": Outcome.ANSWER,
    "third": Outcome.NONE,
    "wrong": Outcome.ANSWER,
    "asked back": Outcome.CLARIFY,
    "nothing": Outcome.NONE,
    "danger": Outcome.CRISIS,
}


def answer(text: str) -> Answer:
    choices = tuple(Choice(name, name, 0.5, Why((), "")) for name in "abc")
    return Answer(OUTCOMES[text], () if text == "nothing" else choices, "r")


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    path = tmp_path / "questions.jsonl"
    path.write_text("\n".join(map(json.dumps, LINES)) + "\n\n")
    return path


def test_each_figure_is_a_share_of_its_own_questions(questions: Path) -> None:
    figures = figures_of(try_all(answer, read_questions(questions)))

    assert figures.n == 8
    assert (figures.top1, figures.top3) == (0.25, 0.75)
    assert (figures.answered, figures.wrong_confident) == (0.5, 0.25)
    assert figures.clarified_right == 1.0
    assert figures.oos_answered == 0.5
    assert (figures.crisis_caught, figures.crisis_false) == (0.5, 0.0)


def test_told_counts_the_right_choices_that_talk_takes_away(questions: Path) -> None:
    def reply(text: str) -> Answer:
        return Answer(Outcome.TOLD, (), "r") if text in ("right", "wrong") else answer(text)

    figures = figures_of(try_all(answer, read_questions(questions), reply))

    # “wrong” held no right choice before, “third” was never offered.
    assert figures.told == 0.25
    assert figures_of(try_all(answer, read_questions(questions))).told == 0.0


def test_a_figure_that_no_question_shows_is_left_open() -> None:
    figures = figures_of([])

    assert figures.n == 0
    assert figures.top1 is None
    assert figures.p50_us is None


def test_confusions_are_named_worst_first(questions: Path) -> None:
    confusions = worst_confusions(try_all(answer, read_questions(questions)))

    assert [(wanted, got, len(asked)) for wanted, got, asked in confusions] == [
        ("c", "a", 1),
        ("z", "a", 1),
        ("b", "a", 1),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        "null",
        "[" * 50_000,
        '{"q": 1, "accept": ["a"]}',
        '{"q": "a"}',
        '{"q": "a", "accept": "b"}',
        '{"q": "a", "accept": ["b"], "kind": "oos"}',
        '{"q": "a", "accept": [], "kind": "else"}',
        '{"q": "a", "accept": ["b"], "lang": "fr"}',
        '{"q": "a", "accept": ["b"], "ambiguous": "no"}',
    ],
)
def test_a_line_that_cannot_be_used_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "asked.jsonl"
    path.write_text('{"q": "a", "accept": ["b"]}\n' + line)

    with pytest.raises(LineWrong, match=r"asked\.jsonl, line 2: "):
        read_questions(path)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes
) -> None:
    path = tmp_path_factory.mktemp("bytes") / "set.jsonl"
    path.write_bytes(raw)

    for read in (read_questions, read_labelled):
        with contextlib.suppress(LineWrong):
            read(path)


def test_questions_are_counted_apart_by_language_and_department(questions: Path) -> None:
    tried = try_all(answer, read_questions(questions))

    assert by_language(tried) == {"en": Part(3, 0.3333, 1.0), "zh-Hant": Part(1, 0.0, 0.0)}
    assert by_department(tried, {"a": "ONE", "b": "TWO", "c": "ONE"}) == {
        "ONE": Part(2, 0.5, 1.0),
        "TWO": Part(1, 0.0, 1.0),
        "unknown": Part(1, 0.0, 0.0),
    }
