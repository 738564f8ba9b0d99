"""The menu's language and freshness: negotiation, tags, 304, HEAD, caches."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from backend.app import Gateways, create_app
from backend.core.database import Database
from backend.core.settings import Settings

ADDRESSES = [
    "/v1/services",
    "/v1/services/search?q=water",
    "/v1/services/wsd-pay",
    "/v1/themes",
    "/v1/departments",
]
NAMES = {
    "en": "Payment of Water and Sewage Charges",
    "zh-Hant": "繳交水費及排污費",
    "zh-Hans": "缴交水费及排污费",
}


@pytest.mark.parametrize(
    ("accepts", "language"),
    [
        ("", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("zh-HK,zh;q=0.9,en;q=0.8", "zh-Hant"),
        ("zh-TW", "zh-Hant"),
        ("zh", "zh-Hant"),
        ("yue-Hant-HK", "zh-Hant"),
        ("zh-CN,zh;q=0.9", "zh-Hans"),
        ("zh-Hans-HK", "zh-Hans"),
        ("zh-SG", "zh-Hans"),
        ("fr,zh-CN;q=0.5,en;q=0.4", "zh-Hans"),
        ("zh-HK;q=0,en", "en"),
        ("en;q=0.1,zh-HK;q=0.2", "zh-Hant"),
        ("fr", "en"),
        ("*", "en"),
        (";;;,,q=9,\x7f", "en"),
        ("x" * 2000, "en"),
    ],
)
def test_a_service_is_told_in_the_language_that_the_phone_asks_for(
    menu: FlaskClient, accepts: str, language: str
) -> None:
    reply = menu.get("/v1/services/wsd-pay", headers={"Accept-Language": accepts})

    assert reply.json["name"] == NAMES[language]
    assert reply.headers["Content-Language"] == language
    assert "Accept-Language" in reply.vary


@pytest.mark.parametrize("lang", list(NAMES))
def test_a_named_language_wins_over_the_phones(menu: FlaskClient, lang: str) -> None:
    for accepts in ("en", "zh-HK", "zh-CN"):
        reply = menu.get(f"/v1/services/wsd-pay?lang={lang}", headers={"Accept-Language": accepts})

        assert (reply.json["name"], reply.headers["Content-Language"]) == (NAMES[lang], lang)
        assert "Accept-Language" in reply.vary


@pytest.mark.parametrize("lang", ["fr", "EN", "zh", "zh-hant", "", "en%00"])
def test_a_language_that_ferry_does_not_write_is_refused(menu: FlaskClient, lang: str) -> None:
    reply = menu.get(f"/v1/themes?lang={lang}")

    assert reply.status_code in (400, 422)


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_tag_is_strong_and_of_its_language_and_lasts(menu: FlaskClient, address: str) -> None:
    tags = [
        menu.get(address, headers={"Accept-Language": tag}).headers["ETag"]
        for tag in ("en", "zh-HK", "zh-CN", "en")
    ]

    assert all(tag.startswith('"') and tag.endswith('"') for tag in tags)
    assert len(set(tags)) == 3
    assert tags[0] == tags[3]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("form", ["{tag}", "W/{tag}", '"other", {tag}', 'W/"other",W/{tag}', "*"])
def test_what_a_phone_holds_already_is_not_sent_again(
    menu: FlaskClient, address: str, form: str
) -> None:
    first = menu.get(address)

    again = menu.get(address, headers={"If-None-Match": form.format(tag=first.headers["ETag"])})

    assert (again.status_code, again.data) == (304, b"")
    for name in ("ETag", "Cache-Control", "Vary"):
        assert again.headers[name] == first.headers[name]


@pytest.mark.parametrize("held", ['"other"', 'W/"other"', "", '"', "garbage", "\x7f"])
def test_what_a_phone_does_not_hold_is_sent(menu: FlaskClient, held: str) -> None:
    reply = menu.get("/v1/themes", headers={"If-None-Match": held})

    assert reply.status_code == 200
    assert reply.json["items"]


def test_the_tag_of_one_language_does_not_do_for_another(menu: FlaskClient) -> None:
    tag = menu.get("/v1/themes?lang=zh-Hant").headers["ETag"]

    reply = menu.get("/v1/themes?lang=zh-Hans", headers={"If-None-Match": tag})

    assert reply.status_code == 200


def test_every_web_process_gives_the_same_tag(
    menu: FlaskClient, menu_settings: Settings, menu_database: Database
) -> None:
    other: Flask = create_app(menu_settings, Gateways({}), menu_database)

    tags = {client.get("/v1/services").headers["ETag"] for client in (menu, other.test_client())}

    assert len(tags) == 1


@pytest.mark.parametrize("address", ADDRESSES)
def test_head_tells_what_get_tells_without_the_body(menu: FlaskClient, address: str) -> None:
    whole = menu.get(address)

    head = menu.head(address)
    held = menu.head(address, headers={"If-None-Match": whole.headers["ETag"]})

    assert (head.status_code, head.data) == (200, b"")
    for name in ("ETag", "Cache-Control", "Vary", "Content-Language", "Content-Length"):
        assert head.headers[name] == whole.headers[name]
    assert held.status_code == 304


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_menu_may_be_kept_by_any_cache_and_sets_no_cookie(
    menu: FlaskClient, address: str
) -> None:
    reply = menu.get(address)

    assert reply.headers["Cache-Control"] == "public, max-age=300"
    assert "Set-Cookie" not in reply.headers


@pytest.mark.parametrize(
    "address", ["/v1/services/no-such", "/v1/services?theme=no-such", "/v1/services/search"]
)
def test_a_refusal_is_never_kept(menu: FlaskClient, address: str) -> None:
    reply = menu.get(address)

    assert reply.status_code >= 400
    assert reply.headers["Cache-Control"] == "no-store"
    assert "ETag" not in reply.headers
