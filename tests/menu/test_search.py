"""The search itself: what must be found, slips forgiven, scripts alike, any text taken."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.core.languages import Words
from backend.core.settings import CHECKOUT
from backend.menu.catalogue import Catalogue
from backend.menu.search import SearchIndex, terms_of
from backend.menu.searches import read_searches

SEARCHES = read_searches(CHECKOUT / "catalogue")


def found(index: SearchIndex, query: str, limit: int = 10) -> list[str]:
    return [hit.service.id for hit in index.search(query, limit)]


def results(index: SearchIndex, query: str) -> list[tuple[str, float]]:
    return [(hit.service.id, round(hit.score, 9)) for hit in index.search(query, 10)]


def widened(text: str) -> str:
    """Write ASCII in its full-width forms."""
    return "".join(
        "\u3000" if each == " " else chr(ord(each) + 0xFEE0) if "!" <= each <= "~" else each
        for each in text
    )


@pytest.mark.parametrize(("typed", "service"), SEARCHES.first.items())
def test_what_people_type_finds_its_service_first(
    index: SearchIndex, typed: str, service: str
) -> None:
    assert found(index, typed)[:1] == [service]


@pytest.mark.parametrize(("typed", "service"), SEARCHES.among.items())
def test_what_people_type_finds_its_service_among_the_first_three(
    index: SearchIndex, typed: str, service: str
) -> None:
    assert service in found(index, typed, 3)


def test_the_table_of_searches_speaks_three_languages() -> None:
    typed = [*SEARCHES.first, *SEARCHES.among]

    assert len(typed) >= 100
    assert sum(text.isascii() for text in typed) >= 50
    assert sum(not text.isascii() for text in typed) >= 50


@pytest.mark.slow
def test_a_service_is_found_first_by_its_own_name_in_each_language(
    index: SearchIndex, catalogue: Catalogue
) -> None:
    for service in catalogue.services:
        for name in (service.name.en, service.name.zh_hant, service.name.zh_hans):
            assert found(index, name)[:1] == [service.id]


@pytest.mark.slow
def test_simplified_traditional_and_full_width_find_the_same(
    index: SearchIndex, catalogue: Catalogue
) -> None:
    for service in catalogue.services:
        name = service.name
        assert results(index, name.zh_hant) == results(index, name.zh_hans)
        assert results(index, name.en) == results(index, widened(name.en.upper()))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("帳單", "账单"),
        ("賬單", "账单"),
        ("樂悠咭", "乐悠卡"),
        ("出入境紀錄", "出入境记录"),
        ("公共屋邨", "公共屋村"),
        ("衞生", "衛生"),
        ("ＢＩＲ６０", "bir60"),
        ("水 費", "水費"),
        ("  water   bill ", "WATER BILL"),
        ("água", "agua"),
        ("car park", "car-park"),
    ],
)
def test_two_spellings_of_one_thing_find_the_same(index: SearchIndex, one: str, other: str) -> None:
    assert results(index, one) == results(index, other)


def longest_word(name: str) -> str:
    return max(name.replace("-", " ").split(), key=len)


def dropped(word: str) -> str:
    return word[: len(word) // 2] + word[len(word) // 2 + 1 :]


def swapped(word: str) -> str:
    at = len(word) // 2
    return word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :]


def doubled(word: str) -> str:
    return word[: len(word) // 2] + word[len(word) // 2] + word[len(word) // 2 :]


def mistaken(word: str) -> str:
    return word[: len(word) // 2] + "q" + word[len(word) // 2 + 1 :]


@pytest.mark.slow
@pytest.mark.parametrize("slip", [dropped, swapped, doubled, mistaken])
def test_a_slip_of_the_finger_in_the_longest_word_is_forgiven(
    index: SearchIndex, catalogue: Catalogue, slip: Callable[[str], str]
) -> None:
    for service in catalogue.services:
        word = longest_word(service.name.en)
        typed = service.name.en.replace(word, slip(word), 1)

        assert service.id in found(index, typed, 3), typed


@pytest.mark.slow
def test_a_wrong_chinese_character_is_forgiven(index: SearchIndex, catalogue: Catalogue) -> None:
    for service in catalogue.services:
        name = service.name.zh_hant
        for at in range(len(name)) if len(name) >= 4 else ():
            typed = name[:at] + "龘" + name[at + 1 :]

            assert service.id in found(index, typed, 3), typed


@pytest.mark.parametrize(
    ("typed", "service"),
    [
        ("watr", "wsd-pay"),
        ("wtaer", "wsd-pay"),
        ("vsia", "immd-extension"),
        ("imigration passport", "immd-passport"),
        ("drivinglicence", "td-dl-renew"),
        ("passpo", "immd-passport"),
        ("passports", "immd-passport"),
        ("身份正遺失", "immd-hkid-replace"),
        ("綜合社會保章援助", "swd-cssa"),
    ],
)
def test_a_slip_in_a_short_search_is_forgiven(index: SearchIndex, typed: str, service: str) -> None:
    assert service in found(index, typed, 3)


def test_a_department_finds_its_services(index: SearchIndex, catalogue: Catalogue) -> None:
    for typed in ("水務署", "WSD", "Water Supplies Department"):
        assert all(
            catalogue.service_by_id[each].department_id == "WSD" for each in found(index, typed, 5)
        )
        assert len(found(index, typed, 5)) == 5


@pytest.mark.parametrize("typed", ["", " ", "?!", "the", "qqqqqqq", "x", "😀", "ไทย", "\0"])
def test_what_means_nothing_finds_nothing(index: SearchIndex, typed: str) -> None:
    assert found(index, typed) == []


def test_a_run_of_combining_marks_is_not_even_read(index: SearchIndex) -> None:
    assert found(index, "passport") == ["immd-passport", *found(index, "passport")[1:]]
    assert found(index, "passport" + "\u0301" * 9) == []
    assert found(index, "passport" + "\u0301" * 8)[0] == "immd-passport"


def test_only_the_first_hundred_characters_are_read(index: SearchIndex) -> None:
    padded = "passport".ljust(100) + " water bill"

    assert results(index, padded) == results(index, "passport")


@given(st.text(max_size=120), st.integers(1, 100))
@settings(max_examples=80, deadline=None, database=None, derandomize=True)
@pytest.mark.slow
def test_any_text_is_taken_and_ranked(index: SearchIndex, text: str, limit: int) -> None:
    hits = index.search(text, limit)

    scores = [hit.score for hit in hits]
    assert len(hits) <= limit
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1.000001 for score in scores)
    assert len({hit.service.id for hit in hits}) == len(hits)


@given(st.text(alphabet="watersupliconpymxdg水費交税公屋身份證 \u0301-", max_size=60))
@settings(max_examples=80, deadline=None, database=None, derandomize=True)
@pytest.mark.slow
def test_the_same_text_always_finds_the_same(index: SearchIndex, text: str) -> None:
    assert results(index, text) == results(index, text)


@pytest.mark.slow
def test_threads_share_one_index(index: SearchIndex) -> None:
    typed = [*SEARCHES.first, *SEARCHES.among] * 4
    alone = [results(index, text) for text in typed]

    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(lambda text: results(index, text), typed))

    assert together == alone


def test_searching_leaves_the_index_as_it_was(index: SearchIndex) -> None:
    before = {term: dict(posting) for term, posting in index.postings.items()}

    for text in ("watr bil", "pay", "passp", "renewing", "nothing like this", "水費龘"):
        index.search(text, 10)

    assert {term: dict(posting) for term, posting in index.postings.items()} == before


def test_a_name_without_a_searchable_word_breaks_nothing(catalogue: Catalogue) -> None:
    odd = replace(catalogue.services[0], name=Words("To the", "？？", "—"), also=("!!",))
    index = SearchIndex(replace(catalogue, services=(odd, *catalogue.services[1:])))

    assert found(index, "passport")[0] == "immd-passport"
    assert found(index, odd.department_id)


def test_a_menu_without_services_finds_nothing(catalogue: Catalogue) -> None:
    index = SearchIndex(replace(catalogue, services=()))

    assert found(index, "water bill 水費 watr") == []


def test_chinese_is_cut_into_characters_and_pairs_and_english_into_words_and_pairs() -> None:
    assert set(terms_of("交水費").share) == {"交", "水", "费", "交水", "水费"}
    assert set(terms_of("Car  Park").share) == {"car", "park", "carpark"}
    assert terms_of("how to renew車牌").words == {"renew"}
