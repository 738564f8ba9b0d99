"""Only what the bank signed, just now and byte for byte, is believed; and then only what can be read.

The simulator signs by code of its own, so that the two sides check each other.
"""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import Headers

from backend.gateways.bank import CallbackNotGenuine, NewsKind, NewsNotReadable
from backend.gateways.bank_callbacks import read_callback, read_news
from backend.simulators.bank_events import callback_of
from backend.simulators.bank_script import CallbackFault

KEYS = {"old": "the-secret-of-last-year", "new": "the-secret-of-this-year"}
NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
MONEY: dict[str, Any] = {
    "transaction_id": "T20261123-1",
    "fps_reference": "FRN20261123PAYD1",
    "reference": "P1",
    "amount_cents": 48630,
    "currency": "HKD",
    "paid_at": "2026-11-23T11:59:30+08:00",
}
EVENT: dict[str, Any] = {
    "event_id": "evt_1",
    "type": "payment.received",
    "reference": "P1",
    "occurred_at": "2026-11-23T03:59:31Z",
    "transaction": MONEY,
    "reason": None,
}


def callback(
    event: dict[str, Any] = EVENT, at: datetime = NOW, key_id: str = "new", **fault: Any
) -> tuple[dict[str, str], bytes]:
    keys = {key_id: KEYS[key_id], **KEYS}
    return callback_of(event, keys, CallbackFault(**fault), int(at.timestamp()))


def test_what_the_bank_signed_is_read() -> None:
    headers, body = callback()

    news = read_callback(headers, body, KEYS, NOW)

    assert (news.event_id, news.kind, news.reference) == ("evt_1", NewsKind.PAYMENT_RECEIVED, "P1")
    assert news.occurred_at == datetime(2026, 11, 23, 3, 59, 31, tzinfo=UTC)
    assert news.transaction
    assert news.transaction.amount_cents == 48630
    assert news.transaction.paid_at == datetime(2026, 11, 23, 3, 59, 30, tzinfo=UTC)


def test_the_scheme_is_that_of_the_document() -> None:
    """By hand, after docs/bank-api.md, and by nobody's code."""
    body = json.dumps(EVENT).encode()
    digest = hmac.new(b"the-secret-of-this-year", b"1763870400." + body, hashlib.sha256)
    at = datetime.fromtimestamp(1763870400, UTC)
    headers = Headers(
        {
            "bank-key-id": "new",
            "BANK-TIMESTAMP": "1763870400",
            "Bank-signature": f"v1={digest.hexdigest()}",
        }
    )

    assert read_callback(headers, body, KEYS, at).event_id == "evt_1"


@pytest.mark.parametrize("seconds", [-60, -59, 0, 299, 300])
def test_inside_the_window_it_is_taken(seconds: int) -> None:
    headers, body = callback()

    assert read_callback(headers, body, KEYS, NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize("seconds", [-86_400, -61, -60.001, 300.001, 301, 86_400])
def test_outside_the_window_it_is_refused(seconds: float) -> None:
    headers, body = callback()

    with pytest.raises(CallbackNotGenuine):
        read_callback(headers, body, KEYS, NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize("key_id", KEYS)
def test_while_a_key_is_changed_both_are_good(key_id: str) -> None:
    headers, body = callback(key_id=key_id)

    assert read_callback(headers, body, KEYS, NOW)


def test_a_key_that_was_taken_away_is_good_no_more() -> None:
    headers, body = callback(key_id="old")

    with pytest.raises(CallbackNotGenuine):
        read_callback(headers, body, {"new": KEYS["new"]}, NOW)


def test_one_right_signature_of_several_is_enough() -> None:
    headers, body = callback()
    right = headers["Bank-Signature"]
    wrong = "v1=" + "0" * 64

    for several in (f"{wrong},{right}", f"v2=whatever, {right}", f"{right},{wrong},{wrong}"):
        assert read_callback({**headers, "Bank-Signature": several}, body, KEYS, NOW)


def test_no_crowd_of_signatures_is_looked_through() -> None:
    headers, body = callback()
    crowd = ",".join(["v1=" + "0" * 64] * 5 + [headers["Bank-Signature"]])

    with pytest.raises(CallbackNotGenuine):
        read_callback({**headers, "Bank-Signature": crowd}, body, KEYS, NOW)


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Bank-Key-Id", ""),
        ("Bank-Key-Id", "old"),
        ("Bank-Key-Id", "nobody's"),
        ("Bank-Key-Id", "new "),
        ("Bank-Timestamp", ""),
        ("Bank-Timestamp", "now"),
        ("Bank-Timestamp", "-1763870400"),
        ("Bank-Timestamp", "1795406400.0"),
        ("Bank-Timestamp", "1e9"),
        ("Bank-Timestamp", "１７９５４０６４００"),
        ("Bank-Timestamp", "9" * 400),
        ("Bank-Timestamp", " 1795406400"),
        ("Bank-Timestamp", "01795406400"),
        ("Bank-Signature", ""),
        ("Bank-Signature", "v1="),
        ("Bank-Signature", "v1=" + "0" * 64),
        ("Bank-Signature", "v1=é" + "0" * 63),
        ("Bank-Signature", ","),
    ],
)
def test_a_header_of_any_other_value_is_refused(header: str, value: str) -> None:
    headers, body = callback()

    with pytest.raises(CallbackNotGenuine):
        read_callback({**headers, header: value}, body, KEYS, NOW)


@pytest.mark.parametrize("header", ["Bank-Key-Id", "Bank-Timestamp", "Bank-Signature"])
def test_a_header_that_lacks_is_refused(header: str) -> None:
    headers, body = callback()
    del headers[header]

    with pytest.raises(CallbackNotGenuine):
        read_callback(headers, body, KEYS, NOW)


def test_a_signature_of_another_scheme_or_spelling_is_refused() -> None:
    headers, body = callback()
    right = headers["Bank-Signature"].removeprefix("v1=")

    for other in (right, f"v2={right}", f"v1={right.upper()}", f"V1={right}", f"v1={right[:-1]}"):
        with pytest.raises(CallbackNotGenuine):
            read_callback({**headers, "Bank-Signature": other}, body, KEYS, NOW)


@given(data=st.data())
def test_no_change_of_any_bit_of_the_body_is_taken(data: st.DataObject) -> None:
    headers, body = callback()
    place = data.draw(st.integers(0, len(body) * 8 - 1))
    changed = bytearray(body)
    changed[place // 8] ^= 1 << place % 8

    with pytest.raises(CallbackNotGenuine):
        read_callback(headers, bytes(changed), KEYS, NOW)


@given(body=st.binary())
def test_no_other_body_is_taken(body: bytes) -> None:
    headers, _ = callback()

    with pytest.raises(CallbackNotGenuine):
        read_callback(headers, body, KEYS, NOW)


@given(header=st.sampled_from(["Bank-Key-Id", "Bank-Timestamp", "Bank-Signature"]), data=st.data())
def test_no_other_header_is_taken(header: str, data: st.DataObject) -> None:
    headers, body = callback()
    right = headers[header]
    place = data.draw(st.integers(0, len(right) - 1))
    letter = data.draw(st.characters(exclude_characters=right[place]))
    changed = right[:place] + letter + right[place + 1 :]

    with pytest.raises(CallbackNotGenuine):
        read_callback({**headers, header: changed}, body, KEYS, NOW)


@pytest.mark.parametrize("fault", [{"forged": True}, {"key_id": "x"}, {"stale_seconds": 301}])
def test_what_the_simulator_forges_is_refused(fault: dict[str, Any]) -> None:
    headers, body = callback_of(EVENT, KEYS, CallbackFault(**fault), int(NOW.timestamp()))

    with pytest.raises(CallbackNotGenuine):
        read_callback(headers, body, KEYS, NOW)


@pytest.mark.parametrize(
    "change",
    [
        {"type": "payment.refused"},
        {"type": None},
        {"type": ["payment.received"]},
        {"transaction": None},
        {"transaction": "T1"},
        {"transaction": {}},
        {"transaction": {**MONEY, "amount_cents": 0}},
        {"transaction": {**MONEY, "reference": "P2"}},
        {"type": "order.opened"},
        {"type": "order.expired", "transaction": None, "reference": None},
        {"type": "refund.done", "transaction": None, "reference": "a b"},
        {"reference": "\x00"},
        {"occurred_at": None},
        {"occurred_at": "yesterday"},
        {"reason": 7},
        {"reason": "x" * 501},
    ],
)
def test_what_is_genuine_and_not_understood_keeps_its_event(change: dict[str, Any]) -> None:
    headers, body = callback({**EVENT, **change})

    with pytest.raises(NewsNotReadable) as refused:
        read_callback(headers, body, KEYS, NOW)

    assert refused.value.event_id == "evt_1"
    assert "48630" not in str(refused.value)


@pytest.mark.parametrize(
    "body",
    ["", "[]", "null", "{", "\ufeff{}", '{"event_id": 7}', '{"event_id": "a b"}', "[" * 9999],
)
def test_what_is_genuine_and_no_event_has_none(body: str) -> None:
    headers, raw = callback(body=body)

    with pytest.raises(NewsNotReadable) as refused:
        read_callback(headers, raw, KEYS, NOW)

    assert refused.value.event_id is None


@pytest.mark.parametrize(
    ("kind", "reference"),
    [("order.opened", "P1"), ("payment.started", "P1"), ("order.expired", "P1"),
     ("order.cancelled", "P1"), ("refund.done", "R1"), ("refund.failed", "R1")],
)  # fmt: skip
def test_events_without_money_are_read(kind: str, reference: str) -> None:
    event = {**EVENT, "type": kind, "reference": reference, "transaction": None, "reason": "so"}
    headers, body = callback({**event, "something_new": 1})

    news = read_callback(headers, body, KEYS, NOW)

    assert (news.kind, news.reference, news.transaction) == (kind, reference, None)
    assert news.reason == "so"


@pytest.mark.parametrize("reference", [None, "", "水費 1", "x" * 140])
def test_money_under_any_reference_is_told(reference: str | None) -> None:
    event = {**EVENT, "reference": reference, "transaction": {**MONEY, "reference": reference}}
    headers, body = callback(event)

    news = read_callback(headers, body, KEYS, NOW)

    assert news.reference == (reference or None)


@given(raw=st.binary() | st.text().map(str.encode))
def test_no_bytes_at_all_raise_anything_else(raw: bytes) -> None:
    with pytest.raises(NewsNotReadable):
        read_news(raw)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=3,
)


@given(data=st.data(), value=VALUES, in_money=st.booleans())
def test_any_value_in_any_field_is_read_or_refused(
    data: st.DataObject, value: Any, in_money: bool
) -> None:
    fields = MONEY if in_money else EVENT
    changed = {**fields, data.draw(st.sampled_from(sorted(fields))): value}
    event = {**EVENT, "transaction": changed} if in_money else changed

    try:
        news = read_news(json.dumps(event).encode())
    except NewsNotReadable:
        return

    assert news.event_id
    if news.transaction:
        assert news.transaction.amount_cents > 0
        assert news.transaction.reference == news.reference
