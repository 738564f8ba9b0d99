"""Phrases come out of the book as they went in, whatever they hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.assistant.releases.phrasebook import MOST_UNPACKED, Examples, Phrasebook
from backend.core.languages import Language

ROW = st.tuples(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.sampled_from(Language),
)


@given(st.lists(st.lists(ROW, max_size=4), max_size=5))
def test_every_target_gets_its_own_phrases_back(
    rows: list[list[tuple[str, str, Language]]],
) -> None:
    every = [Examples.of(each) for each in rows]

    book = Phrasebook.of(every)

    assert len(book) == len(every)
    assert list(book) == every
    assert [book[target] for target in range(len(book))] == every


@pytest.mark.parametrize(("targets", "kept"), [(3, 3), (MOST_UNPACKED + 1, 0)])
def test_only_a_book_of_few_targets_keeps_what_it_unpacked(targets: int, kept: int) -> None:
    one = Examples.of([("Water bill", "water bill", Language.EN)])
    book = Phrasebook.of([one] * targets)

    for target in range(targets):
        assert book[target].texts == ("Water bill",)

    assert len(book.unpacked) == kept
