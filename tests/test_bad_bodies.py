"""Bodies as a hostile tester sends them: a 4xx problem document, never a 5xx (promise T46)."""

import json

import pytest

from tests.sweeps import SOUND, Key, Stage

JSON = "application/json"
BAD_BODIES: dict[str, tuple[bytes, str]] = {
    "nested arrays": (b"[" * 30_000 + b"]" * 30_000, JSON),
    "nested objects": (b'{"a":' * 30_000 + b"1" + b"}" * 30_000, JSON),
    "nested, not closed": (b"[" * 30_000, JSON),
    "null": (b"null", JSON),
    "an array for an object": (b"[]", JSON),
    "an array of the object": (b'[{"text": "x"}]', JSON),
    "a text for an object": (b'"x"', JSON),
    "a number for an object": (b"7", JSON),
    "nothing": (b" ", JSON),
    "doubled keys": (b'{"text": "a", "text": "b"}', JSON),
    "doubled keys deep inside": (b'{"text": {"a": 1, "a": 2}}', JSON),
    "NaN": (b'{"amount_cents": NaN}', JSON),
    "Infinity": (b'{"amount_cents": -Infinity}', JSON),
    "a float past all floats": (b'{"amount_cents": 1e400}', JSON),
    "10^30": (b'{"amount_cents": 1' + b"0" * 30 + b"}", JSON),
    "an integer of 10,000 digits": (b'{"amount_cents": ' + b"9" * 10_000 + b"}", JSON),
    "a lone surrogate": (b'{"text": "\\ud800", "bill_number": "\\udfff"}', JSON),
    "NUL": (b'{"text": "a\\u0000b", "proof": "\\u0000"}', JSON),
    "a raw NUL": (b'{"text": "a\0b"}', JSON),
    "UTF-16": (json.dumps({"text": "x"}).encode("utf-16"), JSON),
    "UTF-8 with a mark": (b'\xef\xbb\xbf{"text": "x"}', JSON),
    "not UTF-8": (b'{"text": "\xff\xfe"}', JSON),
    "cut short": (b'{"text": "x', JSON),
    "two documents": (b"{}{}", JSON),
    "over the cap": (b'{"text": "' + b"x" * 70_000 + b'"}', JSON),
    "an unknown member": (b'{"is_admin": true}', JSON),
    "plain text": (b"text=x", "text/plain"),
    "XML": (b"<text>x</text>", "application/xml"),
    "a file": (
        b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\nx\r\n--x--\r\n',
        "multipart/form-data; boundary=x",
    ),
    "a form of surrogates": (b"text=%ED%A0%80&grant_type=%00", "application/x-www-form-urlencoded"),
    "a form of many": (
        b"&".join(b"a%d=1" % n for n in range(500)),
        "application/x-www-form-urlencoded",
    ),
    "a form twice": (b"grant_type=a&grant_type=b", "application/x-www-form-urlencoded"),
    "no type": (b'{"text": "x"}', ""),
}


@pytest.mark.slow
@pytest.mark.parametrize("key", SOUND, ids=" ".join)
def test_a_bad_body_is_refused_with_a_problem_document(stage: Stage, key: Key) -> None:
    for name, (body, content_type) in BAD_BODIES.items():
        reply = stage.send(key, SOUND[key].actor, data=body, content_type=content_type)

        assert 400 <= reply.status_code < 500, (name, reply.status_code, reply.data)
        assert reply.mimetype == "application/problem+json", name
        members = {"type", "title", "status", "detail", "code", "trace_id", "errors"}
        assert members <= set(reply.json), name


@pytest.mark.slow
@pytest.mark.parametrize("key", SOUND, ids=" ".join)
def test_odd_query_strings_and_headers_never_break_a_route(stage: Stage, key: Key) -> None:
    odd = ("lang=%00", "lang=xx", "lang=en&lang=zh", "%ED%A0%80=1", "cursor=%00", "limit=1e9")
    for query in odd:
        reply = stage.send(key, SOUND[key].actor, query=query)
        assert reply.status_code < 500, query
    for header in ("Accept-Language", "traceparent", "If-None-Match", "Idempotency-Key"):
        reply = stage.send(key, SOUND[key].actor, headers={header: "\xff;q=x" * 40})
        assert reply.status_code < 500, header
