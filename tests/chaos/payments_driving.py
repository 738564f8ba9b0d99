"""Departments, residents and payers who go about their business while parts of Ferry are killed.

Whatever is answered with success is written down as acknowledged, to be looked for afterwards.
"""

import random
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import httpx
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from backend.core import clock
from backend.core.database import Database, is_busy
from backend.core.errors import Refusal
from backend.departments import admit_client
from backend.gateways.identity_proofing import DEMO_PEOPLE
from backend.payments.models import BankCredit
from backend.payments.refunds.actions import approve_refund, ask_refund
from tests.chaos.payments_ground import AMOUNT_CENTS, DEPARTMENT
from tests.chaos.payments_works import Works

SECONDS_BETWEEN_TRIES = 0.1
PATIENCE_SECONDS = 90
CALLBACK_FAULTS: tuple[dict[str, Any], ...] = (
    {"lose": True},
    {"double": 3},
    {"delay_seconds": 0.7},
    {"reorder": 2},
    {"forged": True},
    {"stale_seconds": 400},
    {"slow_seconds": 0.3},
    {"key_id": "k2"},
)
PAYMENTS: tuple[dict[str, Any], ...] = (
    {},
    {},
    {},
    {"times": 2},
    {"times": 3},
    {"amount_cents": AMOUNT_CENTS - 1},
    {"amount_cents": AMOUNT_CENTS + 250},
    {"currency": "CNY"},
    {"reference": "WHO-KNOWS"},
    {"reference": ""},
)


@dataclass
class Acknowledged:
    """What was answered with success; other threads add to it."""

    bill_ids: set[str] = field(default_factory=set)
    payment_ids: set[str] = field(default_factory=set)
    transaction_ids: set[str] = field(default_factory=set)
    two_at_once: int = 0  # payments of one bill that were shown beside each other


@dataclass
class Driver:
    """Tells stories of bills and payments, several at once, until it is stopped."""

    works: Works
    rows: Database
    acknowledged: Acknowledged = field(default_factory=Acknowledged)
    is_stopping: threading.Event = field(default_factory=threading.Event)
    stories: int = 0
    threads: list[threading.Thread] = field(default_factory=list)
    failures: list[BaseException] = field(default_factory=list)

    def start(self, threads: int, seed: int) -> None:
        with self.rows.transaction() as db:
            client_id, secret = admit_client(db, DEPARTMENT, frozenset({"bills"}), clock.now())
        form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
        for number in range(threads):
            person = DEMO_PEOPLE[number % len(DEMO_PEOPLE)].subject
            teller = _Teller(self, random.Random(seed + number), person, form)
            thread = threading.Thread(target=self._tell, args=[teller], daemon=True)
            self.threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Let the stories end that have begun."""
        self.is_stopping.set()
        for thread in self.threads:
            thread.join(PATIENCE_SECONDS)
        assert not any(thread.is_alive() for thread in self.threads), "a story does not end"
        if self.failures:
            raise self.failures[0]

    def _tell(self, teller: "_Teller") -> None:
        try:
            while not self.is_stopping.is_set():
                teller.tell()
                self.stories += 1
        except BaseException as failure:
            self.failures.append(failure)
        finally:
            teller.web.close()
            teller.counter.close()


class _Teller:
    """One resident, and the department that bills them."""

    def __init__(
        self, driver: Driver, chance: random.Random, person: str, form: dict[str, str]
    ) -> None:
        self.driver, self.chance, self.person, self.form = driver, chance, person, form
        self.acknowledged = driver.acknowledged
        self.web = httpx.Client(base_url=driver.works.url, timeout=10, trust_env=False)
        self.counter = httpx.Client(base_url=driver.works.desk.url, timeout=10, trust_env=False)
        self.resident_id, self.as_resident = self._sign_in()
        self.as_department = self._admit()

    def tell(self) -> None:
        """Post a bill, ask for a code on two phones, and pay it in one way or another."""
        bill_id = self._post_bill()
        payment = self._start(bill_id)
        if self.chance.random() < 0.3:
            self._start_again(bill_id, payment["id"])
        if self.chance.random() < 0.6:
            self._spoil_callbacks()
        if self.chance.random() < 0.2:
            self._cancel(payment["id"])
        if self.chance.random() < 0.9:
            self._pay(payment)
        if self.chance.random() < 0.2:
            self._refund()

    def _sign_in(self) -> tuple[str, dict[str, str]]:
        said = self._until_done("POST", "/v1/sessions", json=self._proof())
        return said["resident"]["id"], {"Authorization": f"Bearer {said['access_token']}"}

    def _proof(self) -> dict[str, str]:
        return {"provider": "demo", "proof": self.person}

    def _admit(self) -> dict[str, str]:
        said = self._until_done("POST", "/v1/department/token", data=self.form)
        return {"Authorization": f"Bearer {said['access_token']}"}

    def _post_bill(self) -> str:
        bill = {
            "resident_id": self.resident_id,
            "bill_number": clock.new_id("bn"),
            "kind": "water",
            "amount_cents": AMOUNT_CENTS,
            "due_on": "2099-12-20",
        }
        headers = {**self.as_department, "Idempotency-Key": bill["bill_number"]}
        said = self._until_done("POST", "/v1/department/bills", json=bill, headers=headers)
        self.acknowledged.bill_ids.add(said["id"])
        return str(said["id"])

    def _start(self, bill_id: str) -> dict[str, Any]:
        headers = {**self.as_resident, "Idempotency-Key": clock.new_id("key")}
        said: dict[str, Any] = self._until_done(
            "POST", f"/v1/bills/{bill_id}/payments", headers=headers
        )
        self.acknowledged.payment_ids.add(said["id"])
        return said

    def _start_again(self, bill_id: str, payment_id: str) -> None:
        """Ask on another phone: the same payment is shown, as nobody has paid it yet."""
        if self._start(bill_id)["id"] != payment_id:
            self.acknowledged.two_at_once += 1

    def _cancel(self, payment_id: str) -> None:
        self._until_done(
            "POST", f"/v1/payments/{payment_id}/cancellation", headers=self.as_resident
        )

    def _spoil_callbacks(self) -> None:
        faults = [self.chance.choice(CALLBACK_FAULTS) for _ in range(3)]
        self._try("POST", "/control", {"operation": "callback", "faults": faults})

    def _pay(self, payment: dict[str, Any]) -> None:
        """Pay at the bank, on time or late; a bank that is away in the middle has it or not."""
        wishes = {**self.chance.choice(PAYMENTS), "late": True}
        if self.chance.random() < 0.7:
            time.sleep(self.chance.random() * 0.5)  # for the bank to hear of it before
        named = {"qr": payment["code"]["text"]} if payment["code"] else {}
        reply = self._try("POST", "/pay", {**named, **wishes}) if named else None
        if reply is not None and reply.status_code == 201:
            made = reply.json()["transactions"]
            self.acknowledged.transaction_ids.update(each["transaction_id"] for each in made)

    def _refund(self) -> None:
        """Have two operators send some held money back, by their own command's way."""
        rows = self.driver.rows
        held = select(BankCredit.id).where(BankCredit.held_cents > 0)
        try:
            with rows.transaction() as db:
                found = db.scalars(held.order_by(BankCredit.id.desc()).limit(10)).all()
                if not found:
                    return
                refund = ask_refund(
                    db,
                    self.chance.choice(found),
                    None,
                    "chaos",
                    operator="one",
                    now=clock.now(),
                )
            with rows.transaction() as db:
                approve_refund(db, refund.id, "another", clock.now(), lambda: None)
        except Refusal:
            return  # somebody else was first
        except DBAPIError as error:
            if not is_busy(error):
                raise

    def _try(self, method: str, path: str, said: Any) -> httpx.Response | None:
        """Ask the bank once; None where it did not answer."""
        try:
            return self.counter.request(method, path, json=said)
        except httpx.HTTPError:
            return None

    def _until_done(self, method: str, path: str, **said: Any) -> Any:
        """Ask the web until it says yes; only what is away or busy may be asked again."""
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            try:
                reply = self.web.request(method, path, **said)
            except httpx.HTTPError:
                time.sleep(SECONDS_BETWEEN_TRIES)
                continue
            if reply.status_code < 300:
                return reply.json()
            if reply.status_code == 409 and path.endswith("cancellation"):
                return reply.json()
            assert reply.status_code in (409, 503), (path, reply.status_code, reply.text)
            time.sleep(SECONDS_BETWEEN_TRIES)
        raise AssertionError(f"{path} was never answered")
