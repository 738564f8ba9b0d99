"""Folding: width, case and script are one, and no text is costly."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.text import fold, is_chinese, simplified_table, too_many_marks


@pytest.mark.parametrize(
    ("one", "other"),
    [("ＦＰＳ繳費", "FPS缴费"), ("補領身份證", "补领身份证"), ("Straße", "STRASSE"),
     ("水務署，衞生署", "水务署,卫生署"), ("綫上", "线上"), ("交水費\u3000呀", "交水费 呀"),
     ("  a\t\nb ", "a b"), ("畀錢", "俾钱"), ("ﬁne", "FINE"), ("①", "1")],
)  # fmt: skip
def test_two_spellings_fold_to_one(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@given(st.text(max_size=60))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(max_size=60))
def test_a_folded_text_has_single_blanks_and_no_traditional_character(text: str) -> None:
    folded = fold(text)

    assert "  " not in folded
    assert folded == folded.strip()
    assert not set(map(ord, folded)) & set(simplified_table())


def test_the_table_never_leads_on_to_another_character() -> None:
    table = simplified_table()

    assert len(table) > 2000
    assert not {ord(simple) for simple in table.values()} & set(table)


def test_eight_marks_in_a_row_are_enough() -> None:
    assert not too_many_marks("a" + "\u0301" * 8 + "b" + "\u0301" * 8)
    assert too_many_marks("a" + "\u0301" * 9)
    assert not too_many_marks("")
    assert not too_many_marks("मुख्य ไม่ทราบ tiếng Việt")


@given(st.lists(st.sampled_from(["\u0301", "\u0327", "\u0323", "a"]), max_size=60).map("".join))
def test_what_has_few_marks_keeps_its_length_within_bounds(text: str) -> None:
    if not too_many_marks(text):
        assert len(unicodedata.normalize("NFKC", text)) <= len(text)


@pytest.mark.parametrize(
    ("character", "chinese"),
    [("水", True), ("㐀", True), ("a", False), ("あ", False), ("，", False)],
)
def test_chinese_is_what_stands_in_the_blocks_of_ideographs(character: str, chinese: bool) -> None:
    assert is_chinese(character) == chinese


@pytest.mark.slow
def test_every_single_character_folds_to_what_stays() -> None:
    points = [*range(0xD800), *range(0xE000, 0x20000)]

    moving = [hex(point) for point in points if fold(fold(chr(point))) != fold(chr(point))]

    assert moving == []
