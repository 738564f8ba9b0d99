"""The simulated bank's events, and how a callback of one is signed.

Written after docs/bank-api.md alone: it shares nothing with the side that checks signatures.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC
from typing import Any

from backend.core.clock import now
from backend.simulators.bank_book import Line
from backend.simulators.bank_script import CallbackFault, Script


def event_line(
    script: Script,
    kind: str,
    reference: str | None,
    transaction: Line | None = None,
    reason: str | None = None,
) -> Line:
    """Return the line of a new event, with what the script has go wrong with its callback."""
    fault = script.next_for(CallbackFault, f"callback {kind}", "callback")
    if transaction and fault.wrong_amount:
        transaction = {**transaction, "amount_cents": fault.wrong_amount}
    event = {
        "event_id": f"evt_{secrets.token_hex(10)}",
        "type": kind,
        "reference": reference,
        "occurred_at": now().astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "transaction": transaction,
        "reason": reason,
    }
    return {"kind": "event", "event": event, "fault": asdict(fault)}


def callback_of(
    event: Mapping[str, Any], keys: Mapping[str, str], fault: CallbackFault, timestamp: int
) -> tuple[dict[str, str], bytes]:
    """Return the headers and the body of an event's callback, sent at a time in Unix seconds."""
    body = json.dumps(event, ensure_ascii=False) if fault.body is None else fault.body
    raw = body.encode("utf-8", "surrogatepass")
    first_id = next(iter(keys))
    key_id = fault.key_id or first_id
    secret = secrets.token_urlsafe(32) if fault.forged else keys.get(key_id, keys[first_id])
    sent_at = timestamp - fault.stale_seconds
    digest = hmac.new(secret.encode(), f"{sent_at}.".encode() + raw, hashlib.sha256)
    headers = {
        "Content-Type": "application/json",
        "Bank-Key-Id": key_id,
        "Bank-Timestamp": str(sent_at),
        "Bank-Signature": f"v1={digest.hexdigest()}",
    }
    return headers, raw
