"""Which of the three languages a reader gets."""

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from backend.core.database import Database
from backend.core.languages import Language, Words, language_of_tag, negotiate
from tests.core.problems import assert_problem

TAGS = {
    "en": "en", "en-GB": "en", "EN": "en", "en_HK": "en", "en-Latn-GB": "en",
    "zh": "zh-Hant", "zh-HK": "zh-Hant", "zh-TW": "zh-Hant", "zh-MO": "zh-Hant",
    "zh-Hant": "zh-Hant", "zh-Hant-HK": "zh-Hant", "ZH-HANT": "zh-Hant", "zh-Hant-CN": "zh-Hant",
    "zh-CN": "zh-Hans", "zh-SG": "zh-Hans", "zh-MY": "zh-Hans", "zh-Hans": "zh-Hans",
    "zh-Hans-HK": "zh-Hans", "zh-hans-hk": "zh-Hans", "zh_CN": "zh-Hans",
    "yue": "zh-Hant", "yue-HK": "zh-Hant", "yue-Hant": "zh-Hant", "yue-Hans": "zh-Hans",
}  # fmt: skip


@pytest.mark.parametrize(("tag", "language"), TAGS.items())
def test_a_tag_leads_to_the_language_that_serves_it(tag: str, language: str) -> None:
    assert language_of_tag(tag) == language


@pytest.mark.parametrize("tag", ["fr", "ja", "", "*", "-", "english", "z", "zho", "e-n", "\0"])
def test_a_tag_of_no_language_of_ours_leads_nowhere(tag: str) -> None:
    assert language_of_tag(tag) is None


@given(st.text())
def test_no_tag_makes_a_crash(tag: str) -> None:
    assert negotiate([tag]) in set(Language)


HEADERS = {
    "": "en",
    "zh-HK": "zh-Hant",
    "zh-HK,zh;q=0.9,en;q=0.8": "zh-Hant",
    "en;q=0.1, zh-CN;q=0.2": "zh-Hans",
    "en;q=0.8, yue;q=0.9, zh-Hans;q=0.7": "zh-Hant",
    "fr, ja;q=0.9, zh-Hans;q=0.1": "zh-Hans",
    "zh;q=0, en": "en",
    "zh-Hant;q=0, zh-Hans;q=0.5": "zh-Hans",
    "fr, zh;q=0": "en",
    "fr": "en",
    "*": "en",
    "fr, *;q=0.5": "en",
    "zh-Hans-HK": "zh-Hans",
    "en-GB": "en",
    ";;;,,,": "en",
    "zh;q=abc": "en",
    "zh;q=99, en": "en",
    "zh;q=-1": "en",
    "zh;q=nan, en;q=0.5": "en",
    "水費": "en",
    "zh-Hant" * 500: "zh-Hant",
}


@pytest.mark.parametrize(("header", "language"), HEADERS.items(), ids=lambda text: ascii(text[:40]))
def test_the_best_wanted_language_is_chosen(plain: FlaskClient, header: str, language: str) -> None:
    raw = header.encode().decode("latin-1")

    reply = plain.get("/nowhere", headers={"Accept-Language": raw})

    assert reply.headers["Content-Language"] == language
    assert "Accept-Language" in reply.headers["Vary"]


def test_without_the_header_it_is_english(plain: FlaskClient) -> None:
    assert plain.get("/open/bare").headers["Content-Language"] == "en"


@pytest.mark.parametrize("language", list(Language))
def test_a_language_in_the_address_wins(plain: FlaskClient, language: Language) -> None:
    reply = plain.get(f"/open/bare?lang={language}", headers={"Accept-Language": "en, zh-CN"})

    assert reply.status_code == 200
    assert reply.headers["Content-Language"] == language
    assert "Accept-Language" in reply.headers["Vary"]


@pytest.mark.parametrize(
    "named", ["", "EN", "zh", "zh-HK", "fr", "en,zh-Hans", "en%20", "%E7%B9%81"]
)
def test_a_wrong_language_in_the_address_is_refused(plain: FlaskClient, named: str) -> None:
    reply = plain.get(f"/open/bare?lang={named}", headers={"Accept-Language": "zh-HK"})

    problem = assert_problem(reply, 422, "language_not_known")
    assert problem["detail"] == "lang 只可以是 en、zh-Hant 或 zh-Hans。"


@pytest.mark.parametrize("query", ["lang=en&lang=en", "lang=en&lang=zh-Hant", "a=1&a=2"])
def test_a_name_twice_in_the_address_is_refused(plain: FlaskClient, query: str) -> None:
    assert_problem(plain.get(f"/open/bare?{query}"), 400, "query_not_readable")


@pytest.mark.parametrize("query", ["q=%00", "%00=q", "lang=en%00"])
def test_what_cannot_be_stored_is_refused_in_the_address(plain: FlaskClient, query: str) -> None:
    assert_problem(plain.get(f"/open/bare?{query}"), 400, "query_not_readable")


def test_words_are_filled_in_each_language() -> None:
    words = Words("until {when}", "{when}前", "{when}前")

    assert words.into(Language.EN, when="noon") == "until noon"
    assert words.into(Language.ZH_HANT, when="正午") == "正午前"
    assert Words("{}", "{}", "{}").into(Language.EN) == "{}"


def test_words_of_a_text_without_one_language_are_refused() -> None:
    with pytest.raises(KeyError):
        Words.of({"en": "water", "zh-Hant": "水"})


def test_a_refusal_at_the_door_is_in_the_readers_language(
    plain: FlaskClient, sqlite_alone: Database
) -> None:
    reply = plain.get("/mine/id", headers={"Accept-Language": "zh-HK"})

    assert assert_problem(reply, 401, "sign_in_needed")["title"] == "請先登入"
