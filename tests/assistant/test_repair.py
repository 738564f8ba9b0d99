"""A misspelt word becomes the nearest word that the phrases know, and no other word changes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.assistant.repair import Lexicon

LEXICON = Lexicon.of({"licence": 9, "water": 5, "later": 2, "payment": 4, "bill": 8, "age": 1})


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("licnece", "licence"),
        ("lcnc", "licence"),
        ("licenc", "licence"),
        ("pymnt", "payment"),
        ("paymnet", "payment"),
        ("wather", "water"),
        ("wter", "water"),
    ],
)
def test_a_slip_is_mended(written: str, meant: str) -> None:
    assert LEXICON.repaired(written) == meant


@pytest.mark.parametrize(
    "word", ["water", "later", "ag", "ages", "水", "bir60", "xyzzyx", "a" * 99]
)
def test_known_short_and_strange_words_stay(word: str) -> None:
    assert LEXICON.repaired(word) is None


@given(st.text(max_size=60))
def test_any_word_is_answered_with_a_known_one_or_none(word: str) -> None:
    assert LEXICON.repaired(word) in {None, *LEXICON.counts}
