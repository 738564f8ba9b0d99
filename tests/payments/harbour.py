"""A harbour with our side and the bank's, each by its own clock: bills, payments, and what is told.

The bank is the real simulator, spoken to by the real client: as HTTP, without a socket between.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from flask.testing import FlaskClient
from sqlalchemy import select

from backend.accounts import welcome
from backend.bills import Bill
from backend.bills.actions import post_bill
from backend.bills.rules import BillDetails, BillFacts, BillKind, Surcharge
from backend.core.clock import hong_kong_date, new_id
from backend.core.database import Database
from backend.core.languages import Language
from backend.gateways.bank import Bank, News, NewsNotReadable
from backend.gateways.bank_callbacks import read_callback
from backend.gateways.bank_client import HttpBank
from backend.gateways.identity_proofing import Person
from backend.notifications.models import Message
from backend.payments import ledger
from backend.payments.actions import cancel_payment, get_payment, start_payment
from backend.payments.callbacks.actions import apply_stored, store_callback
from backend.payments.errands import run_errands
from backend.payments.models import BankCredit, PaymentAttempt
from backend.payments.rules import Account
from backend.simulators import bank_events, bank_ledger, bank_money, bank_postman
from backend.simulators.bank import BankKeys, make_bank
from backend.simulators.bank_events import callback_of
from backend.simulators.bank_ledger import Ledger
from backend.simulators.bank_money import Payment
from backend.simulators.bank_script import CallbackFault, PaymentFault
from tests.conftest import BANK

MINUTES = 30
CENTS = 41850
RIGHT = CallbackFault()


@dataclass
class Harbour:
    """Who owes what, what the bank has of it, and two clocks: `now` is the bank's and the true one."""

    database: Database
    bank: HttpBank
    ledger: Ledger
    counter: FlaskClient
    now: datetime
    skew: timedelta = timedelta()  # how far our own clock is off
    rings: int = 0
    heard: list[dict[str, Any]] = field(default_factory=list)

    def close(self) -> None:
        """Close the bank's client and its file."""
        self.bank.close()
        self.ledger.book.close()

    def clock(self) -> datetime:
        """What our own clock shows."""
        return self.now + self.skew

    def ring(self) -> None:
        self.rings += 1

    def wait(self, **span: float) -> None:
        """Let time pass, on both sides."""
        self.now += timedelta(**span)

    def resident(self) -> str:
        """Settle a resident; return their id."""
        person = Person(new_id("who"), "CANARY NAME", Language.EN, "smart")
        with self.database.transaction() as db:
            return welcome(db, "demo", person, self.clock()).id

    def bill(
        self,
        resident_id: str | None,
        amount_cents: int = CENTS,
        *,
        due_on: date = date(2099, 1, 1),
        surcharges: tuple[Surcharge, ...] = (),
        account_number: str | None = None,
        department_id: str = "WSD",
        bill_number: str | None = None,
    ) -> str:
        """Post a bill; return its id."""
        facts = BillFacts(
            resident_id=resident_id,
            bill_number=bill_number or new_id("no"),
            kind=BillKind.WATER,
            amount_cents=amount_cents,
            currency="HKD",
            issued_on=min(due_on, hong_kong_date(self.now)),
            due_on=due_on,
            account_number=account_number,
            details=BillDetails(surcharges=surcharges),
        )
        with self.database.transaction() as db:
            return post_bill(db, department_id, facts, self.now, self.ring)[0].id

    def start(self, resident_id: str, bill_id: str) -> tuple[PaymentAttempt, bool]:
        """Ask for a code to pay a bill with."""
        with self.database.transaction() as db:
            return start_payment(
                db, resident_id, bill_id, now=self.clock(), minutes=MINUTES, ring=self.ring
            )

    def announced(self, resident_id: str, bill_id: str) -> PaymentAttempt:
        """Ask for a code, and have the bank expect the payment."""
        attempt, _ = self.start(resident_id, bill_id)
        self.work_off()
        return attempt

    def cancel(self, attempt: PaymentAttempt) -> PaymentAttempt:
        """Have its resident ask for the end of an attempt."""
        with self.database.transaction() as db:
            return cancel_payment(db, attempt.resident_id, attempt.id, self.clock(), self.ring)

    def errands(self, bank: Bank | None = None) -> datetime | None:
        """Let the worker go to the bank once; return when it wants to go again."""
        self.bank.quiet.end()  # which is kept by the machine's clock
        return run_errands(self.database, bank or self.bank, self.clock, self.ring)

    def work_off(self) -> None:
        """Let the worker do all that is due at this moment."""
        self.apply()
        while (due_at := self.errands()) is not None and due_at <= self.clock():
            pass

    def pass_time(self, span: timedelta) -> None:
        """Let time pass, with a worker that comes whenever something is due."""
        until = self.now + span
        while True:
            self.work_off()
            due_at = self.errands()
            if due_at is None or due_at - self.skew > until:
                break
            self.now = max(self.now, due_at - self.skew)
        self.now = until
        self.work_off()

    def pay(self, attempt: PaymentAttempt, **wishes: Any) -> list[dict[str, Any]]:
        """Pay an attempt's order at the bank, as PaymentFault says; return the transactions."""
        said = self._paying(attempt.reference, wishes)
        assert "transactions" in said, said
        return list(said["transactions"])

    def pay_early(self, attempt: PaymentAttempt, **wishes: Any) -> list[dict[str, Any]]:
        """Pay an attempt's code, whether the bank has heard of its order yet or not."""
        payment = Payment(attempt.reference, attempt.amount_cents, attempt.currency)
        return self.ledger.pay(payment, PaymentFault(**wishes))

    def refusal(self, attempt: PaymentAttempt, **wishes: Any) -> str:
        """Return the bank's word for why an attempt's order cannot be paid."""
        return str(self._paying(attempt.reference, wishes)["error"]["code"])

    def script(self, operation: str, *faults: dict[str, Any]) -> None:
        """Lay down what goes wrong at the bank next, in turn."""
        self.ledger.script.add(operation, list(faults))

    def told(self, kind: str | None = None) -> list[dict[str, Any]]:
        """The events that the bank would tell us of, in order, lost ones aside."""
        self.ledger.settle()
        events = [line["event"] for line in self.ledger.untold.values()]
        return [event for event in events if kind in (None, event["type"])]

    def hear(self, event: dict[str, Any], fault: CallbackFault = RIGHT) -> None:
        """Take an event's callback in; CallbackNotGenuine where the route would refuse it."""
        headers, raw = callback_of(event, BANK.callback_keys, fault, int(self.now.timestamp()))
        news: News | NewsNotReadable
        try:
            news = read_callback(headers, raw, BANK.callback_keys, self.clock())
        except NewsNotReadable as odd:
            news = odd
        with self.database.transaction() as db:
            store_callback(db, raw, news, self.clock(), self.ring)

    def hear_all(self, kind: str | None = None) -> None:
        """Take every callback in that was not heard before, and act upon them."""
        for event in [event for event in self.told(kind) if event not in self.heard]:
            self.hear(event)
            self.heard.append(event)
        self.apply()

    def hear_all_by_true_clock(self) -> None:
        """Take all in by a web process whose clock is right; the workers' is not."""
        skew, self.skew = self.skew, timedelta()
        for event in self.told():
            self.hear(event)
        self.skew = skew

    def apply(self) -> None:
        """Act upon the callbacks that are stored and due."""
        while (due_at := self._apply_some()) is not None and due_at <= self.clock():
            pass

    def attempt(self, attempt: PaymentAttempt) -> PaymentAttempt:
        """The attempt as it stands now."""
        with self.database.transaction(read_only=True) as db:
            return get_payment(db, attempt.resident_id, attempt.id)

    def state(self, attempt: PaymentAttempt) -> str:
        """Where an attempt stands now."""
        return self.attempt(attempt).state

    def bill_now(self, bill_id: str) -> Bill:
        """A bill as it stands now."""
        with self.database.transaction(read_only=True) as db:
            return db.get_one(Bill, bill_id)

    def credits(self) -> list[BankCredit]:
        """All the money that is recorded, in order."""
        with self.database.transaction(read_only=True) as db:
            return list(db.scalars(select(BankCredit).order_by(BankCredit.id)))

    def messages(self, resident_id: str) -> list[str]:
        """The kinds of what a resident was told, in order."""
        wanted = select(Message.kind).where(Message.resident_id == resident_id)
        with self.database.transaction(read_only=True) as db:
            return list(db.scalars(wanted.order_by(Message.id)))

    def books(self, currency: str = "HKD") -> tuple[int, int, int]:
        """What the bank holds for us, what departments and what payers are owed, in cents."""
        with self.database.transaction(read_only=True) as db:
            sums = ledger.balances(db, currency)
        return sums[Account.BANK], -sums[Account.DEPARTMENT], -sums[Account.HELD]

    def bank_cents(self, currency: str = "HKD") -> int:
        """What the bank's own ledger comes to: money in, less refunds that went out."""
        known = {
            number: each["amount_cents"]
            for number, each in self.ledger.credits.items()
            if each["currency"] == currency
        }
        gone = [
            each["amount_cents"]
            for each in self.ledger.refunds.values()
            if each["state"] == "done" and each["transaction_id"] in known
        ]
        return sum(known.values()) - sum(gone)

    def _apply_some(self) -> datetime | None:
        return apply_stored(self.database, self.clock, self.ring)

    def _paying(self, reference: str, wishes: dict[str, Any]) -> Any:
        return self.counter.post("/pay", json={"order": reference, **wishes}).json


def make_harbour(
    database: Database,
    folder: Path,
    patch: Callable[[object, str, Callable[[], datetime]], None],
    now: datetime,
) -> Harbour:
    """Build a harbour; `patch` puts its clock into the simulator."""
    keys = BankKeys(frozenset({BANK.key}), BANK.callback_keys)
    app, postman = make_bank(folder / "bank.log", keys)
    bank = HttpBank(BANK.url, BANK.key)
    headers = bank.client.headers
    bank.close()
    bank.client = httpx.Client(
        base_url=BANK.url, headers=headers, transport=httpx.WSGITransport(app)
    )
    harbour = Harbour(database, bank, postman.ledger, app.test_client(), now)
    for module in (bank_ledger, bank_money, bank_events, bank_postman):
        patch(module, "now", partial(_true_time, harbour))
    return harbour


def _true_time(harbour: Harbour) -> datetime:
    return harbour.now
