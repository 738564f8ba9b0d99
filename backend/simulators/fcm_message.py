"""What FCM accepts as a message, and the words of its refusals.

After Google's reference for `projects.messages.send` and `ErrorCode` (Firebase, HTTP v1 API). Only
what can be told from the request alone is held against it here; the rest is scripted.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LARGEST_PAYLOAD_BYTES = 4096
LARGEST_TOPIC_PAYLOAD_BYTES = 2048
TARGETS = ("token", "fid", "topic", "condition")
RESERVED_DATA_KEY = re.compile(r"from|message_type|gcm.*|google.*", re.DOTALL)
FIELDS = {
    "": {"message", "validate_only"},
    "message": {
        "name", "data", "notification", "android", "webpush", "apns", "fcm_options", *TARGETS,
    },
    "message.notification": {"title", "body", "image"},
    "message.android": {
        "collapse_key", "priority", "ttl", "restricted_package_name", "data", "notification",
        "fcm_options", "direct_boot_ok", "bandwidth_constrained_ok", "restricted_satellite_ok",
    },
    "message.webpush": {"headers", "data", "notification", "fcm_options"},
    "message.apns": {"headers", "payload", "fcm_options", "live_activity_token"},
}  # fmt: skip
STATUS_WORDS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}
ERROR_CODES = {
    400: "INVALID_ARGUMENT",
    401: "THIRD_PARTY_AUTH_ERROR",
    403: "SENDER_ID_MISMATCH",
    404: "UNREGISTERED",
    429: "QUOTA_EXCEEDED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}


@dataclass(frozen=True)
class Fault:
    """What is wrong with a request, and which field of it."""

    why: str
    field: str = "message"


def fault_of(body: Any) -> Fault | None:
    """Return what FCM would refuse in the JSON body of `messages:send`, None if nothing."""
    if not isinstance(body, dict):
        return Fault("Invalid JSON payload received.", "")
    message = body.get("message")
    if not isinstance(message, dict):
        return Fault("Recipient of the message is not set.")
    return (
        _unknown_field(body) or _wrong_target(message) or _wrong_data(message) or _too_big(message)
    )


def address_of(message: Mapping[str, Any]) -> str:
    """Return the token, installation id, topic or condition that a sound message names."""
    return next(str(message[name]) for name in TARGETS if name in message)


def error_body(
    status: int, why: str, code: str | None = None, field: str | None = None
) -> dict[str, Any]:
    """Return FCM's error body: `code` stands in an FcmError detail, `field` in a BadRequest."""
    details: list[dict[str, Any]] = []
    if code:
        fcm_error = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
        details.append({"@type": fcm_error, "errorCode": code})
    if field is not None:
        violations = [{"field": field, "description": why}]
        bad_request = "type.googleapis.com/google.rpc.BadRequest"
        details.append({"@type": bad_request, "fieldViolations": violations})
    error = {"code": status, "message": why, "status": STATUS_WORDS.get(status, "UNKNOWN")}
    return {"error": {**error, "details": details} if details else error}


def _unknown_field(body: Mapping[str, Any]) -> Fault | None:
    for path, known in FIELDS.items():
        part: Any = body
        for step in filter(None, path.split(".")):
            part = part.get(step, {})
            if not isinstance(part, dict):
                return Fault(f"Invalid value at '{path}'.", path)
        for name in part:
            if name not in known:
                why = "Invalid JSON payload received. "
                return Fault(f"{why}Unknown name \"{name}\" at '{path}': Cannot find field.", path)
    return None


def _wrong_target(message: Mapping[str, Any]) -> Fault | None:
    named = [name for name in TARGETS if name in message]
    if not named:
        return Fault("Recipient of the message is not set.")
    if len(named) > 1:
        return Fault(f"oneof field 'target' is already set. Cannot set '{named[1]}'.")
    if not isinstance(message[named[0]], str) or not message[named[0]]:
        return Fault("Request contains an invalid argument.", f"message.{named[0]}")
    return None


def _wrong_data(message: Mapping[str, Any]) -> Fault | None:
    data = message.get("data", {})
    if not isinstance(data, dict):
        return Fault("Invalid value at 'message.data'.", "message.data")
    for place, (key, value) in enumerate(data.items()):
        if not isinstance(value, str):
            field = f"message.data[{place}].value"
            return Fault(f"Invalid value at '{field}' (TYPE_STRING)", field)
        if RESERVED_DATA_KEY.fullmatch(key):
            return Fault(f"Invalid data payload key: {key}", f"message.data[{place}].key")
    return None


def _too_big(message: Mapping[str, Any]) -> Fault | None:
    """Count the keys and values of what the app gets, as FCM's limit does."""
    visible = {**message.get("notification", {}), **message.get("data", {})}
    size = sum(len(f"{key}{value}".encode(errors="replace")) for key, value in visible.items())
    to_many = "topic" in message or "condition" in message
    if size > (LARGEST_TOPIC_PAYLOAD_BYTES if to_many else LARGEST_PAYLOAD_BYTES):
        return Fault("Android message is too big")
    return None
