"""The page that a browser shows whoever scanned a receipt's code."""

import base64
import hashlib
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from backend.payments.receipts import page
from tests.conftest import Caller

Pay = Callable[..., tuple[str, str]]
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
PAGE_TAGS = "html head meta title style body nav a p strong h1 dl dt dd".split()


class Tags(HTMLParser):
    """Collects the tags of a page, and checks that each that opens also closes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture
def address(client: FlaskClient, resident: Caller, pay: Pay) -> str:
    _, receipt_id = pay(resident)
    url: str = client.get(f"/v1/receipts/{receipt_id}", headers=resident.headers).json["check_url"]
    return url.removeprefix("http://127.0.0.1:8000")


def look(client: FlaskClient, address: str, language: str = "en") -> Any:
    return client.get(address, headers={"Accept": BROWSER, "Accept-Language": language})


@pytest.mark.parametrize(
    ("accepted", "is_wanted"),
    [
        (BROWSER, True),
        ("text/html", True),
        ("text/*", True),
        ("*/*", False),
        ("", False),
        ("application/json", False),
        ("application/json, text/html;q=0.5", False),
        ("application/json, text/html", False),
        ("text/html;q=0", False),
    ],
)
def test_a_browser_gets_the_page_and_a_program_json(accepted: str, *, is_wanted: bool) -> None:
    assert page.is_wanted(parse_accept_header(accepted, MIMEAccept)) is is_wanted


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ("sound", "HK$418.50", "Water Supplies Department", "24 November 2026, 00:05:09")),
        ("zh-Hant", ("屬實", "HK$418.50", "水務署", "2026年11月24日 00:05:09")),
        ("zh-Hans", ("属实", "HK$418.50", "水务署", "2026年11月24日 00:05:09")),
    ],
)
def test_a_sound_receipt_is_said_to_be_so_in_the_readers_language(
    client: FlaskClient, address: str, language: str, said: tuple[str, ...]
) -> None:
    stated = client.get(address).json["receipt"]

    reply = look(client, address, language)

    assert (reply.status_code, reply.mimetype) == (200, "text/html")
    assert reply.headers["Content-Language"] == language
    assert reply.headers["Cache-Control"] == "no-store"
    for text in (*said, stated["number"], stated["bill_number"], stated["fps_reference"]):
        assert text in reply.text
    assert f'<html lang="{language}">' in reply.text


def test_the_page_says_nothing_that_the_json_does_not(
    client: FlaskClient, resident: Caller, address: str
) -> None:
    text = look(client, address).text

    token = address.partition("t=")[2]
    shown = text.replace(token, "")
    assert resident.id not in shown
    assert "Chan" not in shown
    assert "陳" not in shown
    assert not re.search(r"(rcp|bill|res)_", shown)


def test_a_changed_receipt_shows_none_of_its_facts(client: FlaskClient, address: str) -> None:
    path, _, token = address.partition("?t=")
    head, payload, signature = token.split(".")
    facts = json.loads(base64.urlsafe_b64decode(payload + "=="))
    more = json.dumps({**facts, "amount_cents": 9_999_900}).encode()
    forged = base64.urlsafe_b64encode(more).decode().rstrip("=")

    for changed in (f"{head}.{forged}.{signature}", token[:-1], "x"):
        reply = look(client, f"{path}?t={changed}")
        assert (reply.status_code, reply.mimetype) == (200, "text/html")
        assert "no receipt of ours" in reply.text
        assert ("h1", {"class": "wrong"}) in Tags(reply.text).seen
        assert "<dl>" not in reply.text
        assert "418.50" not in reply.text
        assert "99,999" not in reply.text


def test_what_stands_in_the_address_is_never_markup(client: FlaskClient) -> None:
    hostile = '"><script>alert(1)</script><a href="javascript:1'

    reply = client.get(
        "/v1/receipts/check", query_string={"t": hostile}, headers={"Accept": BROWSER}
    )

    assert reply.status_code == 200
    seen = Tags(reply.text).seen
    assert {tag for tag, _ in seen} <= set(PAGE_TAGS)
    links = [attrs["href"] or "" for tag, attrs in seen if tag == "a"]
    assert len(links) == 2
    assert all(link.startswith("/v1/receipts/check?t=%22%3E%3Cscript") for link in links)


def test_the_page_runs_no_script_and_loads_nothing(client: FlaskClient, address: str) -> None:
    reply = look(client, address)

    seen = Tags(reply.text).seen
    assert {tag for tag, _ in seen} == set(PAGE_TAGS)
    assert not any(name.startswith("on") or name in ("src", "style") for _, a in seen for name in a)
    policy = reply.headers["Content-Security-Policy"]
    style = re.findall("<style>(.*)</style>", reply.text)[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
    assert "unsafe" not in policy
    assert "script-src" not in policy
    assert ("viewport", "width=device-width, initial-scale=1") in [
        (attrs.get("name"), attrs.get("content")) for tag, attrs in seen if tag == "meta"
    ]
    assert len(reply.data) < 5000


def test_the_other_languages_are_a_tap_away(client: FlaskClient, address: str) -> None:
    links = [a["href"] or "" for tag, a in Tags(look(client, address).text).seen if tag == "a"]

    shown = [client.get(link, headers={"Accept": BROWSER}) for link in links]

    assert [reply.headers["Content-Language"] for reply in shown] == ["zh-Hant", "zh-Hans"]


def test_caches_tell_the_page_from_the_json(client: FlaskClient, address: str) -> None:
    replies = [look(client, address), client.get(address)]

    assert all({"Accept", "Accept-Language"} <= set(reply.vary) for reply in replies)
    assert replies[0].headers["ETag"] != replies[1].headers["ETag"]


def test_a_demo_says_that_no_money_was_paid(client: FlaskClient, address: str) -> None:
    assert "Demonstration only: illustrative, not official." in look(client, address).text
