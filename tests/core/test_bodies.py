"""Bodies: what is no I-JSON is refused with a 4xx, and nobody unknown makes us read one."""

import io
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.core.database import Database
from backend.core.http.bodies import LARGEST_BYTES
from tests.core.conftest import token_of
from tests.core.problems import assert_problem
from tests.core.small import make_small_app

NOT_READABLE = {
    "nothing": b"",
    "a blank": b" ",
    "half an object": b'{"text": "x"',
    "two values": b'{"text": "x"} {"text": "y"}',
    "a comment": b'{"text": "x"} // why',
    "a trailing comma": b'{"text": "x",}',
    "single quotes": b"{'text': 'x'}",
    "a doubled name": b'{"text": "x", "text": "y"}',
    "a doubled name, once escaped": b'{"text": "x", "te\\u0078t": "y"}',
    "a doubled name far inside": b'{"text": "x", "more": [{"a": {"b": 1, "b": 2}}]}',
    "NaN": b'{"text": "x", "more": NaN}',
    "Infinity": b'{"text": "x", "more": Infinity}',
    "minus Infinity": b'{"text": "x", "more": [-Infinity]}',
    "1e400": b'{"text": "x", "more": 1e400}',
    "minus 1e400": b'{"text": "x", "more": -1e400}',
    "an integer of 10,000 digits": b'{"text": "x", "more": ' + b"9" * 10_000 + b"}",
    "arrays 30,000 deep": b'{"text": "x", "more": ' + b"[" * 30_000 + b"]" * 30_000 + b"}",
    "objects 10,000 deep": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "arrays 30,000 deep, never closed": b"[" * 30_000,
    "arrays 21 deep": b'{"text": "x", "more": ' + b"[" * 21 + b"]" * 21 + b"}",
    "a lone high surrogate": b'{"text": "\\ud800"}',
    "a lone low surrogate": b'{"text": "\\udfff"}',
    "surrogates the wrong way round": b'{"text": "\\udc00\\ud800"}',
    "a lone surrogate in a name": b'{"text": "x", "\\ud800": 1}',
    "a lone surrogate, raw": b'{"text": "\xed\xa0\x80"}',
    "NUL, escaped": b'{"text": "\\u0000"}',
    "NUL, raw": b'{"text": "\x00"}',
    "NUL in a name": b'{"text": "x", "\\u0000": 1}',
    "NUL in a list": b'{"text": "x", "more": ["\\u0000"]}',
    "a raw line break in a text": b'{"text": "x\ny"}',
    "overlong UTF-8": b'{"text": "\xc0\xaf"}',
    "Latin-1": b'{"text": "caf\xe9"}',
    "UTF-16 with its mark": '{"text": "x"}'.encode("utf-16"),
    "UTF-16 without": '{"text": "x"}'.encode("utf-16-le"),
    "UTF-32": '{"text": "x"}'.encode("utf-32"),
    "UTF-8 with a byte order mark": b"\xef\xbb\xbf" + b'{"text": "x"}',
    "bytes": bytes(range(256)),
}
WRONG_SHAPES = {
    "null": b"null",
    "an array": b"[]",
    "an array of objects": b'[{"text": "x"}]',
    "a string": b'"x"',
    "a number": b"1",
    "true": b"true",
    "an empty object": b"{}",
    "null for a text": b'{"text": null}',
    "a number for a text": b'{"text": 1}',
    "an array for a text": b'{"text": ["x"]}',
    "an object for a text": b'{"text": {}}',
    "an unknown member": b'{"text": "x", "is_admin": true}',
    "a member of another case": b'{"Text": "x"}',
}


def post(client: FlaskClient, body: bytes, content_type: str | None = "application/json") -> Any:
    return client.post("/open/echo", data=body, content_type=content_type)


@pytest.mark.parametrize("body", NOT_READABLE.values(), ids=NOT_READABLE)
def test_a_body_that_cannot_be_read_is_refused(plain: FlaskClient, body: bytes) -> None:
    assert_problem(post(plain, body), 400, "body_not_readable")


@pytest.mark.parametrize("body", WRONG_SHAPES.values(), ids=WRONG_SHAPES)
def test_a_body_of_another_shape_is_refused(plain: FlaskClient, body: bytes) -> None:
    problem = assert_problem(post(plain, body), 422, "invalid")

    assert all(set(error) == {"pointer", "detail"} for error in problem["errors"])
    assert all(error["pointer"].startswith("#") for error in problem["errors"])
    assert problem["errors"]


@pytest.mark.parametrize(
    "value",
    ["點樣交水費呀", "𠮷", "👩‍👩‍👧", "\u202eabc", "e\u0301" * 50, "\ufeff", "\u2028", ""],
    ids=ascii,
)
def test_every_sound_text_comes_back_as_it_went_in(plain: FlaskClient, value: str) -> None:
    reply = plain.post("/open/echo", json={"text": value})

    assert reply.json == {"text": value}


def test_a_surrogate_pair_is_one_character(plain: FlaskClient) -> None:
    reply = post(plain, b'{"text": "\\ud842\\udfb7"}')

    assert reply.json == {"text": "𠮷"}


def test_twenty_levels_are_deep_enough(plain: FlaskClient) -> None:
    deep = b'{"text": "x", "more": ' + b"[" * 19 + b"]" * 19 + b"}"

    assert post(plain, deep).status_code == 200


@pytest.mark.parametrize(
    "content_type", [None, "", "text/plain", "application/xml", "application/x-www-form-urlencoded",
                     "multipart/form-data; boundary=x", "application/jsonp", "json", "\x7f"],
)  # fmt: skip
def test_a_body_of_another_media_type_is_refused(
    plain: FlaskClient, content_type: str | None
) -> None:
    assert_problem(post(plain, b'{"text": "x"}', content_type), 415, "media_type_not_taken")


@pytest.mark.parametrize(
    "content_type",
    ["application/json; charset=utf-8", "APPLICATION/JSON", "application/json;charset=utf-16"],
)
def test_json_is_utf_8_whatever_its_charset_says(plain: FlaskClient, content_type: str) -> None:
    reply = post(plain, '{"text": "水費"}'.encode(), content_type)

    assert reply.json == {"text": "水費"}


def test_a_body_may_be_as_large_as_the_cap_and_no_larger(plain: FlaskClient) -> None:
    head, tail = b'{"text": "', b'"}'
    room = LARGEST_BYTES - len(head) - len(tail)

    at_most = post(plain, head + b"x" * room + tail)
    too_large = post(plain, head + b"x" * (room + 1) + tail)

    assert at_most.status_code == 200
    assert_problem(too_large, 413, "body_too_large")


class Counted(io.BytesIO):
    """A body that counts how much of it was asked for."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        chunk = super().read(size)
        self.taken += len(chunk)
        return chunk

    def readinto(self, buffer: Any, /) -> int:
        got = super().readinto(buffer)
        self.taken += got
        return got


def send(client: FlaskClient, path: str, body: Counted, **environ: Any) -> Any:
    """Post `body` as a server hands it over, chunked unless CONTENT_LENGTH is among `environ`."""
    if "CONTENT_LENGTH" not in environ:
        environ = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True, **environ}
    return client.open(
        path,
        method=environ.pop("method", "POST"),
        input_stream=body,
        content_type="application/json",
        environ_overrides=environ,
    )


def test_a_length_past_the_cap_is_refused_before_a_byte_is_read(plain: FlaskClient) -> None:
    body = Counted(b"x" * 1_000_000)

    reply = send(plain, "/open/echo", body, CONTENT_LENGTH="1000000")

    assert_problem(reply, 413, "body_too_large")
    assert body.taken == 0


def test_a_body_without_a_length_is_read_up_to_the_cap_alone(plain: FlaskClient) -> None:
    body = Counted(b'{"text": "x"}' + b" " * 10_000_000 + b"rubbish")

    reply = send(plain, "/open/echo", body)

    assert_problem(reply, 413, "body_too_large")
    assert body.taken <= 2 * LARGEST_BYTES


def test_a_chunked_body_is_read_like_any_other(plain: FlaskClient) -> None:
    reply = send(plain, "/open/echo", Counted(b'{"text": "x"}'))

    assert reply.json == {"text": "x"}


@pytest.mark.parametrize("length", ["-1", "abc", "1e3", "", "٣"])
def test_a_length_that_is_no_number_is_refused(plain: FlaskClient, length: str) -> None:
    reply = send(plain, "/open/echo", Counted(b'{"text": "x"}'), CONTENT_LENGTH=length)

    assert_problem(reply, 400, "body_not_readable")


def test_a_body_cut_short_is_refused(plain: FlaskClient) -> None:
    reply = send(plain, "/open/echo", Counted(b'{"text": "x"}'), CONTENT_LENGTH="100")

    assert_problem(reply, 400, "bad_request")


@pytest.mark.parametrize("body", [b"x" * 1_000_000, b'{"text": "x"}', b"[" * 30_000])
def test_a_stranger_at_a_closed_door_makes_nobody_read_the_body(
    plain: FlaskClient, body: bytes
) -> None:
    stated, chunked = Counted(body), Counted(body)

    replies = [
        send(plain, "/mine/text", stated, method="PUT", CONTENT_LENGTH=str(len(body))),
        send(plain, "/mine/text", chunked, method="PUT"),
    ]

    for reply in replies:
        assert_problem(reply, 401, "sign_in_needed")
    assert stated.taken == chunked.taken == 0


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_body_where_none_is_expected_is_refused(plain: FlaskClient, method: str) -> None:
    stated = plain.open("/open/bare", method=method, data=b"x")
    chunked = send(plain, "/open/bare", Counted(b"x"), method=method)
    empty = plain.open("/open/bare", method=method, data=b"")

    assert_problem(stated, 400, "body_not_expected")
    assert_problem(chunked, 400, "body_not_expected")
    assert empty.status_code == 200


FORM = "application/x-www-form-urlencoded"


def test_a_form_is_read(plain: FlaskClient) -> None:
    reply = plain.post("/open/form", data="text=%E6%B0%B4+%E8%B2%BB&more=", content_type=FORM)

    assert reply.json == {"text": "水 費", "more": ""}


@pytest.mark.parametrize(
    "body",
    [b"text=x&text=y", b"text=x&te%78t=y", b"text=%ff", b"text=%00", b"text=%ed%a0%80", b"\xff",
     b"&".join(b"a%d=1" % number for number in range(21))],
)  # fmt: skip
def test_a_form_that_cannot_be_read_is_refused(plain: FlaskClient, body: bytes) -> None:
    reply = plain.post("/open/form", data=body, content_type=FORM)

    assert_problem(reply, 400, "body_not_readable")


@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data; boundary=x"])
def test_a_form_in_another_media_type_is_refused(plain: FlaskClient, content_type: str) -> None:
    reply = plain.post("/open/form", data=b"text=x", content_type=content_type)

    assert_problem(reply, 415, "media_type_not_taken")


def test_a_body_of_unknown_names_is_not_answered_at_length(plain: FlaskClient) -> None:
    many = {f"name{number}": 1 for number in range(3000)} | {"x" * 5000: 1}

    reply = plain.post("/open/echo", json=many)

    problem = assert_problem(reply, 422, "invalid")
    assert len(problem["errors"]) == 20
    assert len(reply.data) < 10_000


def test_a_pointer_escapes_as_rfc_6901_asks(plain: FlaskClient) -> None:
    reply = plain.post("/open/echo", json={"text": "x", "a/b~c": 1})

    assert [error["pointer"] for error in reply.json["errors"]] == ["#/a~1b~0c"]


@pytest.mark.slow
def test_no_bytes_at_all_make_a_crash(sqlite_alone: Database) -> None:
    client = make_small_app(sqlite_alone).test_client()
    scraps = st.sampled_from([b"{", b"}", b"[", b'"', b"text", b":", b",", b"\\u", b"d800", b"1e9"])
    bodies = st.one_of(st.binary(max_size=60), st.lists(scraps, max_size=20).map(b"".join))

    @settings(max_examples=300, deadline=None)
    @given(bodies)
    def holds(body: bytes) -> None:
        for path, kind in (("/open/echo", "application/json"), ("/open/form", FORM)):
            reply = client.post(path, data=body, content_type=kind)
            assert reply.status_code in {200, 400, 422}
            if reply.status_code != 200:
                assert_problem(reply, reply.status_code, reply.json["code"])

    holds()


class TellsOfLocks(io.BytesIO):
    """A slow body: while it trickles in, somebody else writes to the database."""

    def __init__(self, body: bytes, database: Database) -> None:
        super().__init__(body)
        self.database = database
        self.others_wrote = 0

    def readinto(self, buffer: Any, /) -> int:
        token_of(self.database, "li-xiaoyu")
        self.others_wrote += 1
        return super().readinto(buffer)


def test_a_slow_body_keeps_nobody_else_from_writing(
    plain: FlaskClient, sqlite_alone: Database
) -> None:
    headers = token_of(sqlite_alone)
    slow = TellsOfLocks(b'{"text": "x"}', sqlite_alone)

    reply = plain.put(
        "/mine/text",
        headers=headers,
        input_stream=slow,
        content_type="application/json",
        content_length=13,
    )

    assert reply.status_code == 200
    assert slow.others_wrote


def test_a_body_in_another_encoding_is_refused_as_such(plain: FlaskClient) -> None:
    packed = plain.post("/open/echo", json={"text": "x"}, headers={"Content-Encoding": "gzip"})
    form = "application/x-www-form-urlencoded; charset=big5"
    other = plain.post("/open/form", data=b"text=x", content_type=form)

    for reply in (packed, other):
        assert_problem(reply, 415, "encoding_not_taken")
