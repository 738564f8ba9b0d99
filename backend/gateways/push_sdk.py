"""The SDK's messaging service with what it has no setting for, and how its errors are read."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import firebase_admin
from firebase_admin import exceptions, messaging
from firebase_admin._http_client import HttpxAsyncClient
from firebase_admin._retry import HttpxRetry
from google.auth.exceptions import GoogleAuthError
from httpx import HTTPError

REQUEST_SECONDS = 8


class _Never(HttpxRetry):  # type: ignore[misc]
    """No second try, and no deep copy of that for each request, as the SDK's own would take."""

    def copy(self) -> "_Never":
        return _Never(max_retries=0)


class Messaging(messaging._MessagingService):  # type: ignore[misc]
    """The SDK's own messaging service with three things that the SDK has no setting for.

    The address may be a simulator's. A 500 or 503 is not sent again at once, whatever its
    Retry-After says: the ledger of deliveries is the one that tries again. And one message goes by
    itself: the SDK gives up a whole batch where a single answer is odd, and lets the rest of it run
    on unwatched.
    """

    def __init__(self, app: firebase_admin.App, endpoint: str | None) -> None:
        super().__init__(app)
        if endpoint:
            self._fcm_url = f"{endpoint}/v1/projects/{app.project_id}/messages:send"
        self._async_client = HttpxAsyncClient(
            credential=app.credential.get_credential(),
            timeout=REQUEST_SECONDS,
            retry_config=_Never(max_retries=0),
        )

    async def send_alone(self, message: messaging.Message) -> bool:
        """Send one message; False where FCM's answer has no name for it. FirebaseError, ValueError."""
        data = self._message_data(message, False)
        try:
            said = await self._said(data)
        except exceptions.FirebaseError:
            raise
        except Exception as error:  # signing in anew in the midst of it, or an answer that is odd
            raise exceptions.UnknownError(type(error).__name__, cause=error) from error
        return isinstance(said, dict) and "name" in said

    async def _said(self, data: dict[str, Any]) -> Any:
        headers = dict(self._fcm_headers)
        try:
            answer = await self._async_client.request(
                "post", url=self._fcm_url, headers=headers, json=data
            )
        except HTTPError as error:
            raise self._handle_fcm_httpx_error(error) from error
        return answer.json()


def is_about_our_account(error: exceptions.FirebaseError) -> bool:
    account = (exceptions.UnauthenticatedError, exceptions.PermissionDeniedError)
    return isinstance(error, account) or isinstance(error.cause, GoogleAuthError)


def retry_after(error: exceptions.FirebaseError) -> float | None:
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
