"""Calling departments at their own addresses: briefly, without trust, and never inside our walls.

A name is resolved once and the address that was checked is the one that is connected to, so that
a name which changes its mind in between leads nowhere. Redirects are not followed, proxies of the
environment are not asked, and a reply is read to 4 KiB at most and forgotten.
"""

import asyncio
import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import httpx
import structlog

from backend.gateways.webhook_address import (
    AddressNotAllowed,
    Target,
    ensure_allowed,
    read_address,
    target_of,
)

CALL_SECONDS = 10.0  # for everything of one call, however slowly its bytes trickle
MOST_OF_A_REPLY = 4096
MOST_ADDRESSES = 3
LONGEST_ASKED_SECONDS = 3600

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Call:
    """One signed call to a department's address."""

    url: str
    headers: Mapping[str, str]
    body: bytes


class Outcome(StrEnum):
    """What became of a call."""

    TAKEN = "taken"
    TRY_LATER = "try_later"  # refused for now, or nobody knows: it may have been taken
    UNTRIED = "untried"  # no time was left, or the one before it failed
    GONE = "gone"  # the address asks not to be called any more (410)


@dataclass(frozen=True)
class Answer:
    """The outcome of one call, why, and how long the address asks us to wait."""

    outcome: Outcome
    reason: str = ""
    retry_after_seconds: int = 0


class WebhookCaller(Protocol):
    """Calls several departments at once, each in turn and no further than its first failure."""

    def call(self, queues: Sequence[Sequence[Call]], within_seconds: float) -> list[list[Answer]]:
        """Make each department's calls; none begins after `within_seconds`.

        One queue is one department's, all to one URL. Answers keep the order of what was asked.
        """


class HttpWebhooks:
    """Calls over HTTPS. In a demo this machine itself may be called, without TLS too."""

    def __init__(self, *, is_demo: bool, tls: ssl.SSLContext | None = None) -> None:
        self.is_demo = is_demo
        self.tls = tls or httpx.create_ssl_context(trust_env=False)
        self.runner = asyncio.Runner()

    def call(self, queues: Sequence[Sequence[Call]], within_seconds: float) -> list[list[Answer]]:
        return self.runner.run(self._call_all(queues, within_seconds))

    def close(self) -> None:
        """End the event loop that the calls run in."""
        self.runner.close()

    async def _call_all(
        self, queues: Sequence[Sequence[Call]], within_seconds: float
    ) -> list[list[Answer]]:
        until = asyncio.get_running_loop().time() + within_seconds
        return await asyncio.gather(*(self._call_in_turn(queue, until) for queue in queues))

    async def _call_in_turn(self, queue: Sequence[Call], until: float) -> list[Answer]:
        answers: list[Answer] = []
        async with httpx.AsyncClient(
            verify=self.tls, trust_env=False, follow_redirects=False, timeout=CALL_SECONDS
        ) as client:
            for call in queue:
                is_over = asyncio.get_running_loop().time() >= until
                if is_over or (answers and answers[-1].outcome is not Outcome.TAKEN):
                    answers.append(Answer(Outcome.UNTRIED))
                    continue
                answers.append(await self._call_once(client, call))
        return answers

    async def _call_once(self, client: httpx.AsyncClient, call: Call) -> Answer:
        try:
            async with asyncio.timeout(CALL_SECONDS):
                target = target_of(call.url, is_demo=self.is_demo)
                return await self._post(client, call, target, await self._resolve(target))
        except AddressNotAllowed as refusal:
            return Answer(Outcome.TRY_LATER, str(refusal))
        except (TimeoutError, httpx.TimeoutException):
            return Answer(Outcome.TRY_LATER, "no answer in time")
        except (httpx.HTTPError, OSError, UnicodeError) as error:
            return Answer(Outcome.TRY_LATER, type(error).__name__)
        except Exception as error:  # whatever a hostile answer makes of the client
            log.exception("a call to a department failed")
            return Answer(Outcome.TRY_LATER, type(error).__name__)

    async def _resolve(self, target: Target) -> list[str]:
        """Return the addresses of a name, all of them public; AddressNotAllowed if one is not."""
        found = await asyncio.get_running_loop().getaddrinfo(
            target.host, target.port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
        )
        texts = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        for text in texts:
            ensure_allowed(read_address(text), target, is_demo=self.is_demo)
        return texts[:MOST_ADDRESSES]

    async def _post(
        self, client: httpx.AsyncClient, call: Call, target: Target, addresses: Sequence[str]
    ) -> Answer:
        for address in addresses[:-1]:
            try:
                return await self._post_to(client, call, target, address)
            except httpx.ConnectError:
                continue
        return await self._post_to(client, call, target, addresses[-1])

    async def _post_to(
        self, client: httpx.AsyncClient, call: Call, target: Target, address: str
    ) -> Answer:
        """Call at a checked address; TLS and the Host header still name the host of the URL."""
        named = httpx.URL(call.url)
        async with client.stream(
            "POST",
            named.copy_with(host=address),
            content=call.body,
            headers={**call.headers, "Host": named.netloc.decode("ascii")},
            extensions={"sni_hostname": target.host},
        ) as reply:
            await _read_a_little(reply)
            return _judge(reply)


async def _read_a_little(reply: httpx.Response) -> None:
    read = 0
    async for chunk in reply.aiter_raw():
        read += len(chunk)
        if read > MOST_OF_A_REPLY:
            return


def _judge(reply: httpx.Response) -> Answer:
    if reply.is_success:
        return Answer(Outcome.TAKEN)
    reason = f"status {reply.status_code}"
    if reply.status_code == httpx.codes.GONE:
        return Answer(Outcome.GONE, reason)
    asked = reply.headers.get("Retry-After", "")
    is_seconds = asked.isascii() and asked.isdecimal() and len(asked) < 10
    seconds = min(int(asked), LONGEST_ASKED_SECONDS) if is_seconds else 0
    return Answer(Outcome.TRY_LATER, reason, seconds)
