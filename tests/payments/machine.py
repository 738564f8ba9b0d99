"""A machine that pays bills in every way it can think of, while clocks jump and processes die.

Residents, departments, operators, the bank, its callbacks and our workers take turns in any order.
After each turn `truths.Books` holds all rows against what must be true; at the end all is let come
to rest, and what the bank has must be in the books.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
)
from sqlalchemy import event

from backend.bills import BillBeingPaid, BillNotFound, BillPaid, BillWithdrawn
from backend.bills.actions import amend_bill, withdraw_bill
from backend.bills.linking.actions import link_account, list_links, unlink_account
from backend.bills.linking.rules import AccountBeingPaid, AccountNotProved, Proof
from backend.gateways.bank import CallbackNotGenuine
from backend.payments.actions import get_payment, is_being_paid, list_payments
from backend.payments.errands import LEASE
from backend.payments.models import PaymentAttempt
from backend.payments.parity.nightly import check_days
from backend.payments.refunds.actions import approve_refund, ask_refund, decline_refund
from backend.payments.refunds.rules import NotHeld, RefundDecided, RefundOpen, SameOperator
from backend.payments.refunds.sending import send_refunds
from backend.payments.rules import OPEN_STATES, PaymentNotFound, PaymentOver
from backend.simulators.bank_script import CallbackFault
from tests.payments.harbour import CENTS, Harbour
from tests.payments.truths import Books, Seen

ACCOUNT = "123456789"
MOST_BILLS = 5
# Most turns go well; in the others the process dies at so many statements from here.
DYING = st.none() | st.none() | st.none() | st.integers(0, 30)
WHO = st.integers(0, 1)
AT = st.integers(0, 20)  # which of those that there are, counted round
SELDOM = st.sampled_from([False, False, False, True])
CALLS = st.sampled_from(["create", "find", "cancel", "*"])
API_FAULTS = st.sampled_from(
    [
        {"status": 500},
        {"status": 500, "after": True},
        {"body": "{"},
        {"wrong_reference": True},
        {"status": 429, "retry_after": 1},
    ]
)
REFUND_FAULTS = st.sampled_from(
    [
        {"status": 500},
        {"status": 503, "after": True},
        {"state": "failed"},
        {"state": "pending", "settle_seconds": 45},
        {"status": 200, "after": True, "state": "pending", "settle_seconds": 600},
    ]
)
PAYING = st.sampled_from(
    [
        {"times": 2},
        {"amount_cents": CENTS + 1},
        {"amount_cents": CENTS - 1},
        {"currency": "CNY"},
        {"reference": "NOBODY-KNOWS"},
        {"reference": ""},
    ]
)


class Killed(BaseException):
    """The process is gone."""


class Between:
    """The bank, with something happening between us and its first answer."""

    def __init__(self, bank: Any, happens: Callable[[], object], *, before: bool) -> None:
        self.bank, self.happens, self.before = bank, happens, before
        self.first = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.bank, name)

    def create(self, *wanted: Any) -> Any:
        return self._ask(self.bank.create, wanted)

    def find(self, *wanted: Any) -> Any:
        return self._ask(self.bank.find, wanted)

    def cancel(self, *wanted: Any) -> Any:
        return self._ask(self.bank.cancel, wanted)

    def refund(self, *wanted: Any) -> Any:
        return self._ask(self.bank.refund, wanted)

    def _ask(self, ask: Callable[..., Any], wanted: tuple[Any, ...]) -> Any:
        is_first = self.first.acquire(blocking=False)
        if is_first and self.before:
            self.happens()
        answer = ask(*wanted)
        if is_first and not self.before:
            self.happens()
        return answer


class PaymentMachine(RuleBasedStateMachine):
    """Two residents, a linked account, and whatever becomes of their bills."""

    bills = Bundle("bills")
    attempts = Bundle("attempts")

    def __init__(self, harbour: Harbour) -> None:
        super().__init__()
        self.harbour = harbour
        self.database = harbour.database
        self.seen = Seen()
        self.books = Books(harbour)
        self.letters: list[dict[str, Any]] = []  # callbacks that were heard or lost
        self.early: set[str] = (
            set()
        )  # money that no order of the bank has, so that no look finds it
        self.left: int | None = None  # statements that this process has yet to live
        event.listen(self.database.engine, "before_cursor_execute", self._live)

    @initialize(target=attempts)
    def settle_down(self) -> Any:
        """Begin with something to pay for each, one of which the bank expects already."""
        self.residents = [self.harbour.resident(), self.harbour.resident()]
        self.harbour.bill(None, account_number=ACCOUNT)
        begun = [(who, self.harbour.bill(who)) for who in self.residents]
        expected = self.harbour.announced(*begun[0])
        return multiple(expected, self.harbour.start(*begun[1])[0])

    @precondition(lambda self: len(self.books.bills) < MOST_BILLS)
    @rule(target=bills, who=WHO, on_account=st.booleans())
    def post(self, who: int, on_account: bool) -> str:
        if on_account:
            return self.harbour.bill(None, account_number=ACCOUNT)
        return self.harbour.bill(self.residents[who])

    @rule(bill=bills, more=st.integers(0, 2), withdrawn=SELDOM)
    def change(self, bill: str, more: int, withdrawn: bool) -> None:
        """A department amends a bill or takes it back, which is refused while somebody pays it."""
        how: dict[str, Any] = {
            "now": self.harbour.clock(),
            "ring": self.harbour.ring,
            "is_being_paid": is_being_paid,
        }
        is_paying = bill in {each.bill_id for each in self._open_attempts()}
        before = self.harbour.bill_now(bill)
        try:
            with self.database.transaction() as db:
                if withdrawn:
                    withdraw_bill(db, "WSD", bill, "posted twice", **how)
                else:
                    facts = replace(before.facts, amount_cents=CENTS + more)
                    amend_bill(db, "WSD", bill, facts, reason=None, **how)
        except (BillBeingPaid, BillPaid, BillWithdrawn):
            return
        after = self.harbour.bill_now(bill)
        assert not is_paying or (after.version, after.state) == (before.version, "open")

    @rule(who=WHO)
    def link_or_unlink(self, who: int) -> None:
        """The account changes hands, unless a bill of it is being paid."""
        resident, now = self.residents[who], self.harbour.clock()
        try:
            with self.database.transaction() as db:
                links = list_links(db, resident, None, 10).items
                if links:
                    unlink_account(db, resident, links[0].id, is_being_paid, now)
                else:
                    proof, ring = Proof(amount_cents=CENTS), self.harbour.ring
                    link_account(db, resident, "WSD", ACCOUNT, proof, now=now, ring=ring)
        except AccountBeingPaid:
            assert self._open_attempts()
        except AccountNotProved:
            pass  # the neighbour has it, or its newest bill is another now

    @rule(target=attempts, at=AT, is_foreign=SELDOM, dies=DYING)
    def start(self, at: int, is_foreign: bool, dies: int | None) -> Any:
        bill = sorted(self.books.bills)[::-1][at % 3]
        standing = self.harbour.bill_now(bill)
        owner = standing.resident_id or self.residents[0]
        who = self.residents.index(owner) ^ is_foreign
        is_open = {each.id for each in self._open_attempts() if each.bill_id == bill}
        with self._dying(dies):
            try:
                attempt, is_new = self.harbour.start(self.residents[who], bill)
            except BillNotFound:
                assert standing.resident_id != self.residents[who]
                return multiple()
            except (BillPaid, BillWithdrawn):
                assert standing.state != "open"
                return multiple()
            assert (standing.resident_id, standing.state) == (self.residents[who], "open")
            assert is_new == (not is_open)
            assert is_new or attempt.id in is_open
            assert attempt.amount_cents == standing.amount_cents
            return attempt if is_new else multiple()
        return multiple()

    @rule(attempt=attempts, who=WHO, dies=DYING)
    def cancel(self, attempt: PaymentAttempt, who: int, dies: int | None) -> None:
        asked = PaymentAttempt(id=attempt.id, resident_id=self.residents[who])
        with self._dying(dies):
            try:
                self.harbour.cancel(asked)
            except PaymentNotFound:
                assert attempt.resident_id != self.residents[who]
            except PaymentOver:
                assert self.harbour.state(attempt) not in (*OPEN_STATES, "cancelled")
            else:
                assert attempt.resident_id == self.residents[who]

    @rule(call=CALLS, fault=st.none() | API_FAULTS, dies=DYING)
    def go_to_bank(self, call: str, fault: dict[str, Any] | None, dies: int | None) -> None:
        if fault is not None:
            self.harbour.script(call, fault)
        with self._dying(dies):
            self.harbour.errands()
        self.harbour.ledger.script.forget()

    @rule(before=st.booleans())
    def die_at_bank(self, before: bool) -> None:
        def die() -> None:
            raise Killed

        with self._dying(None):
            self.harbour.errands(Between(self.harbour.bank, die, before=before))

    @rule(before=st.booleans(), cancel=st.booleans(), pays=st.booleans())
    def sleep_at_bank(self, before: bool, cancel: bool, pays: bool) -> None:
        """One worker's lease runs out while it lives; another does its errands, and more happens."""

        def meanwhile() -> None:
            for attempt in self._open_attempts():
                if cancel:
                    self.harbour.cancel(attempt)
                if pays and attempt.reference in self.harbour.ledger.orders:
                    self.harbour.pay(attempt, late=True)
            self.harbour.wait(seconds=LEASE.total_seconds() + 1)
            self.harbour.errands()

        self.harbour.errands(Between(self.harbour.bank, meanwhile, before=before))

    @rule(attempt=attempts, times=st.integers(0, 2))
    def pay(self, attempt: PaymentAttempt, times: int) -> None:
        """Pay as asked, if it can be paid; the bank tells of it at once so many times, or later."""
        self._pay(attempt, {}, times)

    @rule(attempt=attempts, how=PAYING, late=SELDOM, times=st.integers(0, 2))
    def pay_oddly(
        self, attempt: PaymentAttempt, how: dict[str, Any], late: bool, times: int
    ) -> None:
        """Pay otherwise than asked, or, where money comes late, whatever has closed."""
        self._pay(attempt, {**how, "late": True} if late else how, times)

    @rule(attempt=attempts, how=st.none() | PAYING, times=st.integers(1, 2))
    def pay_early(self, attempt: PaymentAttempt, how: dict[str, Any] | None, times: int) -> None:
        """Pay a code before the bank has heard of its order."""
        if attempt.reference not in self.harbour.ledger.orders:
            made = self.harbour.pay_early(attempt, **(how or {}))
            self.early |= {each["transaction_id"] for each in made}
            self._hear(self._waiting()[-1], times)

    @precondition(lambda self: self._waiting())
    @rule(at=AT, times=st.integers(0, 2), spoilt=SELDOM, dies=DYING)
    def bring_letter(self, at: int, times: int, spoilt: bool, dies: int | None) -> None:
        """Deliver one of the callbacks, in whatever order: never, once, twice, or as garbage first."""
        waiting = self._waiting()
        with self._dying(dies):
            self._hear(waiting[at % len(waiting)], times, spoilt=spoilt)

    @precondition(lambda self: self.letters and not self.harbour.skew)
    @rule(at=AT)
    def bring_old_letter(self, at: int) -> None:
        """The bank sends what it has sent before, or what we thought was lost."""
        self.harbour.hear(self.letters[at % len(self.letters)])

    @rule(dies=DYING)
    def read_letters(self, dies: int | None) -> None:
        with self._dying(dies):
            self.harbour.apply()

    @precondition(lambda self: self.books.credits)
    @rule(at=AT, cents=st.sampled_from([None, 1, CENTS]), who=WHO)
    def ask_refund(self, at: int, cents: int | None, who: int) -> None:
        held = [each for each in self.books.credits if each.held_cents] or self.books.credits
        credit = held[at % len(held)]
        self._decide(
            lambda db, now: ask_refund(db, credit.id, cents, "held", operator=f"op{who}", now=now)
        )

    @precondition(lambda self: self.books.refunds)
    @rule(at=AT, who=WHO, no=SELDOM)
    def decide_refund(self, at: int, who: int, no: bool) -> None:
        refund = self.books.refunds[::-1][at % len(self.books.refunds)]
        by, ring = f"op{who}", self.harbour.ring
        if no:
            self._decide(lambda db, now: decline_refund(db, refund.id, by, now))
        else:
            self._decide(lambda db, now: approve_refund(db, refund.id, by, now, ring))

    @precondition(lambda self: any(each.state == "approved" for each in self.books.refunds))
    @rule(fault=st.none() | REFUND_FAULTS, dies=DYING)
    def send_refunds(self, fault: dict[str, Any] | None, dies: int | None) -> None:
        if fault is not None:
            self.harbour.script("refund", fault)
        with self._dying(dies):
            self._send_refunds()
        self.harbour.ledger.script.forget()

    @rule(minutes=st.sampled_from([1, 4, 16, 31, 300]))
    def wait(self, minutes: int) -> None:
        self.harbour.wait(minutes=minutes)

    @rule(hours=st.sampled_from([0, 0, -2, 2, -24, 24]))
    def set_clock(self, hours: int) -> None:
        """Our clock jumps; the bank's does not."""
        self.harbour.skew = timedelta(hours=hours)

    @invariant()
    def is_sound(self) -> None:
        self.books = Books(self.harbour)
        self.books.check(self.seen)

    def _check_apart(self, attempts: Sequence[PaymentAttempt]) -> None:
        """Nobody sees another's payment, though both may have had the bill one after the other."""
        with self.database.transaction(read_only=True) as db:
            for attempt, resident in product(attempts, self.residents):
                listed = list_payments(db, resident, attempt.bill_id)
                assert {each.resident_id for each in listed} <= {resident}
                try:
                    found = get_payment(db, resident, attempt.id)
                except PaymentNotFound:
                    assert resident != attempt.resident_id
                else:
                    assert found.resident_id == resident

    def teardown(self) -> None:
        try:
            if hasattr(self, "residents"):
                self._come_to_rest()
        finally:
            event.remove(self.database.engine, "before_cursor_execute", self._live)
            self.harbour.close()

    def _come_to_rest(self) -> None:
        """Set the clock right, and give everything that is not lost its time to arrive."""
        harbour = self.harbour
        harbour.skew = timedelta()
        references = {each.reference for each in self._open_attempts()}
        for attempt in self._open_attempts()[:1]:
            self._pay(attempt, {}, 0)
            self.letters += self._waiting()  # all of them lost
        for minutes in (1, 15, 16, 3):
            harbour.wait(minutes=minutes)
            harbour.work_off()
        recorded = {each.transaction_id for each in harbour.credits()}
        for number, money in harbour.ledger.credits.items():
            # What was being paid for when all became quiet is found in time, without a callback.
            is_sought = money["reference"] in references and number not in self.early
            assert number in recorded or not is_sought, "not found in time"
        self.is_sound()
        for letter in self._waiting():
            harbour.hear(letter)
        for _ in range(2):
            harbour.wait(hours=26)
            harbour.work_off()
            self._send_refunds()
        while (due_at := self._check_days()) is not None and due_at <= harbour.clock():
            pass
        self.is_sound()
        self.books.check_quiet()
        self._check_apart(list(self.books.attempts.values()))

    def _pay(self, attempt: PaymentAttempt, wishes: dict[str, Any], times: int) -> None:
        if attempt.reference not in self.harbour.ledger.orders:
            return
        reply = self.harbour.counter.post("/pay", json={"order": attempt.reference, **wishes})
        if times and reply.status_code == 201:
            self._hear(self._waiting()[-1], times)

    def _waiting(self) -> list[dict[str, Any]]:
        return [each for each in self.harbour.told() if each not in self.letters]

    def _hear(self, letter: dict[str, Any], times: int, *, spoilt: bool = False) -> None:
        """Take a callback in so many times; a clock that is far off refuses it, and it comes again."""
        try:
            if spoilt:
                self.harbour.hear(letter, CallbackFault(body="[]"))
            for _ in range(times):
                self.harbour.hear(letter)
        except CallbackNotGenuine:
            assert self.harbour.skew
            return
        self.letters.append(letter)

    def _send_refunds(self) -> None:
        harbour = self.harbour
        harbour.bank.quiet.end()
        while (due_at := self._send_some()) is not None:
            if due_at > harbour.clock():
                break

    def _check_days(self) -> Any:
        harbour = self.harbour
        return check_days(self.database, harbour.bank, harbour.clock, harbour.ring)

    def _send_some(self) -> Any:
        harbour = self.harbour
        return send_refunds(self.database, harbour.bank, harbour.clock, harbour.ring)

    def _decide(self, deed: Callable[[Any, Any], object]) -> None:
        try:
            with self.database.transaction() as db:
                deed(db, self.harbour.clock())
        except (NotHeld, RefundOpen, RefundDecided, SameOperator):
            pass

    @contextmanager
    def _dying(self, after: int | None) -> Iterator[None]:
        """Let the process die after so many statements, if it comes to so many."""
        self.left = after
        try:
            yield
        except Killed:
            pass
        finally:
            self.left = None

    def _live(self, *_said: object) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                self.left = None
                raise Killed

    def _open_attempts(self) -> list[PaymentAttempt]:
        self.books = Books(self.harbour)
        attempts = self.books.attempts.values()
        return [each for each in attempts if each.state in OPEN_STATES]
