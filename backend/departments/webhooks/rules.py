"""What departments are told of, where the telling stands, and when a failed call is made again."""

from datetime import timedelta
from enum import StrEnum

from backend.core.errors import Invalid, NotFound
from backend.core.languages import Words

FORMER_SECRET_SIGNS_FOR = timedelta(hours=24)
GIVEN_UP_AFTER = timedelta(days=3)
KEPT_FOR = timedelta(days=35)  # after it was told or given up: a month and its reckoning
FIRST_PAUSE_SECONDS = 5
LONGEST_PAUSE_SECONDS = 3600
LONGEST_QUIET_SECONDS = 300  # so an address that is back is found out within minutes


class EventType(StrEnum):
    """What may happen to a department's bill, and the test that a department asks for."""

    BILL_PAID = "bill.paid"
    PAYMENT_HELD = "payment.held"
    PAYMENT_RETURNED = "payment.returned"
    PING = "ping"


class TellingState(StrEnum):
    """Where the telling of one event stands."""

    WAITING = "waiting"
    TOLD = "told"
    FAILED = "failed"
    UNHEARD = "unheard"  # the department has no address; it may read its events all the same


SETTLED = (TellingState.TOLD, TellingState.FAILED, TellingState.UNHEARD)


class WebhookNotSet(NotFound):
    code = "webhook_not_set"
    says = Words(
        "You have set no address. Set one first.",
        "你尚未設定網址，請先設定。",
        "你尚未设置网址，请先设置。",
    )


class WebhookAddressWrong(Invalid):
    code = "webhook_address_wrong"
    says = Words(
        "This address cannot be called. Give a public https address, without user, password or fragment.",
        "無法呼叫這個網址。請提供公開的 https 網址，不可包含使用者名稱、密碼或片段。",
        "无法调用这个网址。请提供公开的 https 网址，不可包含用户名、密码或片段。",
    )


class EventNotFound(NotFound):
    code = "event_not_found"


def pause_before(attempt: int, asked_seconds: int, jitter: float) -> timedelta:
    """Return how long an event waits after its failed try number `attempt` (from 1).

    Doubles from five seconds up to an hour, never less than the address asked for; `jitter` in
    0–1 spreads the crowd by up to half as much again.
    """
    doubled = min(FIRST_PAUSE_SECONDS * 2 ** min(attempt - 1, 30), LONGEST_PAUSE_SECONDS)
    return timedelta(seconds=max(doubled, asked_seconds) * (1 + jitter / 2))


def quiet_after(failures: int, asked_seconds: int, jitter: float) -> timedelta:
    """Return how long a whole address is left alone after so many failures in a row (from 1)."""
    doubled = min(FIRST_PAUSE_SECONDS * 2 ** min(failures - 1, 30), LONGEST_QUIET_SECONDS)
    return timedelta(seconds=max(doubled, asked_seconds) * (1 + jitter / 2))
