"""Departments that post bills while parts of Ferry are killed: singly, by heaps, by whole runs."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import httpx
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from backend.bills import Bill
from backend.bills.rules import BillDetails, BillFacts, BillKind
from backend.bills.runs.rows import Posting, post_new
from backend.bills.runs.stated import Stated
from backend.core import clock
from backend.core.database import Database, is_busy
from backend.departments import admit_client
from tests.chaos.push_ground import Size

DEPARTMENTS = ("WSD", "RVD", "IRD")
AMOUNT_CENTS = 48630
DUE_ON = date(2099, 12, 20)
TRY_AGAIN_SECONDS = 0.2
CALM_HEAPS = 10
PATIENCE_SECONDS = 120
LONGEST_RUN_SECONDS = 1800
HEADER = "bill_number,kind,amount_cents,due_on,resident_id"


@dataclass
class Posters:
    """Threads that post; `acknowledged` are the numbers of the bills that were taken."""

    url: str
    rows: Database
    seconds: float  # over which to spread what is not sent as a file
    ring: Callable[[], None]  # wakes a worker
    acknowledged: set[str] = field(default_factory=set)
    threads: list[threading.Thread] = field(default_factory=list)
    failures: list[BaseException] = field(default_factory=list)

    def post_calmly(self, recipients: Sequence[str]) -> set[str]:
        """Post a bill to each, in some heaps, so that all workers wake; return the numbers."""
        clerk = _Clerk(self, DEPARTMENTS[0])
        for first in range(CALM_HEAPS):
            clerk.post_heap(recipients[first::CALM_HEAPS])
            time.sleep(TRY_AGAIN_SECONDS)
        return set(self.acknowledged)

    def start(self, size: Size, told: Iterator[str]) -> None:
        """Post the rest of a size, each bill to the next of the residents told."""

        def recipients(count: int) -> list[str]:
            return [next(told) for _ in range(count)]

        clerks = [_Clerk(self, department) for department in DEPARTMENTS]
        single = recipients(size.single)
        heaps = [recipients(size.heap) for _ in range(size.heaps)]
        runs = [recipients(size.run) for _ in range(size.runs)]
        for place, clerk in enumerate(clerks):
            self._begin(clerk.post_singly, single[place :: len(clerks)])
        self._begin(clerks[0].post_heaps, heaps)
        if runs:
            for place, clerk in enumerate(clerks):
                self._begin(clerk.post_runs, runs[place :: len(clerks)])

    def wait(self) -> None:
        """Wait until all is posted."""
        for thread in self.threads:
            thread.join()
        if self.failures:
            raise self.failures[0]

    def _begin(self, deed: Callable[[Any], None], what: Any) -> None:
        def do() -> None:
            try:
                deed(what)
            except BaseException as failure:
                self.failures.append(failure)

        thread = threading.Thread(target=do, daemon=True)
        self.threads.append(thread)
        thread.start()


class _Clerk:
    """One department's system."""

    def __init__(self, posters: Posters, department: str) -> None:
        self.posters, self.department = posters, department
        with posters.rows.transaction() as db:
            client_id, secret = admit_client(db, department, frozenset({"bills"}), clock.now())
        self.form = {"grant_type": "client_credentials", "client_id": client_id}
        self.form["client_secret"] = secret

    def post_singly(self, recipients: Sequence[str]) -> None:
        with self._web() as web:
            for resident_id in recipients:
                time.sleep(self.posters.seconds / len(recipients))
                number = clock.new_id("one")
                bill = {
                    "resident_id": resident_id,
                    "bill_number": number,
                    "kind": "water",
                    "amount_cents": AMOUNT_CENTS,
                    "due_on": DUE_ON.isoformat(),
                }
                headers = {"Idempotency-Key": number}
                _until_done(web, "POST", "/v1/department/bills", json=bill, headers=headers)
                self.posters.acknowledged.add(number)

    def post_heaps(self, heaps: Sequence[Sequence[str]]) -> None:
        for recipients in heaps:
            time.sleep(self.posters.seconds / len(heaps))
            self.post_heap(recipients)

    def post_heap(self, recipients: Sequence[str]) -> None:
        """Post to all of these in one transaction, past the API, as a bill run does."""
        numbers = [clock.new_id("heap") for _ in recipients]
        facts = zip(numbers, recipients, strict=True)
        bills = [Stated(place, _facts(*each)) for place, each in enumerate(facts)]
        _until_committed(self.posters.rows, self.department, bills)
        self.posters.ring()
        self.posters.acknowledged.update(numbers)

    def post_runs(self, runs: Sequence[Sequence[str]]) -> None:
        """Send each as a file, and wait until all of it is posted."""
        with self._web() as web:
            for recipients in runs:
                numbers = [clock.new_id("run") for _ in recipients]
                content = _file(numbers, recipients)
                headers = {"Content-Type": "text/csv"}
                path = "/v1/department/bill-runs"
                run = _until_done(web, "POST", path, content=content, headers=headers)
                until = time.monotonic() + LONGEST_RUN_SECONDS
                while run["state"] not in ("done", "refused", "cancelled"):
                    assert time.monotonic() < until, run
                    time.sleep(1)
                    run = _until_done(web, "GET", f"{path}/{run['id']}")
                assert run["state"] == "done", run
                self.posters.acknowledged.update(numbers)

    @contextmanager
    def _web(self) -> Iterator[httpx.Client]:
        with httpx.Client(base_url=self.posters.url, timeout=10, trust_env=False) as web:
            said = _until_done(web, "POST", "/v1/department/token", data=self.form)
            web.headers["Authorization"] = f"Bearer {said['access_token']}"
            yield web


def _facts(number: str, resident_id: str) -> BillFacts:
    return BillFacts(
        resident_id=resident_id,
        bill_number=number,
        kind=BillKind.WATER,
        amount_cents=AMOUNT_CENTS,
        currency="HKD",
        issued_on=date(2026, 11, 1),
        due_on=DUE_ON,
        account_number=None,
        link_code=None,
        details=BillDetails(),
    )


def _file(numbers: Sequence[str], recipients: Sequence[str]) -> bytes:
    lines = [
        f"{number},water,{AMOUNT_CENTS},{DUE_ON.isoformat()},{resident_id}"
        for number, resident_id in zip(numbers, recipients, strict=True)
    ]
    trailer = f"#total,{len(lines)},{AMOUNT_CENTS * len(lines)}"
    return "\n".join([HEADER, *lines, trailer, ""]).encode()


def _until_committed(rows: Database, department: str, bills: Sequence[Stated]) -> None:
    """Post them in one transaction; where its commit was broken off, look whether it stands."""
    first = select(Bill.id).where(Bill.bill_number == bills[0].facts.bill_number)
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            with rows.transaction() as db:
                if db.scalar(first) is None:
                    post_new(db, bills, Posting(department, "", clock.now()))
        except DBAPIError as error:
            if not is_busy(error) or time.monotonic() > until:
                raise
            time.sleep(TRY_AGAIN_SECONDS)
        else:
            return


def _until_done(web: httpx.Client, method: str, path: str, **said: Any) -> Any:
    """Ask the web until it says yes; only what is away or busy may be asked again."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        try:
            reply = web.request(method, path, **said)
        except httpx.HTTPError:
            time.sleep(TRY_AGAIN_SECONDS)
            continue
        if reply.status_code < 300:
            return reply.json()
        assert reply.status_code in (409, 429, 503), (path, reply.status_code, reply.text)
        time.sleep(TRY_AGAIN_SECONDS)
    raise AssertionError(f"{path} was never answered")
