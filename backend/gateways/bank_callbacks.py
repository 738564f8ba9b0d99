"""Tells the bank's callbacks from anybody else's, then reads them. The scheme: docs/bank-api.md.

The signature is over the bytes as they came, so nothing is read before it is found good.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from backend.gateways import bank_reading as reading
from backend.gateways.bank import CallbackNotGenuine, News, NewsKind, NewsNotReadable

OLDEST_SECONDS = 300
NEWEST_SECONDS = 60
MOST_SIGNATURES = 5
TIMESTAMP = re.compile(r"[1-9][0-9]{0,10}", re.ASCII)
SIGNATURE = re.compile(r"v1=([0-9a-f]{64})", re.ASCII)
OF_AN_ORDER = {
    NewsKind.ORDER_OPENED,
    NewsKind.PAYMENT_STARTED,
    NewsKind.ORDER_EXPIRED,
    NewsKind.ORDER_CANCELLED,
}
OF_A_REFUND = {NewsKind.REFUND_DONE, NewsKind.REFUND_FAILED}


class Headers(Protocol):
    """The headers of a request, by their documented names."""

    def get(self, name: str, /) -> str | None: ...


def read_callback(
    headers: Headers, raw_body: bytes, keys: Mapping[str, str], now: datetime
) -> News:
    """Return what a callback tells, once it is sure who says so.

    `keys` are the secrets shared with the bank, by id. CallbackNotGenuine: nothing of it may be
    used or kept. NewsNotReadable: it is the bank's, and staff must look at it.
    """
    ensure_genuine(headers, raw_body, keys, now)
    return read_news(raw_body)


def ensure_genuine(
    headers: Headers, raw_body: bytes, keys: Mapping[str, str], now: datetime
) -> None:
    """Raise CallbackNotGenuine unless a key of ours signed this body, at about this time."""
    secret = keys.get(headers.get("Bank-Key-Id") or "")
    if not secret:
        raise CallbackNotGenuine("unknown key")
    timestamp = headers.get("Bank-Timestamp") or ""
    if not TIMESTAMP.fullmatch(timestamp):
        raise CallbackNotGenuine("no timestamp")
    age = now.timestamp() - int(timestamp)
    if not -NEWEST_SECONDS <= age <= OLDEST_SECONDS:
        raise CallbackNotGenuine("outside the window of time")
    signed = timestamp.encode() + b"." + raw_body
    right = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    offered = _signatures(headers.get("Bank-Signature") or "")
    if not any(hmac.compare_digest(each, right) for each in offered):
        raise CallbackNotGenuine("wrong signature")


def read_news(raw_body: bytes) -> News:
    """Return what a genuine callback tells; NewsNotReadable."""
    event_id = None
    try:
        said = reading.object_of(raw_body)
        event_id = reading.name_of(said, "event_id")
        return _news(said, event_id)
    except reading.NotAsWritten as error:
        raise NewsNotReadable(f"not as written: {error}", event_id) from error


def _news(said: Mapping[str, Any], event_id: str) -> News:
    try:
        kind = NewsKind(str(said.get("type")))
    except ValueError as error:
        raise reading.NotAsWritten("type") from error
    is_money = kind is NewsKind.PAYMENT_RECEIVED
    if is_money == (said.get("transaction") is None):
        raise reading.NotAsWritten("transaction")
    transaction = reading.transaction_of(said["transaction"]) if is_money else None
    reference = reading.text_of(said, "reference", reading.LONGEST_TEXT)
    if transaction and transaction.reference != reference:
        raise reading.NotAsWritten("reference")
    if kind in OF_AN_ORDER | OF_A_REFUND:
        reference = reading.name_of(said, "reference")
    return News(
        event_id=event_id,
        kind=kind,
        reference=reference,
        occurred_at=reading.moment_of(said, "occurred_at"),
        transaction=transaction,
        reason=reading.text_of(said, "reason", reading.LONGEST_REASON),
    )


def _signatures(header: str) -> list[str]:
    """Return the signatures of the one scheme that we know."""
    parts = header.split(",")
    if len(parts) > MOST_SIGNATURES:
        return []
    found = [SIGNATURE.fullmatch(part.strip()) for part in parts]
    return [match.group(1) for match in found if match]
