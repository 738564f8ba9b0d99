"""What is suggested for what is typed: by beginnings, by words, half spelt, misspelt."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.assistant.readings import readings
from backend.assistant.suggestions.index import MOST_PIECES, Suggestions, Typed
from backend.assistant.suggestions.suggestible import Phrase, keys_of
from backend.core.languages import Language
from backend.core.text import fold

EN, ZH_HANT, ZH_HANS = Language

PHRASES = [
    (EN, "Water Bill", "wsd-pay"),
    (EN, "pay my water bill", "wsd-pay"),
    (EN, "pay tax", "ird-pay"),
    (EN, "how to renew a pass", "immd-passport"),
    (EN, "renew my driving licence", "td-dl-renew"),
    (EN, "report a burst water pipe", "wsd-fault"),
    (EN, "what is a waterproof licence", "md-pv"),
    (ZH_HANT, "交水費", "wsd-pay"),
    (ZH_HANT, "交稅", "ird-pay"),
    (ZH_HANT, "交差餉", "rvd-pay"),
    (ZH_HANT, "點樣交水費", "wsd-pay"),
    (ZH_HANT, "街上爆水喉", "wsd-fault"),
    (ZH_HANT, "MPF點睇", "mpfa-empf"),
    (ZH_HANT, "費水交易", "td-odd"),
    (ZH_HANT, "牌證車牌", "td-elp"),
    (ZH_HANS, "交水费", "wsd-pay"),
    (ZH_HANS, "驾照换证", "td-dl-renew"),
]


def phrase(language: Language, text: str, service: str) -> Phrase:
    return Phrase(text, fold(text), keys_of(fold(text)), language, service, is_name=False)


@pytest.fixture(scope="module")
def index() -> Suggestions:
    return Suggestions.of("r1", [phrase(*row) for row in PHRASES], readings())


@pytest.fixture
def typed(index: Suggestions) -> Callable[..., list[str]]:
    def texts(text: str, language: Language = EN, limit: int = 10) -> list[str]:
        return [each.text for each in index.suggest(text, language, limit)]

    return texts


Texts = Callable[..., list[str]]


def test_a_whole_phrase_that_begins_so_comes_before_a_word_inside_one(typed: Texts) -> None:
    assert typed("wat") == [
        "Water Bill",
        "report a burst water pipe",
        "what is a waterproof licence",
    ]


def test_each_word_is_a_word_or_its_beginning_in_any_order(typed: Texts) -> None:
    assert typed("bill wat") == ["Water Bill"]
    assert typed("lic driv") == ["renew my driving licence"]
    assert typed("ater") == []
    assert typed("pay licence") == []


def test_case_width_and_script_do_not_matter(typed: Texts) -> None:
    assert typed("ＷＡＴＥＲ　ｂｉ") == ["Water Bill"]
    assert typed("交水费", ZH_HANT) == ["交水費"]


def test_a_service_comes_once(index: Suggestions) -> None:
    found = index.suggest("water", EN, 10)

    assert len({each.service for each in found}) == len(found) == 3


def test_no_more_than_the_limit(typed: Texts) -> None:
    assert typed("wat", limit=1) == ["Water Bill"]
    assert typed("wat", limit=2) == ["Water Bill", "report a burst water pipe"]


def test_chinese_is_found_inside_a_phrase_as_it_stands(typed: Texts) -> None:
    assert typed("水喉", ZH_HANT) == ["街上爆水喉"]
    assert typed("樣交水", ZH_HANT) == ["點樣交水費"]
    assert typed("上水喉", ZH_HANT) == []
    assert typed("交水易", ZH_HANT) == []
    assert typed("車牌證", ZH_HANT) == []


def test_what_begins_so_is_shown_before_what_holds_it(typed: Texts) -> None:
    assert typed("交", ZH_HANT) == ["交水費", "交稅", "交差餉", "費水交易"]
    assert typed("renew") == ["renew my driving licence", "how to renew a pass"]


@pytest.mark.parametrize(
    ("begun", "first"),
    [("交s", ["交水費", "交稅"]), ("交sh", ["交水費", "交稅"]), ("交c", ["交差餉"])],
)
def test_letters_behind_chinese_are_half_a_spelling(
    typed: Texts, begun: str, first: list[str]
) -> None:
    found = typed(begun, ZH_HANT)

    assert found[: len(first)] == first
    assert set(found) == {"交水費", "交稅", "交差餉", "費水交易"}


def test_letters_behind_chinese_may_be_what_they_are(typed: Texts) -> None:
    assert typed("mpf點", ZH_HANT) == ["MPF點睇"]


@pytest.mark.parametrize("slip", ["watre", "licennce", "licnce", "renew drivng", "drivign", "pey"])
def test_a_slip_in_the_last_word_is_forgiven(typed: Texts, slip: str) -> None:
    assert typed(slip)


@pytest.mark.parametrize("wrong", ["zzzz", "xater", "watxx", "py my watre bill", "q"])
def test_but_nothing_is_made_up(typed: Texts, wrong: str) -> None:
    assert typed(wrong) == []


def test_no_slip_is_seen_where_something_fits(typed: Texts) -> None:
    assert typed("pay t") == ["pay tax"]
    assert "what is a waterproof licence" not in typed("water b")


def test_a_reader_gets_their_own_script(typed: Texts) -> None:
    assert typed("交水", ZH_HANS) == ["交水费"]
    assert typed("交水", ZH_HANT) == ["交水費"]


def test_an_english_reader_who_types_chinese_gets_chinese(typed: Texts) -> None:
    assert typed("驾照", EN) == ["驾照换证"]
    assert typed("水費", EN) == ["交水費"]
    assert typed("交水", EN) == ["交水費"]


def test_a_chinese_reader_who_types_english_gets_english_where_there_is_no_other(
    typed: Texts,
) -> None:
    assert typed("mpf", ZH_HANT) == ["MPF點睇"]
    assert typed("driving", ZH_HANT) == ["renew my driving licence"]


@pytest.mark.parametrize("nothing", ["", "  ", "?!", "e" + "\u0301" * 50, "\u202e", "🙂"])
def test_of_nothing_nothing_is_made(typed: Texts, nothing: str) -> None:
    assert typed(nothing) == []


def test_an_index_of_nothing_suggests_nothing() -> None:
    assert Suggestions.of("r1", [], {}).suggest("water", EN, 5) == []


@given(st.text(max_size=300), st.sampled_from(list(Language)), st.integers(1, 10))
def test_any_text_is_taken(text: str, language: Language, limit: int) -> None:
    index = Suggestions.of("r1", [phrase(*row) for row in PHRASES], {})

    assert len(index.suggest(text, language, limit)) <= limit


@pytest.mark.parametrize("long", ["a " * 5000, "水" * 5000, "a" * 5000, "水a" * 3000, "ﷺ" * 4096])
def test_work_is_bounded_by_what_is_read(long: str) -> None:
    found = Typed.of(long)

    assert len(found.text) <= 256
    assert len(found.pieces) <= MOST_PIECES
