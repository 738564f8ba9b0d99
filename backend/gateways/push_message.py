"""A push, and its shape as a message of the SDK for every kind of phone."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from firebase_admin import messaging

ADDRESS_KINDS = {"fid", "token"}


@dataclass(frozen=True)
class Push:
    """One push to one device. The title and body stand on a lock screen: templates only."""

    address_kind: str  # "fid" (Firebase installation id) or "token"
    address: str
    collapse_key: str
    title: str
    body: str
    data: Mapping[str, str] = field(default_factory=dict)
    is_urgent: bool = False
    expires_at: datetime | None = None  # when FCM and Apple may throw it away; else their own time
    ttl_seconds: int | None = None


def messages_of(pushes: Sequence[Push]) -> list[messaging.Message | None]:
    """Shape pushes; None for one that has no address."""
    with warnings.catch_warnings():
        # Addressing by token is deprecated in favour of `fid`, and most phones still have one.
        warnings.filterwarnings("ignore", r"Message\.token is deprecated", DeprecationWarning)
        return [_message(push) for push in pushes]


def _message(push: Push) -> messaging.Message | None:
    """Shape a push so that a repeat replaces the first on the screen (collapse key and tag)."""
    if push.address_kind not in ADDRESS_KINDS:
        return None
    apns = {"apns-collapse-id": push.collapse_key}
    if push.expires_at:
        apns["apns-expiration"] = str(int(push.expires_at.timestamp()))
    web = {"Urgency": "high" if push.is_urgent else "normal"}
    if push.ttl_seconds is not None:
        web["TTL"] = str(push.ttl_seconds)
    return messaging.Message(
        **{push.address_kind: push.address},
        notification=messaging.Notification(title=push.title, body=push.body),
        data=dict(push.data),
        android=messaging.AndroidConfig(
            collapse_key=push.collapse_key,
            priority="high" if push.is_urgent else "normal",
            ttl=push.ttl_seconds,
            notification=messaging.AndroidNotification(tag=push.collapse_key, visibility="private"),
        ),
        apns=messaging.APNSConfig(headers=apns),
        webpush=messaging.WebpushConfig(
            headers=web, notification=messaging.WebpushNotification(tag=push.collapse_key)
        ),
    )
