"""Searching the menu over HTTP: shapes, languages, and every odd thing that may be typed."""

from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

ODD = [
    "   ",
    "???!!!，。、？！",
    "的",
    "the of and",
    "'; drop table services; --",
    "<script>alert(1)</script>",
    "${jndi:ldap://x}",
    "../../etc/passwd",
    "%s%n%x{0}{name}",
    "💧🧾" * 20,
    "👨‍👩‍👧‍👦" * 8,
    "e" + "\u0301" * 8,
    "e" + "\u0301" * 99,
    "\u0301\u0327" * 50,
    "\u202ewater\u202c",
    "\u200bwater\u200b bill\ufeff",
    "\ufdfa" * 100,
    "ﷺ水費ﷺ",
    "\U0001f1ed\U0001f1f0",
    "\U000e0041" * 30,
    "\x01\x02\x1b[31m",
    "\t\n\r\x0b\x0c",
    "한국어 ภาษาไทย עברית",
    "a" * 100,
    "ab " * 33,
    "水" * 100,
    "9" * 100,
    "1e309",
    "null",
    "\ud7ff\ue000\uffff",
    "+",
    "&",
    "#",
]


@pytest.mark.parametrize("text", ODD, ids=range(len(ODD)))
def test_whatever_is_typed_is_answered(menu: FlaskClient, text: str) -> None:
    reply = menu.get(f"/v1/services/search?q={quote(text)}")

    assert reply.status_code == 200
    assert all(0 < item["score"] <= 1 for item in reply.json["items"])


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?q=",
        "?q=" + "a" * 101,
        "?q=" + "%E6%B0%B4" * 101,
        "?q=water%00bill",
        "?q=%00",
        "?q=water&limit=0",
        "?q=water&limit=101",
        "?q=water&limit=x",
        "?q=water&cursor=W10",
        "?q=water&theme=tax",
        "?query=water",
        "?q=water&lang=fr",
    ],
)
def test_a_search_out_of_form_is_refused(menu: FlaskClient, query: str) -> None:
    reply = menu.get(f"/v1/services/search{query}")

    assert reply.status_code in (400, 422)
    assert reply.mimetype == "application/problem+json"


@pytest.mark.parametrize("raw", ["%FF%FE", "%ED%A0%80", "%C0%AF", "%", "%zz", "%u6c34"])
def test_broken_encoding_is_answered_and_never_breaks_ferry(menu: FlaskClient, raw: str) -> None:
    assert menu.get(f"/v1/services/search?q={raw}").status_code in (200, 400, 422)


def test_a_search_finds_the_best_first_in_the_readers_language(menu: FlaskClient) -> None:
    reply = menu.get("/v1/services/search?q=watr%20bil&lang=zh-Hans&limit=3")

    best = reply.json["items"][0]
    assert (best["id"], best["name"]) == ("wsd-pay", "缴交水费及排污费")
    scores = [item["score"] for item in reply.json["items"]]
    assert scores == sorted(scores, reverse=True)
    assert len(scores) <= 3


def test_a_search_finds_ten_unless_asked_otherwise(menu: FlaskClient) -> None:
    assert len(menu.get("/v1/services/search?q=application").json["items"]) == 10
    assert len(menu.get("/v1/services/search?q=application&limit=15").json["items"]) == 15


def test_nothing_found_is_an_empty_list(menu: FlaskClient) -> None:
    reply = menu.get("/v1/services/search?q=qqqqqqqq")

    assert (reply.status_code, reply.json["items"]) == (200, [])


def test_a_found_service_is_told_as_anywhere_else(menu: FlaskClient) -> None:
    found = menu.get("/v1/services/search?q=passport&limit=1").json["items"][0]
    whole = menu.get("/v1/services/immd-passport").json

    assert {**found, "notice": whole["notice"]} == {**whole, "score": found["score"]}
