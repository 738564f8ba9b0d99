"""What every reply carries, whatever became of its request."""

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from backend.core.database import Database
from tests.conftest import Caller
from tests.core.conftest import token_of
from tests.core.once import on_sqlite

EVERYWHERE = {
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


def replies(client: FlaskClient, headers: dict[str, str]) -> list[TestResponse]:
    return [
        client.get("/open/bare"),
        client.head("/open/bare"),
        client.delete("/open/bare"),
        client.options("/open/bare"),
        client.get("/mine/id", headers=headers),
        client.get("/mine/id"),
        client.get("/nowhere"),
        client.put("/open/bare"),
        client.post("/open/echo", json={}),
        client.post("/open/echo", data=b"x" * 100_000),
        client.post("/open/rows/a/204"),
        client.post("/open/rows/b/302"),
        client.post("/open/rows/c/crash"),
        client.get("/open/bare?lang=xx"),
    ]


def test_every_reply_carries_the_safe_headers(plain: FlaskClient, sqlite_alone: Database) -> None:
    for reply in replies(plain, token_of(sqlite_alone)):
        assert {name: reply.headers.get(name) for name in EVERYWHERE} == EVERYWHERE
        assert len(reply.headers["Trace-Id"]) == 32


def test_no_reply_of_a_closed_door_may_be_kept(plain: FlaskClient, sqlite_alone: Database) -> None:
    for reply in replies(plain, token_of(sqlite_alone)):
        assert reply.headers["Cache-Control"] == "no-store"


def test_no_reply_sets_a_cookie(plain: FlaskClient, sqlite_alone: Database) -> None:
    for reply in replies(plain, token_of(sqlite_alone)):
        assert "Set-Cookie" not in reply.headers


def test_a_persons_unchanged_reply_is_304_and_not_kept(
    plain: FlaskClient, sqlite_alone: Database
) -> None:
    headers = token_of(sqlite_alone)
    first = plain.get("/mine/id", headers=headers)

    again = plain.get("/mine/id", headers={**headers, "If-None-Match": first.headers["ETag"]})

    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["Cache-Control"] == "no-store"
    assert again.headers["ETag"] == first.headers["ETag"]
    assert not first.headers["ETag"].startswith("W/")


@pytest.mark.parametrize(
    "tag",
    ["*", '"x"', 'W/"x"', '"', "x" * 5000, "\xe9", '"a", "b"'],
    ids=lambda tag: ascii(tag[:9]),
)
def test_a_tag_of_somebody_elses_making_does_no_harm(plain: FlaskClient, tag: str) -> None:
    reply = plain.get("/open/bare", headers={"If-None-Match": tag})

    assert reply.status_code in {200, 304}


@pytest.mark.parametrize(
    "header",
    ["Range", "If-Range", "If-Modified-Since", "If-Unmodified-Since", "If-Match", "Expect", "Host",
     "Content-Encoding", "X-HTTP-Method-Override"],
)  # fmt: skip
@pytest.mark.parametrize("value", ["bytes=0-0", "bytes=9-1", "\xff", "DELETE", "a" * 3000, ":::"])
def test_no_header_makes_a_crash(plain: FlaskClient, header: str, value: str) -> None:
    reply = plain.get("/open/bare", headers={header: value})

    assert reply.status_code < 500
    if reply.status_code >= 400:
        assert reply.mimetype == "application/problem+json"


@on_sqlite
@pytest.mark.slow
def test_public_replies_may_be_kept_one_for_each_language(
    client: FlaskClient, resident: Caller
) -> None:
    chinese = client.get("/v1/themes", headers={"Accept-Language": "zh-HK"})
    english = client.get("/v1/themes", headers=resident.headers)

    for reply in (chinese, english):
        assert reply.headers["Cache-Control"] == "public, max-age=300"
        assert "Accept-Language" in reply.headers["Vary"]
    assert chinese.headers["ETag"] != english.headers["ETag"]
    assert client.get("/v1/themes?lang=xx").headers["Cache-Control"] == "no-store"
    assert client.get("/v1/services/nowhere").headers["Cache-Control"] == "no-store"


def test_a_body_that_nobody_reads_ends_the_connection(plain: FlaskClient) -> None:
    unread = [
        plain.post("/open/echo", data=b"x" * 100_000, content_type="application/json"),
        plain.put("/mine/text", json={"text": "x"}),
        plain.post("/nowhere", json={"text": "x"}),
        plain.get("/open/bare", data=b"x"),
    ]
    read = [
        plain.post("/open/echo", json={"text": "x"}),
        plain.post("/open/echo", json={}),
        plain.get("/open/bare"),
    ]

    assert [reply.status_code for reply in unread] == [413, 401, 404, 400]
    assert [reply.headers.get("Connection") for reply in unread] == ["close"] * 4
    assert [reply.headers.get("Connection") for reply in read] == [None] * 3
