"""Signing a call so that a department knows it is ours: the Standard Webhooks specification, v1.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md, sections
“Signature scheme” and “Webhook Headers”.
"""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

PREFIX = "whsec_"  # of secrets, so that one that leaked is recognised
SECRET_BYTES = 32  # the specification asks for 24 to 64


def new_secret() -> str:
    """Return a fresh secret: 256 random bits, in base64 behind its prefix."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def write_body(content: Mapping[str, Any]) -> bytes:
    """Write an event as it is sent: compact JSON in UTF-8."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def headers_for(
    event_id: str, body: bytes, signing_secrets: Sequence[str], now: datetime
) -> dict[str, str]:
    """Return the headers of a call; one signature for each secret, the newest first."""
    seconds = str(int(now.timestamp()))
    signed = b".".join((event_id.encode(), seconds.encode(), body))
    signatures = (_sign(secret, signed) for secret in signing_secrets)
    return {
        "Content-Type": "application/json",
        "User-Agent": "Ferry",
        "webhook-id": event_id,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(signatures),
    }


def _sign(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
