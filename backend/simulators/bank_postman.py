"""Sends the simulated bank's callbacks: again until they are taken, and wrong where the script says so."""

import heapq
import itertools
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx

from backend.core.clock import now
from backend.simulators.bank_book import Line
from backend.simulators.bank_events import callback_of
from backend.simulators.bank_ledger import Ledger
from backend.simulators.bank_script import CallbackFault

LONGEST_WAIT_SECONDS = 300.0
KEPT_TRYING = timedelta(days=1)
ANSWER_SECONDS = 10
RIGHT = CallbackFault()


@dataclass
class Letter:
    """An event on its way, and how often it was tried."""

    line: Line
    tries: int = 0

    @property
    def fault(self) -> CallbackFault:
        """What goes wrong with the next try."""
        fault = CallbackFault(**self.line["fault"])
        return fault if self.tries < fault.tries else RIGHT


class Postman:
    """Threads that send what the ledger tells. Without an address nothing is sent, and all is kept."""

    def __init__(
        self,
        ledger: Ledger,
        url: str | None,
        keys: Mapping[str, str],
        first_wait_seconds: float = 1,
        threads: int = 4,
    ) -> None:
        self.ledger, self.url, self.keys = ledger, url, keys
        self.first_wait_seconds = first_wait_seconds
        self.changed = threading.Condition()
        self.waiting: list[tuple[float, int, list[Letter]]] = []  # when, in which order, what
        self.numbers = itertools.count()
        self.held: list[Letter] = []
        self.held_until = 0  # so many are there
        self.is_open = True
        self.client = httpx.Client(timeout=ANSWER_SECONDS, trust_env=False)
        ledger.tell = self.take
        for line in list(ledger.untold.values()):
            self._put([Letter(line)])
        self.threads = [threading.Thread(target=self._work, daemon=True) for _ in range(threads)]

    def start(self) -> None:
        """Begin to send, and to let orders expire in their time."""
        for thread in [*self.threads, threading.Thread(target=self._keep_time, daemon=True)]:
            thread.start()

    def take(self, line: Line) -> None:
        """Take a new event: send it now or later, or hold it until those that it waits for come."""
        letter = Letter(line)
        with self.changed:
            if self.held:
                self.held.append(letter)
            elif letter.fault.reorder > 1:
                self.held, self.held_until = [letter], letter.fault.reorder
            else:
                self._put([letter], letter.fault.delay_seconds)
            if len(self.held) >= self.held_until:
                self._let_go()

    def release(self) -> None:
        """Send what is held, backwards, though fewer have come than it waits for."""
        with self.changed:
            self._let_go()

    def go_to(self, url: str | None) -> None:
        """Send to this address from now on."""
        with self.changed:
            self.url = url
            self.changed.notify_all()

    def forget(self) -> None:
        """Throw all letters away."""
        with self.changed:
            self.waiting, self.held, self.held_until = [], [], 0

    def close(self) -> None:
        """Stop; what is not delivered is sent after the next start."""
        with self.changed:
            self.is_open = False
            self.changed.notify_all()
        for thread in self.threads:
            if thread.is_alive():
                thread.join()
        self.client.close()

    def _let_go(self) -> None:
        if self.held:
            self._put(self.held[::-1])
        self.held, self.held_until = [], 0

    def _put(self, letters: list[Letter], wait_seconds: float = 0) -> None:
        """Queue letters, to be sent one after the other by one thread."""
        with self.changed:
            entry = (time.monotonic() + wait_seconds, next(self.numbers), letters)
            heapq.heappush(self.waiting, entry)
            self.changed.notify()

    def _work(self) -> None:
        while letters := self._next():
            for letter in letters:
                self._send(letter)

    def _next(self) -> list[Letter] | None:
        """Wait for the next letters that are due; None when we close."""
        with self.changed:
            while self.is_open:
                wait = self.waiting[0][0] - time.monotonic() if self.waiting else None
                if self.url and wait is not None and wait <= 0:
                    return heapq.heappop(self.waiting)[2]
                self.changed.wait(wait if self.url else None)
        return None

    def _send(self, letter: Letter) -> None:
        fault = letter.fault
        event = letter.line["event"]
        status = self._post(event, fault)
        letter.tries += 1
        is_taken = isinstance(status, int) and 200 <= status < 300
        for _ in range(fault.double - 1 if is_taken else 0):
            self._post(event, fault)
        too_old = now() - datetime.fromisoformat(event["occurred_at"]) > KEPT_TRYING
        if self.ledger.note_delivery(event["event_id"], status, is_over=is_taken or too_old):
            longer = self.first_wait_seconds * 2.0 ** min(letter.tries - 1, 30)
            self._put([letter], min(longer, LONGEST_WAIT_SECONDS))

    def _post(self, event: Line, fault: CallbackFault) -> int | str:
        """Send a callback once; return its status, or what kept it from having one."""
        headers, body = callback_of(event, self.keys, fault, int(time.time()))
        headers["Content-Length"] = str(len(body))
        try:
            reply = self.client.post(
                str(self.url), content=_slowly(body, fault.slow_seconds), headers=headers
            )
        except httpx.HTTPError as error:
            return type(error).__name__
        return reply.status_code

    def _keep_time(self) -> None:
        """Have the ledger do what is due, though nobody asks it anything."""
        while self.is_open:
            self.ledger.settle()
            time.sleep(0.1)


def _slowly(body: bytes, seconds: float) -> Iterator[bytes] | bytes:
    return _halves(body, seconds) if seconds else body


def _halves(body: bytes, seconds: float) -> Iterator[bytes]:
    middle = len(body) // 2
    yield body[:middle]
    time.sleep(seconds)
    yield body[middle:]
