"""Whatever is typed becomes a short row of words; how it was written makes no difference."""

from hypothesis import given
from hypothesis import strategies as st

from backend.assistant.normalise import (
    MOST_CHARACTERS,
    NOTHING,
    Synonyms,
    normalise,
)

NONE = Synonyms.of([])


def test_width_case_and_script_make_no_difference() -> None:
    plain = normalise("FPS繳費", NONE)

    assert plain.tokens == ("fps", "缴", "费")
    assert normalise("ＦＰＳ缴费", NONE).tokens == plain.tokens


def test_what_is_drawn_as_nothing_does_not_part_a_word() -> None:
    assert normalise("wa\u200bter b\u00adill\ufeff", NONE).tokens == ("water", "bill")


def test_the_resident_s_own_writing_is_kept_for_showing() -> None:
    question = normalise("Pay 水費!", NONE)

    assert question.tokens == ("pay", "水", "费")
    assert question.shown == ("pay", "水", "費")


def test_no_more_than_256_characters_are_read() -> None:
    question = normalise("\ufdfa" * 10_000, NONE)

    assert len(question.text) <= MOST_CHARACTERS


def test_runs_of_combining_marks_are_refused_before_any_work() -> None:
    assert normalise("e" + "\u0301" * 9 + " pay", NONE) == NOTHING


def test_the_longest_saying_is_taken_first_and_only_once() -> None:
    synonyms = Synonyms.of([("a", "b"), ("a b", "c d e"), ("b", "a")])

    question = normalise("a b a x", synonyms)

    assert question.tokens == ("c", "d", "e", "b", "x")
    assert question.shown == ("a b", "", "", "a", "x")


def test_words_heard_in_english_letters_become_chinese() -> None:
    synonyms = Synonyms.of([("sui fai", "水費"), ("u", "you")])

    assert normalise("Sui Fai bill 4 u", synonyms).tokens == ("水", "费", "bill", "4", "you")


@given(st.text(max_size=2_000))
def test_any_text_is_cut_within_the_caps(text: str) -> None:
    question = normalise(text, Synonyms.of([("a", "b c")]))

    assert len(question.text) <= MOST_CHARACTERS
    assert len(question.tokens) == len(question.shown)
    assert all(question.tokens)
