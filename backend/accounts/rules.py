"""What makes a token good, and what is refused at sign-in."""

import hashlib
import secrets
from datetime import datetime, timedelta

from backend.core.errors import Invalid, NotFound
from backend.core.languages import Words

PREFIX = "frt_"  # of tokens, so that one that leaked is recognised
MOST_DEVICES = 10
SWEPT_PER_SIGN_IN = 10
KEPT_UNUSED = timedelta(days=270)  # a phone; Firebase, "Manage FCM registration tokens"


class ProofNotAccepted(Invalid):
    code = "proof_not_accepted"
    says = Words(
        "This proof does not prove who you are.", "未能核實你的身份。", "未能核实你的身份。"
    )


class ProviderNotKnown(Invalid):
    code = "provider_not_known"
    says = Words(
        "This identity provider is not offered here.",
        "不支援此身份驗證方式。",
        "不支持此身份验证方式。",
    )


class TooManyDevices(Invalid):
    code = "too_many_devices"
    says = Words(
        "You have {most} devices already. Remove one first.",
        "你已登記 {most} 部裝置，請先移除其中一部。",
        "你已登记 {most} 部设备，请先移除其中一部。",
    )


class DeviceNotFound(NotFound):
    code = "device_not_found"


def new_token() -> str:
    """Return a fresh opaque token: 256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """Return what is stored of a token. Its 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


def expiry(now: datetime, minutes: int) -> datetime:
    """Return when a token given out at `now` ends."""
    return now + timedelta(minutes=minutes)


def ensure_room_for_device(count: int) -> None:
    """Refuse a device past the most that one resident may have."""
    if count >= MOST_DEVICES:
        raise TooManyDevices(most=MOST_DEVICES)
