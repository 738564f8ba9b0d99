"""How often a caller may ask: counted by account first, by address last.

Headers as in draft-ietf-httpapi-ratelimit-headers: `RateLimit-Policy` and `RateLimit`.
"""

import ipaddress
import logging
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, current_app, g, request
from flask.wrappers import Response
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import FixedWindowRateLimiter

from backend.core.errors import Refusal
from backend.core.http.problems import HttpRefusal, problem_of_refusal
from backend.core.http.replies import language_of_request
from backend.core.languages import Words

WINDOW_SECONDS = 60
GUESSES = RateLimitItemPerMinute(10, multiples=5)
UNCOUNTED = frozenset({"operations", "api-page", "bank-callbacks"})
log = logging.getLogger(__name__)


class TooManyRequests(HttpRefusal):
    status = 429
    code = "too_many_requests"
    says = Words(
        "Too many requests. Try again in {seconds} seconds.",
        "要求次數太多，請於 {seconds} 秒後再試。",
        "请求次数太多，请于 {seconds} 秒后再试。",
    )

    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.values["seconds"])}


class Limiter:
    """Counts in memory, or in Redis where several servers share.

    While the shared counter is away each process counts for itself: limits loosen, nobody is shut
    out, and nothing goes uncounted.
    """

    def __init__(self, url: str, per_minute: int) -> None:
        self.shared = FixedWindowRateLimiter(storage_from_string(url, wrap_exceptions=True))
        self.own = FixedWindowRateLimiter(MemoryStorage())
        self.per_minute = RateLimitItemPerMinute(per_minute)

    def take(self, item: RateLimitItem, *key: str) -> None:
        """Count one; TooManyRequests once the window is full."""
        try:
            is_within = self.shared.hit(item, *key)
        except StorageError as error:
            log.warning("the shared counter is away: %s", type(error.storage_error).__name__)
            is_within = self.own.hit(item, *key)
        if not is_within:
            raise TooManyRequests(seconds=self.window(item, *key)[1])

    def window(self, item: RateLimitItem, *key: str) -> tuple[int, int]:
        """Return how many requests are left, and the seconds until the window begins anew."""
        try:
            stats = self.shared.get_window_stats(item, *key)
        except StorageError:
            stats = self.own.get_window_stats(item, *key)
        return stats.remaining, max(1, math.ceil(stats.reset_time - time.time()))


def caller_key() -> str:
    """Name whoever asks: the account that the door recognised, else the address.

    An IPv6 address counts by its /64, as whoever has one address has them all.
    """
    caller = g.get("caller")
    return caller.name if caller else f"address:{_neighbourhood(request.remote_addr or '')}"


def _neighbourhood(address: str) -> str:
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv4Address):
        return address
    if known.ipv4_mapped:  # how a socket that listens on both shows an IPv4 caller
        return str(known.ipv4_mapped)
    return str(ipaddress.ip_network((int(known), 64), strict=False))


def bind(app: Flask, limiter: Limiter) -> None:
    """Count each request of `app` against its caller's minute (after the door has asked)."""

    @app.before_request
    def count() -> None:
        if request.blueprint in UNCOUNTED:
            return
        g.limit_key = caller_key()
        limiter.take(limiter.per_minute, g.limit_key)

    @app.after_request
    def tell(response: Response) -> Response:
        if response.status_code == 401 and "limit_key" not in g:
            response = _count_stranger(limiter, response)
        key = g.get("limit_key")
        if key:
            limit = limiter.per_minute
            left, seconds = limiter.window(limit, key)
            policy = f'"minute";q={limit.amount};w={WINDOW_SECONDS}'
            response.headers["RateLimit-Policy"] = policy
            response.headers["RateLimit"] = f'"minute";r={left};t={seconds}'
        return response


def _count_stranger(limiter: Limiter, refused: Response) -> Response:
    """Count a caller whom the door turned away; only after it, so that residents always pass."""
    g.limit_key = caller_key()
    try:
        limiter.take(limiter.per_minute, g.limit_key)
    except TooManyRequests as refusal:
        return problem_of_refusal(refusal, language_of_request())
    return refused


@contextmanager
def guesses(account: str, wrong: type[Refusal]) -> Iterator[None]:
    """Slow whoever guesses at an account: after ten `wrong` in five minutes, TooManyRequests.

    A right answer always passes, so that a stranger's guessing never locks the owner out. That is
    safe for secrets of 256 random bits alone; a PIN or a one-time code needs a hard stop.
    """
    limiter: Limiter = current_app.extensions["limiter"]
    try:
        yield
    except wrong:
        limiter.take(GUESSES, "guess", account[:100])
        raise
