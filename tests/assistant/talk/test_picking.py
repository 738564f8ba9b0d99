"""Picking among what was shown, whatever it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.assistant.talk.picking import NEITHER, OTHER, PLACES, Shown, pick

NAMES = (*PLACES, OTHER, NEITHER)
ids = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=4, unique=True).map(tuple)


@pytest.mark.parametrize(
    ("name", "current"), [("first", "a"), ("second", "b"), ("third", "c"), ("last", "c")]
)
def test_a_place_in_the_row_is_picked(name: str, current: str) -> None:
    assert pick(Shown(("a", "b", "c")), name) == Shown(("a", "b", "c"), current)


def test_a_place_beyond_the_row_leaves_the_choice_open() -> None:
    assert pick(Shown(("a", "b"), "a"), "third") == Shown(("a", "b"))


def test_of_two_the_other_one_is_the_other_one() -> None:
    assert pick(Shown(("a", "b"), "a"), OTHER) == Shown(("a", "b"), "b", left="a")
    assert pick(Shown(("a", "b"), "b"), OTHER) == Shown(("a", "b"), "a", left="b")


def test_of_three_the_others_are_shown_again() -> None:
    assert pick(Shown(("a", "b", "c"), "b"), OTHER) == Shown(("a", "c"), None, left="b")


@pytest.mark.parametrize("shown", [Shown(("a",), "a"), Shown(("a",))])
def test_there_is_no_other_than_the_only_one(shown: Shown) -> None:
    assert pick(shown, OTHER) is None


def test_neither_is_none_of_them() -> None:
    assert pick(Shown(("a", "b"), "a"), NEITHER) is None


@given(ids, st.sampled_from(NAMES), st.sampled_from(NAMES), st.integers(0, 3))
def test_the_same_pick_twice_shows_the_same(
    shown: tuple[str, ...], before: str, name: str, at: int
) -> None:
    start = Shown(shown, shown[at % len(shown)])
    after = pick(start, before) or start

    once = pick(after, name)

    assert once is None or pick(once, name) == once
