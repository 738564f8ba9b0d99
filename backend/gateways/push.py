"""Push by Firebase Cloud Messaging: the promise in our words, kept by the real firebase_admin.

There is no fake sender: a demo and the tests let the same client talk to `simulators/fcm.py`.
"""

import asyncio
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import firebase_admin
from firebase_admin import credentials, exceptions, messaging

MOST_PER_BATCH = 500
LOOPBACK = {"127.0.0.1", "::1", "localhost"}


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
    TRY_LATER = "try_later"
    REFUSED = "refused"


@dataclass(frozen=True)
class Result:
    """The outcome of one push, the partner's word for it, and how long it asks us to wait."""

    outcome: Outcome
    reason: str = ""
    retry_after_seconds: float | None = None


class PushSender(Protocol):
    """Sends pushes, each to one device; results keep the order of what was sent."""

    def send(self, pushes: Sequence[Push]) -> list[Result]: ...

    def close(self) -> None: ...


class _SimulatedFcm(messaging._MessagingService):  # type: ignore[misc]
    """The SDK's own messaging service at another address; the SDK has no setting for one."""

    def __init__(self, app: firebase_admin.App, endpoint: str) -> None:
        super().__init__(app)
        self._fcm_url = f"{endpoint}/v1/projects/{app.project_id}/messages:send"


class FirebasePush:
    """FCM by `firebase_admin`. The SDK's async client belongs to one event loop, hence the runner.

    `endpoint` names a simulator on this machine; any other host is refused, as a push is personal.
    """

    def __init__(self, project_id: str, account: Path, endpoint: str | None = None) -> None:
        if endpoint and urlsplit(endpoint).hostname not in LOOPBACK:
            raise ValueError(f"{endpoint} is not on this machine; pushes go there never")
        self.runner = asyncio.Runner()
        self.app = firebase_admin.initialize_app(
            credentials.Certificate(str(account)),
            {"projectId": project_id, "httpTimeout": 30},
            name=f"ferry-{id(self)}",
        )
        if endpoint:
            self.app._get_service("_messaging", lambda app: _SimulatedFcm(app, endpoint))

    def send(self, pushes: Sequence[Push]) -> list[Result]:
        """Send up to 500 pushes; a failed sign-in leaves all of them to try later."""
        if not pushes:
            return []
        try:
            batch = self.runner.run(self._send_each([_message(push) for push in pushes]))
        except exceptions.FirebaseError as error:
            return [Result(Outcome.TRY_LATER, f"batch: {error.code}")] * len(pushes)
        return [_result(response) for response in batch.responses]

    def close(self) -> None:
        service: Any = self.app._get_service("_messaging", messaging._MessagingService)
        self.runner.run(service._async_client.aclose())
        self.runner.close()
        firebase_admin.delete_app(self.app)

    async def _send_each(self, messages: list[messaging.Message]) -> messaging.BatchResponse:
        return await messaging.send_each_async(messages, app=self.app)


def _message(push: Push) -> messaging.Message:
    """Shape a push so that a repeat replaces the first on the screen (collapse key and tag)."""
    with warnings.catch_warnings():
        # Addressing by token is deprecated in favour of `fid`, and most phones still have one.
        warnings.simplefilter("ignore", DeprecationWarning)
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


def _result(response: messaging.SendResponse) -> Result:
    error = response.exception
    if error is None:
        return Result(Outcome.SENT)
    reason = type(error).__name__
    if isinstance(error, messaging.UnregisteredError | messaging.SenderIdMismatchError):
        return Result(Outcome.DEVICE_GONE, reason)
    if isinstance(error, exceptions.InvalidArgumentError):
        return Result(Outcome.REFUSED, reason)
    return Result(Outcome.TRY_LATER, reason, _retry_after(error))


def _retry_after(error: exceptions.FirebaseError) -> float | None:
    if error.http_response is None:
        return None
    seconds = error.http_response.headers.get("Retry-After", "")
    return float(seconds) if seconds.isdigit() else None
