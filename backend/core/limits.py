"""How often a caller may ask: counted by account first, by address last.

Headers as in draft-ietf-httpapi-ratelimit-headers: `RateLimit-Policy` and `RateLimit`.
"""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, current_app, g, request
from flask.wrappers import Response
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter

from backend.core.errors import Refusal
from backend.core.http.problems import HttpRefusal
from backend.core.languages import Words

WINDOW_SECONDS = 60
GUESSES = RateLimitItemPerMinute(10, multiples=5)
UNCOUNTED = frozenset({"operations", "api-page"})


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
    """Counts in memory, or in Redis where several servers share."""

    def __init__(self, url: str, per_minute: int) -> None:
        self.windows = FixedWindowRateLimiter(storage_from_string(url))
        self.per_minute = RateLimitItemPerMinute(per_minute)

    def take(self, item: RateLimitItem, *key: str) -> None:
        """Count one; TooManyRequests once the window is full."""
        if not self.windows.hit(item, *key):
            raise TooManyRequests(seconds=self.seconds_left(item, *key))

    def seconds_left(self, item: RateLimitItem, *key: str) -> int:
        reset: float = self.windows.get_window_stats(item, *key).reset_time
        return max(1, math.ceil(reset - time.time()))


def caller_key() -> str:
    """Name whoever asks: the account that the door recognised, else the address."""
    caller = g.get("caller")
    return caller.name if caller else f"address:{request.remote_addr}"


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
        key = g.get("limit_key")
        if key:
            limit = limiter.per_minute
            left = limiter.windows.get_window_stats(limit, key).remaining
            seconds = limiter.seconds_left(limit, key)
            policy = f'"minute";q={limit.amount};w={WINDOW_SECONDS}'
            response.headers["RateLimit-Policy"] = policy
            response.headers["RateLimit"] = f'"minute";r={left};t={seconds}'
        return response


@contextmanager
def guesses(account: str, wrong: type[Refusal]) -> Iterator[None]:
    """Let an account be guessed at ten times in five minutes; the block raises `wrong` when wrong.

    A right answer always passes, so that a stranger's guessing never locks the owner out.
    """
    limiter: Limiter = current_app.extensions["limiter"]
    try:
        yield
    except wrong:
        limiter.take(GUESSES, "guess", account[:100])
        raise
