"""Push by Firebase Cloud Messaging: the promise in our words, kept by the real firebase_admin.

There is no fake sender: a demo and the tests let the same client talk to `simulators/fcm.py`.
"""

import asyncio
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import firebase_admin
import structlog
from firebase_admin import credentials, exceptions, messaging
from google.auth.transport.requests import Request

from backend.core.clock import new_id
from backend.gateways.push_message import Push, messages_of
from backend.gateways.push_sdk import Messaging, is_about_our_account, retry_after

ROWS, WAVE = 4, 25
MOST_AT_ONCE = ROWS * WAVE  # what one HTTP/2 connection to Google carries, and httpx's own pool
SIGN_IN_SECONDS = 5
ANSWER_SHARE = 0.5  # of the time for beginning; so long is waited for what was begun at its end
CROWD = 10  # so many refusals in one batch are the partner's trouble, not the pushes'
FIRST_QUIET_SECONDS = 2.0
LONGEST_QUIET_SECONDS = 300.0
LONGEST_ASKED_SECONDS = 3600.0  # whatever a Retry-After says, we look again within the hour
BUSY_STATUSES = {429, 500, 502, 503, 504}  # of FCM itself, whatever is pushed
LOOPBACK = {"127.0.0.1", "::1", "localhost"}

log = structlog.get_logger(__name__)


class Outcome(StrEnum):
    """What became of a push."""

    SENT = "sent"
    DEVICE_GONE = "device_gone"
    TRY_LATER = "try_later"  # refused for now, or nobody knows: it may have been accepted
    ODD = "odd"  # as try_later, and it may be the push itself: five of these and it is parked
    UNTRIED = "untried"  # our sign-in or set-up is wrong, or no time was left: counts for nothing
    REFUSED = "refused"


@dataclass(frozen=True)
class Result:
    """The outcome of one push, the partner's word for it, and how long it asks us to wait."""

    outcome: Outcome
    reason: str = ""
    retry_after_seconds: float | None = None


SENT = Result(Outcome.SENT)
NO_ADDRESS = Result(Outcome.REFUSED, "no fid and no token")
UNBEGUN = Result(Outcome.UNTRIED, "no time was left")
UNANSWERED = Result(Outcome.TRY_LATER, "no answer in time")
LEFT_ALONE = Result(Outcome.UNTRIED, "FCM is left alone for a while")
# FCM's word on one push alone. A phone of another Firebase project is kept: it may be ours that is
# set up wrongly, and then most of a crowd gets that answer.
OF_THE_PUSH = {
    messaging.UnregisteredError: Outcome.DEVICE_GONE,
    messaging.SenderIdMismatchError: Outcome.ODD,
    exceptions.InvalidArgumentError: Outcome.REFUSED,
}


AWAY = (Outcome.TRY_LATER, Outcome.ODD)


Heard = Callable[[int, Result], None]


@dataclass(frozen=True)
class Answers:
    """What has become of each push so far, and whoever wants to hear of it at once."""

    results: list[Result]
    heard: Heard | None = None

    def give(self, place: int, result: Result) -> None:
        self.results[place] = result
        if self.heard:
            self.heard(place, result)


class PushSender(Protocol):
    """Sends pushes, each to one device; results keep the order of what was sent."""

    def quiet_seconds(self) -> float:
        """Sign in where needed; return how long to leave the partner alone, 0 if it may be asked."""

    def send(
        self, pushes: Sequence[Push], within_seconds: float, heard: Heard | None = None
    ) -> list[Result]:
        """Send; begin none after `within_seconds`, and wait half as long again for answers.

        `heard` is told of each answer the moment that it comes, with the push's place in `pushes`.
        """

    def close(self) -> None: ...


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
        self.service = self.app._get_service("_messaging", lambda app: Messaging(app, address))
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

    def send(
        self, pushes: Sequence[Push], within_seconds: float, heard: Heard | None = None
    ) -> list[Result]:
        """Send each push; one that fails takes no other with it."""
        answers = Answers([NO_ADDRESS] * len(pushes), heard)
        self.runner.run(self._send_all(pushes, within_seconds, answers))
        return self._heed(answers.results)

    def close(self) -> None:
        """Close the connections on the loop that they belong to."""
        self.runner.run(self.service._async_client.aclose())
        self.runner.close()
        firebase_admin.delete_app(self.app)

    async def _send_all(
        self, pushes: Sequence[Push], within_seconds: float, answers: Answers
    ) -> None:
        """Send in some rows, until the time is over."""
        going = [
            (place, message)
            for place, message in enumerate(messages_of(pushes))
            if message is not None
        ]
        for place, _ in going:
            answers.results[place] = UNBEGUN
        queue = iter(going)
        until = time.monotonic() + within_seconds
        with suppress(TimeoutError):
            async with asyncio.timeout(within_seconds * (1 + ANSWER_SHARE)):
                rows = (self._send_along(queue, until, answers) for _ in range(ROWS))
                await asyncio.gather(*rows)

    async def _send_along(
        self, queue: Iterator[tuple[int, messaging.Message]], until: float, answers: Answers
    ) -> None:
        """Send wave after wave: httpx and h2 take a sixth less time over what begins together."""

        async def send(place: int, message: messaging.Message) -> None:
            answers.results[place] = UNANSWERED
            answers.give(place, await self._send_one(message))

        while wave := list(islice(queue, WAVE)):
            if self.quiet_until > time.monotonic():
                for place, _ in wave:
                    answers.results[place] = LEFT_ALONE
                continue
            if time.monotonic() > until:
                return
            await asyncio.gather(*(send(place, message) for place, message in wave))
            if any(answers.results[place].outcome in AWAY for place, _ in wave):
                self._stop_where_turned_away(answers.results)

    async def _send_one(self, message: messaging.Message) -> Result:
        try:
            has_name = await self.service.send_alone(message)
        except (
            ValueError
        ) as error:  # the SDK's own check of a message, or an answer that is no JSON
            return Result(Outcome.REFUSED, type(error).__name__)
        except exceptions.FirebaseError as error:
            return self._judge(error)
        return SENT if has_name else Result(Outcome.ODD, "an answer without a name")

    def _judge(self, error: exceptions.FirebaseError) -> Result:
        """Say what an error means for its push; where it is about all of them, stop asking."""
        reason = type(error).__name__
        for known, outcome in OF_THE_PUSH.items():
            if isinstance(error, known):
                return Result(outcome, reason)
        if isinstance(error, messaging.ThirdPartyAuthError):
            log.error("FCM has no right key for this kind of phone (APNs or web push)")
            return Result(Outcome.UNTRIED, reason, LONGEST_QUIET_SECONDS)
        if is_about_our_account(error):
            if self.quiet_until <= time.monotonic():
                log.error("FCM does not accept our account", error=reason)
                self._be_quiet(0)
            return Result(Outcome.UNTRIED, reason)
        answer: Any = error.http_response
        is_odd = answer is not None and answer.status_code not in BUSY_STATUSES
        return Result(Outcome.ODD if is_odd else Outcome.TRY_LATER, reason, retry_after(error))

    def _stop_where_turned_away(self, results: Sequence[Result]) -> None:
        """Leave FCM alone where it turned most of a crowd away, in the midst of a batch as well."""
        answered = [each for each in results if each.outcome is not Outcome.UNTRIED]
        away = [each for each in answered if each.outcome in AWAY and each is not UNANSWERED]
        if len(away) < CROWD or len(away) * 2 <= len(answered):
            return
        if self.quiet_until <= time.monotonic():
            log.error("FCM turns most pushes away", reasons=sorted({each.reason for each in away}))
            self._be_quiet(max(each.retry_after_seconds or 0 for each in away))

    def _heed(self, results: Sequence[Result]) -> list[Result]:
        """Draw from a batch what it says of FCM as a whole.

        What is odd about most of a crowd is our set-up, or FCM, and no fault of any push.
        """
        answered = [each for each in results if each.outcome is not Outcome.UNTRIED]
        away = sum(each.outcome in AWAY for each in answered)
        if away >= CROWD and away * 2 > len(answered):
            if self.quiet_until <= time.monotonic():
                self._be_quiet(0)  # nobody answered in time
            return [_excused(each) for each in results]
        if any(each.outcome is Outcome.SENT for each in results):
            self.failures = 0
        return list(results)

    def _be_quiet(self, asked_seconds: float) -> float:
        """Stop asking for as long as FCM asks, and longer each time, with jitter; return seconds."""
        doubled = min(FIRST_QUIET_SECONDS * 2.0 ** min(self.failures, 30), LONGEST_QUIET_SECONDS)
        asked = min(asked_seconds, LONGEST_ASKED_SECONDS)
        seconds = max(doubled, asked) * random.uniform(1, 1.5)  # noqa: S311  # spreads the crowd
        self.failures += 1
        self.quiet_until = time.monotonic() + seconds
        return seconds


def _excused(result: Result) -> Result:
    return replace(result, outcome=Outcome.TRY_LATER) if result.outcome is Outcome.ODD else result
