"""Cursors: ours come back whole, and nobody else's make more than a refusal."""

import base64
import json

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from backend.core.http import page_of
from backend.core.http.api import make_api
from backend.core.paging import CursorNotKnown, Page, decode_cursor, encode_cursor
from tests.conftest import Caller
from tests.core.once import on_sqlite
from tests.core.problems import assert_problem

printable = st.text(st.characters(exclude_categories=("C", "Z")), max_size=40)


@given(st.lists(printable, max_size=4))
def test_a_cursor_comes_back_whole(keys: list[str]) -> None:
    assert decode_cursor(encode_cursor(*keys), len(keys)) == tuple(keys)


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: raw.decode("latin-1")))
def test_no_text_makes_more_than_a_refusal(cursor: str) -> None:
    try:
        keys = decode_cursor(cursor, 2)
    except CursorNotKnown:
        return
    assert len(keys) == 2


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(json_values)
def test_no_json_in_a_cursor_makes_more_than_a_refusal(value: object) -> None:
    cursor = base64.urlsafe_b64encode(json.dumps(value).encode()).decode()

    try:
        keys = decode_cursor(cursor, 1)
    except CursorNotKnown:
        return
    assert isinstance(value, list)
    assert keys == tuple(value)


def packed(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


HOSTILE = {
    "nothing inside": packed(b""),
    "no JSON": packed(b"next"),
    "too few keys": encode_cursor("2026-12-20"),
    "too many keys": encode_cursor("2026-12-20", "a", "b"),
    "no list": packed(b'{"due_on": "2026-12-20"}'),
    "numbers": packed(b"[1, 2]"),
    "null": packed(b"[null, null]"),
    "lists": packed(b'[["a"], "b"]'),
    "NUL": packed(b'["2026-12-20", "\\u0000"]'),
    "a lone surrogate": packed(b'["2026-12-20", "\\ud800"]'),
    "a control character": packed(b'["2026-12-20", "a\\nb"]'),
    "no UTF-8": packed(b'["2026-12-20", "\xff"]'),
    "no date": encode_cursor("yesterday", "bill_x"),
    "a date past the calendar": encode_cursor("2026-13-45", "bill_x"),
    "a date of the year 10,000": encode_cursor("10000-01-01", "bill_x"),
    "deep nesting": packed(b"[" * 300),
    "a huge number": packed(b"[" + b"9" * 300 + b', "x"]'),
    "bytes": packed(bytes(range(256))),
    "standard base64": "+/+/",
    "blanks": "%20%20",
    "Chinese": "%E6%B0%B4",
    "half a character": "%ff",
    "a NUL outside": "%00",
    "empty": "",
    "too long": "A" * 501,
    "much too long": "A" * 3500,
}


@pytest.mark.slow
def test_cursors_of_somebody_elses_making_are_refused(
    client: FlaskClient, resident: Caller
) -> None:
    for name, cursor in HOSTILE.items():
        reply = client.get(f"/v1/bills?cursor={cursor}", headers=resident.headers)

        assert reply.status_code in {400, 422}, name
        assert reply.json["code"] in {"cursor_not_known", "invalid", "query_not_readable"}, name
        assert_problem(reply, reply.status_code, reply.json["code"])


@on_sqlite
@pytest.mark.slow
def test_a_page_holds_from_one_to_a_hundred(client: FlaskClient, resident: Caller) -> None:
    for limit in ("0", "101", "-1", "1.5", "ten", "9" * 5000, "NaN", "", "%00"):
        reply = client.get(f"/v1/bills?limit={limit}", headers=resident.headers)

        assert reply.status_code in {400, 422}, limit
        assert_problem(reply, reply.status_code, reply.json["code"])


@pytest.fixture
def pages() -> Flask:
    app = Flask("pages")
    make_api(app)
    return app


def test_the_last_page_has_no_next(pages: Flask) -> None:
    with pages.test_request_context("/v1/bills"):
        assert page_of(Page([1], None), "/v1/bills") == {"items": [1], "next": None}


def test_the_next_page_keeps_filters_and_language(pages: Flask) -> None:
    with pages.test_request_context("/v1/bills?lang=zh-Hant"):
        page = page_of(
            Page([1], "abc"), "/v1/bills", [("limit", 2), ("kind", None), ("q", "a&b=c")]
        )

    assert page["next"] == "/v1/bills?limit=2&q=a%26b%3Dc&lang=zh-Hant&cursor=abc"
