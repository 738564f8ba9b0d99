"""The bank's merchant API over HTTP; its answers are read by `bank_reading.py`, its quiet kept here.

Whatever is not a documented answer to what was asked is BankAway: nobody knows, and the caller asks
again under the same reference.
"""

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date
from typing import IO, Any, TypeAlias, TypeVar
from urllib.parse import urlsplit

import httpx
import structlog

from backend.gateways import bank_reading as reading
from backend.gateways.bank import (
    BankAway,
    BankRefund,
    BankRefused,
    FoundOrder,
    Order,
    StatementLine,
)
from backend.gateways.bank_quiet import Quiet

LARGEST_REPLY_BYTES = 1024 * 1024
LARGEST_STATEMENT_BYTES = 4 * 1024**3
LONGEST_LINE_BYTES = 4096
KEPT_IN_MEMORY_BYTES = 1024 * 1024
STATEMENT_SECONDS = 600
MOST_CONNECTIONS = 32
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
UNKNOWN = {"order_unknown", "refund_unknown"}
REFUSALS: Mapping[int, frozenset[str]] = {
    400: frozenset({"not_readable"}),
    404: frozenset({"order_unknown", "refund_unknown", "transaction_unknown"}),
    409: frozenset({"order_differs", "refund_differs"}),
    422: frozenset({"not_valid", "expiry_passed", "refund_too_large"}),
}

log = structlog.get_logger(__name__)
Found = TypeVar("Found", FoundOrder, BankRefund)
Content: TypeAlias = Mapping[str, Any]


class HttpBank:
    """The bank at `url`, signed in by `key`. One of these serves all threads of a process.

    A bank at any other address than this machine's is spoken to over https alone: ValueError.
    """

    def __init__(self, url: str, key: str, timeout_seconds: float = 8) -> None:
        parts = urlsplit(url)
        if parts.scheme != "https" and parts.hostname not in LOOPBACK:
            raise ValueError("FERRY_BANK_URL must begin with https://, as our key goes with it")
        self.timeout_seconds = timeout_seconds
        self.quiet = Quiet(timeout_seconds)
        self.client = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {key}", "Accept-Encoding": "identity"},
            timeout=timeout_seconds,
            limits=httpx.Limits(
                max_connections=MOST_CONNECTIONS, max_keepalive_connections=MOST_CONNECTIONS
            ),
            follow_redirects=False,
            trust_env=False,  # neither a proxy nor a .netrc may come between us by accident
        )

    def quiet_seconds(self) -> float:
        """Return how long the bank is left alone after failures, 0 where it may be asked."""
        return self.quiet.seconds()

    def close(self) -> None:
        """Close the connections."""
        self.client.close()

    def create(self, order: Order) -> FoundOrder:
        """Tell the bank to expect an order; BankAway, BankRefused."""
        content = {
            "bill_number": order.bill_number,
            "amount_cents": order.amount_cents,
            "currency": order.currency,
            "expires_at": order.expires_at.astimezone(UTC).isoformat(),
        }
        return _sure(self._order("PUT", order.reference, content))

    def find(self, reference: str) -> FoundOrder | None:
        """Return an order as the bank knows it, None where it knows of none; BankAway."""
        return self._order("GET", reference)

    def cancel(self, reference: str) -> FoundOrder | None:
        """Close an open order, and return how it stands: it may be paid already; BankAway."""
        return self._order("POST", reference, deed="/cancel")

    def refund(self, reference: str, transaction_id: str, amount_cents: int) -> BankRefund:
        """Send money of a transaction back to whence it came; BankAway, BankRefused."""
        content = {"transaction_id": transaction_id, "amount_cents": amount_cents}
        return _sure(self._refund("PUT", reference, content))

    def find_refund(self, reference: str) -> BankRefund | None:
        """Return a refund as the bank knows it, None where it knows of none; BankAway."""
        return self._refund("GET", reference)

    def statement(self, day: date) -> Iterator[StatementLine]:
        """Yield every movement of a Hong Kong day; BankAway before the first if the file is off.

        The file is kept aside and read whole before any line of it is acted upon.
        """
        with tempfile.SpooledTemporaryFile(KEPT_IN_MEMORY_BYTES) as file:
            with self._asking("GET", f"/v1/statements/{day}") as response:
                if response.status_code != 200:
                    raise _TurnedAway(response)
                for piece in _pieces(response, LARGEST_STATEMENT_BYTES, STATEMENT_SECONDS):
                    file.write(piece)
                _check(file, day)
            for line in _movements(file):
                if isinstance(line, StatementLine):
                    yield line

    def _order(
        self, method: str, reference: str, content: Content | None = None, deed: str = ""
    ) -> FoundOrder | None:
        path = f"/v1/orders/{_own_name(reference)}{deed}"
        return self._ask(method, path, content, reading.order_of, reference)

    def _refund(
        self, method: str, reference: str, content: Content | None = None
    ) -> BankRefund | None:
        path = f"/v1/refunds/{_own_name(reference)}"
        return self._ask(method, path, content, reading.refund_of, reference)

    def _ask(
        self,
        method: str,
        path: str,
        content: Content | None,
        read: Callable[[Content], Found],
        reference: str,
    ) -> Found | None:
        """Return what the bank tells of `reference`, None where it knows nothing of it."""
        with self._asking(method, path, content) as response:
            pieces = _pieces(response, LARGEST_REPLY_BYTES, self.timeout_seconds)
            said = reading.object_of(b"".join(pieces))
            if response.status_code in (200, 201):
                found = read(said)
                _ensure_about(said, {**(content or {}), "reference": reference})
                return found
            refusal = _refusal(response.status_code, said)
        if refusal in UNKNOWN and content is None:
            return None
        raise BankRefused(refusal)

    @contextmanager
    def _asking(
        self, method: str, path: str, content: Content | None = None
    ) -> Iterator[httpx.Response]:
        """Open a request; whatever goes wrong inside is BankAway, and counted."""
        self.quiet.ensure_over()
        try:
            with self.client.stream(method, path, json=content) as response:
                _ensure_answered(response)
                yield response
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise self._away(type(error).__name__) from error
        except reading.NotAsWritten as error:
            raise self._away(f"not as written: {error}") from error
        except _TurnedAway as error:
            raise self._away(str(error), error.retry_after_seconds) from error
        else:
            self.quiet.end()

    def _away(self, why: str, retry_after_seconds: float = 0) -> BankAway:
        self.quiet.count_failure(retry_after_seconds)
        log.warning("the bank gave no answer to go by", why=why, failures=self.quiet.failures)
        return BankAway(why)


class _TurnedAway(Exception):
    """The bank, or something before it, answered with a status that settles nothing."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__(f"status {response.status_code}")
        asked = response.headers.get("Retry-After", "")
        is_number = asked.isascii() and asked.isdigit() and len(asked) < 9
        self.retry_after_seconds = float(asked) if is_number else 0.0


def _ensure_answered(response: httpx.Response) -> None:
    """Go on with a plain success or refusal in JSON alone."""
    if response.status_code in (401, 403):
        log.error("the bank does not accept our key; check FERRY_BANK_KEY")
    if response.status_code not in (200, 201, *REFUSALS):
        raise _TurnedAway(response)
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind not in ("application/json", "application/x-ndjson"):
        raise reading.NotAsWritten("Content-Type")
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise reading.NotAsWritten("Content-Encoding")


def _ensure_about(said: Content, content: Content) -> None:
    """Take a reply only where it tells of the very thing that was asked for or about."""
    for name, value in content.items():
        if name != "expires_at" and said.get(name) != value:
            raise reading.NotAsWritten(name)


def _refusal(status: int, said: Content) -> str:
    """Return the bank's word for a refusal, if it is one of those that are documented."""
    error = said.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    if not isinstance(code, str) or code not in REFUSALS[status]:
        raise reading.NotAsWritten("error")
    return code


def _pieces(response: httpx.Response, most: int, within_seconds: float) -> Iterator[bytes]:
    """Yield a body as it comes, not past `most` bytes nor past a time, however slow it drips."""
    until = time.monotonic() + within_seconds
    for piece in response.iter_raw():
        most -= len(piece)
        if most < 0 or time.monotonic() > until:
            raise reading.NotAsWritten("the body, too large or too slow")
        yield piece


def _check(file: IO[bytes], day: date) -> None:
    """Read a whole statement and hold it against its trailer."""
    sums = reading.Sums(day)
    trailer = None
    for line in _movements(file):
        if trailer:
            raise reading.NotAsWritten("a line after the trailer")
        if isinstance(line, StatementLine):
            sums.add(line)
        else:
            trailer = line
    if trailer is None:
        raise reading.NotAsWritten("trailer")
    sums.check(trailer)


def _movements(file: IO[bytes]) -> Iterator[StatementLine | reading.Trailer]:
    """Read the lines of a statement from its beginning."""
    file.seek(0)
    while line := file.readline(LONGEST_LINE_BYTES + 1):
        if len(line) > LONGEST_LINE_BYTES or not line.endswith(b"\n"):
            raise reading.NotAsWritten("a line")
        yield reading.movement_of(reading.object_of(line))


def _own_name(reference: str) -> str:
    """Return a reference of ours, which goes into a path as it is."""
    if not reading.NAME.fullmatch(reference) or not reference.strip("."):
        raise ValueError("a reference at the bank is 1 to 64 letters, digits and . _ -")
    return reference


def _sure(found: Found | None) -> Found:
    assert found is not None, "what was just put is there"
    return found
