"""A greeting before a question, or thanks after it, is no part of what is asked."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.assistant import Outcome, Release, ask
from backend.assistant.talk.courtesy import without_courtesies
from backend.assistant.talk.dialogue import State, step

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("said", "rest"),
    [
        ("Hello, pay my water bill", "pay my water bill"),
        ("你好，请问水费怎么交？", "水费怎么交"),
        ("Good morning! pay my rates. Thanks", "pay my rates"),
        ("你好水費喺邊度俾", "水費喺邊度俾"),
        ("thanks. where is it?", "where is it"),
    ],
)
def test_what_is_asked_is_left(release: Release, said: str, rest: str) -> None:
    assert without_courtesies(release, said) == rest


@pytest.mark.parametrize(
    "said",
    [
        *("hello", "Hello!", "thanks, bye.", "hi, hello.", "多謝你", "多谢你"),
        *("pay my water bill", "", "...", "!!!"),
    ],
)
def test_where_nothing_else_is_said_it_stands(release: Release, said: str) -> None:
    assert without_courtesies(release, said) == said


def test_a_greeting_does_not_drown_the_question(release: Release) -> None:
    found = step(release, State(), "你好，水費過咗期未俾會點")

    assert found.answer == ask(release, "水費過咗期未俾會點")


def test_a_courtesy_cut_in_two_is_still_the_same_one(release: Release) -> None:
    found = step(release, State(), "好，唔該")

    assert found.heard is not None
    assert found.heard.id == "help/thanks"


def test_a_crisis_after_a_greeting_is_seen(release: Release) -> None:
    assert step(release, State(), "你好，我想自殺").answer.outcome is Outcome.CRISIS


@settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
@given(st.text(max_size=60))
def test_any_text_loses_nothing_but_its_ends(release: Release, text: str) -> None:
    assert without_courtesies(release, text) in text
