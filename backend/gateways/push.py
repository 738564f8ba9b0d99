"""Push by Firebase Cloud Messaging: the promise in our words, kept by the real firebase_admin.

There is no fake sender: a demo and the tests let the same client talk to `simulators/fcm.py`.
"""

import asyncio
import random
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import firebase_admin
import structlog
from firebase_admin import credentials, exceptions, messaging
from firebase_admin._http_client import HttpxAsyncClient
from firebase_admin._retry import HttpxRetry
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request

from backend.core.clock import new_id

MOST_PER_BATCH = 500
MOST_AT_ONCE = 100  # what one HTTP/2 connection to Google carries, and httpx's own pool
REQUEST_SECONDS = 10
SIGN_IN_SECONDS = 5
CROWD = 10  # so many refusals in one batch are the partner's trouble, not the pushes'
FIRST_QUIET_SECONDS = 2.0
LONGEST_QUIET_SECONDS = 300.0
LONGEST_ASKED_SECONDS = 3600.0  # whatever a Retry-After says, we look again within the hour
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
ADDRESS_KINDS = {"fid", "token"}

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Push:
    """One push to one device. The title and body stand on a lock screen: templates only."""

    address_kind: str  # "fid" (Firebase installation id) or "token"
    address: str
    collapse_key: str
    title: str
    body: str
    data: Mapping[str, str] = field(default_factory=dict)


class Outcome(StrEnum):
    """What became of a push."""

    SENT = "sent"
    DEVICE_GONE = "device_gone"
    TRY_LATER = "try_later"  # refused for now, or nobody knows: it may have been accepted
    UNTRIED = "untried"  # our sign-in or set-up is wrong, or no time was left: counts for nothing
    REFUSED = "refused"


@dataclass(frozen=True)
class Result:
    """The outcome of one push, the partner's word for it, and how long it asks us to wait."""

    outcome: Outcome
    reason: str = ""
    retry_after_seconds: float | None = None


class PushSender(Protocol):
    """Sends pushes, each to one device; results keep the order of what was sent."""

    def quiet_seconds(self) -> float:
        """Sign in where needed; return how long to leave the partner alone, 0 if it may be asked."""

    def send(self, pushes: Sequence[Push], within_seconds: float) -> list[Result]:
        """Send, and give up on whatever is not answered `within_seconds`."""

    def close(self) -> None: ...


class _Messaging(messaging._MessagingService):  # type: ignore[misc]
    """The SDK's own messaging service with two things that the SDK has no setting for.

    The address may be a simulator's. And a 500 or 503 is not sent again at once, whatever its
    Retry-After says: the ledger of deliveries is the one that tries again.
    """

    def __init__(self, app: firebase_admin.App, endpoint: str | None) -> None:
        super().__init__(app)
        if endpoint:
            self._fcm_url = f"{endpoint}/v1/projects/{app.project_id}/messages:send"
        self._async_client = HttpxAsyncClient(
            credential=app.credential.get_credential(),
            timeout=REQUEST_SECONDS,
            retry_config=HttpxRetry(max_retries=0),
        )


class FirebasePush:
    """FCM by `firebase_admin`. The SDK's async client belongs to one event loop, hence the runner.

    `endpoint` names a simulator on this machine; any other host is refused, as a push is personal.
    """

    def __init__(self, project_id: str, account: Path, endpoint: str | None = None) -> None:
        if endpoint and urlsplit(endpoint).hostname not in LOOPBACK:
            raise ValueError(f"{endpoint} is not on this machine, so no push may go there")
        self.runner = asyncio.Runner()
        self.app = firebase_admin.initialize_app(
            credentials.Certificate(str(account)), {"projectId": project_id}, name=new_id("app")
        )
        self.credential = self.app.credential.get_credential()
        address = endpoint.rstrip("/") if endpoint else None
        self.service = self.app._get_service("_messaging", lambda app: _Messaging(app, address))
        self.failures = 0
        self.quiet_until = 0.0  # on the monotonic clock

    def quiet_seconds(self) -> float:
        """Sign in where needed; return how long to leave FCM alone, 0 if it may be asked.

        Signing in here, and not in the midst of a batch, keeps a broken account from being asked
        for a token once per push, and a batch from being claimed for nothing.
        """
        quiet = self.quiet_until - time.monotonic()
        if quiet > 0:
            return quiet
        if not self.credential.valid:
            try:
                self.credential.refresh(partial(Request(), timeout=SIGN_IN_SECONDS))
            except Exception as error:  # whatever a broken token endpoint makes of it
                log.error("push sign-in failed", error=type(error).__name__)
                return self._be_quiet(0)
        return 0

    def send(self, pushes: Sequence[Push], within_seconds: float) -> list[Result]:
        """Send each push; one that fails takes no other with it."""
        results = self.runner.run(self._send_all(pushes, within_seconds))
        self._heed(results)
        return results

    def close(self) -> None:
        """Close the connections on the loop that they belong to."""
        self.runner.run(self.service._async_client.aclose())
        self.runner.close()
        firebase_admin.delete_app(self.app)

    async def _send_all(self, pushes: Sequence[Push], within_seconds: float) -> list[Result]:
        turns = asyncio.Semaphore(MOST_AT_ONCE)
        until = asyncio.get_running_loop().time() + within_seconds
        return await asyncio.gather(*(self._send_one(push, turns, until) for push in pushes))

    async def _send_one(self, push: Push, turns: asyncio.Semaphore, until: float) -> Result:
        # One message per call: the SDK gives up a whole batch where a single answer is odd, and
        # lets the rest of it run on unwatched.
        begun = False
        try:
            async with asyncio.timeout_at(until), turns:
                if self.quiet_until > time.monotonic():
                    return Result(Outcome.UNTRIED, "FCM is left alone for a while")
                begun = True
                batch = await messaging.send_each_async([_message(push)], app=self.app)
        except TimeoutError:
            return Result(Outcome.TRY_LATER if begun else Outcome.UNTRIED, "no answer in time")
        except ValueError as error:  # the SDK's own check of a message
            return Result(Outcome.REFUSED, type(error).__name__)
        except exceptions.FirebaseError as error:
            return self._judge(error)
        response = batch.responses[0]
        if response.success:
            return Result(Outcome.SENT)
        return self._judge(response.exception)

    def _judge(self, error: exceptions.FirebaseError | None) -> Result:
        """Say what an error means for its push; where it is about all of them, stop asking."""
        if error is None:
            return Result(Outcome.TRY_LATER, "an answer without a name")
        reason = type(error).__name__
        if isinstance(error, messaging.SenderIdMismatchError):
            log.error("a device is of another Firebase project; check FERRY_FCM_PROJECT_ID")
        if isinstance(error, messaging.UnregisteredError | messaging.SenderIdMismatchError):
            return Result(Outcome.DEVICE_GONE, reason)
        if isinstance(error, exceptions.InvalidArgumentError):
            return Result(Outcome.REFUSED, reason)
        if isinstance(error, messaging.ThirdPartyAuthError):
            log.error("FCM has no right key for this kind of phone (APNs or web push)")
            return Result(Outcome.UNTRIED, reason, LONGEST_QUIET_SECONDS)
        if _is_about_our_account(error):
            if self.quiet_until <= time.monotonic():
                log.error("FCM does not accept our account", error=reason)
                self._be_quiet(0)
            return Result(Outcome.UNTRIED, reason)
        return Result(Outcome.TRY_LATER, reason, _retry_after(error))

    def _heed(self, results: Sequence[Result]) -> None:
        """Leave FCM alone for a while where it turned most of a crowd away."""
        busy = [result for result in results if result.outcome is Outcome.TRY_LATER]
        if len(busy) >= CROWD and len(busy) * 2 > len(results):
            self._be_quiet(max(result.retry_after_seconds or 0 for result in busy))
        elif any(result.outcome is Outcome.SENT for result in results):
            self.failures = 0

    def _be_quiet(self, asked_seconds: float) -> float:
        """Stop asking for as long as FCM asks, and longer each time, with jitter; return seconds."""
        doubled = min(FIRST_QUIET_SECONDS * 2.0 ** min(self.failures, 30), LONGEST_QUIET_SECONDS)
        asked = min(asked_seconds, LONGEST_ASKED_SECONDS)
        seconds = max(doubled, asked) * random.uniform(1, 1.5)  # noqa: S311  # spreads the crowd
        self.failures += 1
        self.quiet_until = time.monotonic() + seconds
        return seconds


def _message(push: Push) -> messaging.Message:
    """Shape a push so that a repeat replaces the first on the screen (collapse key and tag)."""
    if push.address_kind not in ADDRESS_KINDS:
        raise ValueError("a push goes to one device, by its fid or token")
    with warnings.catch_warnings():
        # Addressing by token is deprecated in favour of `fid`, and most phones still have one.
        warnings.filterwarnings("ignore", r"Message\.token is deprecated", DeprecationWarning)
        return messaging.Message(
            **{push.address_kind: push.address},
            notification=messaging.Notification(title=push.title, body=push.body),
            data=dict(push.data),
            android=messaging.AndroidConfig(
                collapse_key=push.collapse_key,
                notification=messaging.AndroidNotification(
                    tag=push.collapse_key, visibility="private"
                ),
            ),
            apns=messaging.APNSConfig(headers={"apns-collapse-id": push.collapse_key}),
            webpush=messaging.WebpushConfig(
                notification=messaging.WebpushNotification(tag=push.collapse_key)
            ),
        )


def _is_about_our_account(error: exceptions.FirebaseError) -> bool:
    account = (exceptions.UnauthenticatedError, exceptions.PermissionDeniedError)
    return isinstance(error, account) or isinstance(error.cause, GoogleAuthError)


def _retry_after(error: exceptions.FirebaseError) -> float | None:
    """Read Retry-After, in seconds or as a date (RFC 9110, 10.2.3); None where there is none."""
    response: Any = error.http_response
    text = response.headers.get("Retry-After", "") if response is not None else ""
    if text.isascii() and text.isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max((aware - datetime.now(UTC)).total_seconds(), 0)
