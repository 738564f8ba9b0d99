"""Questions are spoiled as told, always alike, and never more than told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from backend.assistant.measuring.contest.slips import homophones, lost_vowels, spoiled, typos
from backend.assistant.measuring.questions import Labelled
from backend.assistant.readings import readings
from backend.core.text import fold

QUESTION = "how do i renew my driving licence before the holidays"


@given(st.lists(st.text("abcdefgh", min_size=1, max_size=12), min_size=1))
def test_a_typo_is_one_slip_behind_the_first_letter_of_a_word(words: list[str]) -> None:
    found = typos(1.0)(" ".join(words)).split(" ")

    assert len(found) == len(words)
    for word, slipped in zip(words, found, strict=True):
        assert slipped[0] == word[0]
        assert OSA.distance(word, slipped) <= (1 if len(word) >= 3 else 0)


def test_about_the_told_share_of_the_words_slips() -> None:
    words = ["holidays"] * 2000

    found = typos(0.1)(" ".join(words)).split(" ")

    assert 0.08 < sum(word != "holidays" for word in found) / len(words) < 0.12


def test_the_same_lines_are_always_spoiled_alike_and_keep_their_labels() -> None:
    lines = [Labelled(QUESTION, "a"), Labelled(QUESTION, None)]

    once, again = spoiled(lines, typos(0.5)), spoiled(lines, typos(0.5))

    assert once == again
    assert [line.intent for line in once] == ["a", None]
    assert once[0].text != QUESTION


def test_vowels_are_lost_but_for_a_first_letter_and_in_short_words() -> None:
    assert lost_vowels(1.0)("the Identity card, 身份證 online") == "the Idntty crd, 身份證 onln"
    assert lost_vowels(0.0)(QUESTION) == QUESTION


def test_a_homophone_sounds_alike_and_is_another_character() -> None:
    question = "身份證" * 10

    found = homophones(1.0, ["神分正", question])(question)

    assert found == "神分正" * 10
    for old, new in zip(question, found, strict=True):
        assert readings()[fold(old)] == readings()[fold(new)]


def test_one_character_in_two_scripts_is_no_homophone_of_itself() -> None:
    assert homophones(1.0, ["证證"])("證") == "證"


@pytest.mark.parametrize("spoil", [typos(1.0), lost_vowels(1.0)])
def test_slips_of_latin_letters_leave_chinese_alone(spoil) -> None:  # type: ignore[no-untyped-def]
    assert spoil("我想俾水費") == "我想俾水費"


def test_a_character_that_sounds_like_no_other_stays() -> None:
    assert homophones(1.0, ["水費"])("水費 ok") == "水費 ok"
