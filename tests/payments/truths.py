"""What must be true of payments at every moment, and what once all is quiet; the bank is the oracle."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import select

from backend.bills import Bill
from backend.core.database import Base
from backend.notifications import MessageKind
from backend.notifications.models import Message
from backend.payments.models import BankCredit, LedgerEntry, LedgerPosting, PaymentAttempt, Refund
from backend.payments.receipts.models import Receipt
from backend.payments.rules import OPEN_STATES, TRANSITIONS, Account, AttemptState, RefundState
from tests.payments.harbour import Harbour

Row = TypeVar("Row", bound=Base)
PAID = AttemptState.PAID


@dataclass
class Seen:
    """How things stood when they were looked at last: what may never be unsaid."""

    states: dict[str, str] = field(default_factory=dict)
    paid_bills: set[str] = field(default_factory=set)


class Books:
    """Every row of the payments, read at one moment."""

    def __init__(self, harbour: Harbour) -> None:
        self.harbour = harbour
        harbour.ledger.settle()
        with harbour.database.transaction(read_only=True) as db:

            def everything(table: type[Row]) -> Sequence[Row]:
                return db.scalars(select(table)).all()

            self.attempts = {each.id: each for each in everything(PaymentAttempt)}
            self.bills = {each.id: each for each in everything(Bill)}
            self.credits = everything(BankCredit)
            self.refunds = everything(Refund)
            self.entries = everything(LedgerEntry)
            self.postings = everything(LedgerPosting)
            self.receipts = everything(Receipt)
            self.messages = everything(Message)

    def orders(self) -> dict[str, dict[str, Any]]:
        """The bank's orders, by our reference."""
        return self.harbour.ledger.orders

    def check(self, seen: Seen) -> None:
        """Hold these rows against all that must be true at every moment."""
        self._check_moves(seen)
        self._check_open()
        self._check_settled()
        self._check_books()
        self._check_told()

    def _check_moves(self, seen: Seen) -> None:
        for attempt in self.attempts.values():
            former = seen.states.get(attempt.id, AttemptState.CREATED)
            assert attempt.state in _reachable(AttemptState(former)), (former, attempt.state)
            seen.states[attempt.id] = attempt.state
        paid = {bill.id for bill in self.bills.values() if bill.state == "paid"}
        assert seen.paid_bills <= paid, "a paid bill is unpaid again"
        seen.paid_bills = paid

    def _check_open(self) -> None:
        """One open attempt of a bill, one order of it open at the bank; none forgotten there."""
        bills = [each.bill_id for each in self.attempts.values() if each.state in OPEN_STATES]
        assert len(bills) == len(set(bills)), "two open attempts at one bill"
        at_bank = [each for each in self.orders().values() if each["state"] == "open"]
        numbers = Counter(each["bill_number"] for each in at_bank)
        assert all(count == 1 for count in numbers.values()), "two open orders of one bill"
        ours = {each.reference: each for each in self.attempts.values()}
        for order in at_bank:
            attempt = ours[order["reference"]]
            # Money may come while its order is on the way there: it is closed at our next look.
            is_looked_at = attempt.state == PAID and attempt.due_at is not None
            is_open = attempt.state in OPEN_STATES
            assert is_open or is_looked_at, f"{attempt.state} here and open at the bank"

    def _check_settled(self) -> None:
        """A bill is paid by one credit with one receipt, for whoever asked to pay."""
        settling = defaultdict(list)
        for credit in self.credits:
            assert credit.settled_cents + credit.held_cents == credit.amount_cents
            if credit.settled_cents:
                settling[credit.bill_id].append(credit)
        receipts = {each.bill_id: each for each in self.receipts}
        assert len(receipts) == len(self.receipts)
        for bill in self.bills.values():
            assert (bill.state == "paid") == (len(settling[bill.id]) == 1), "settled otherwise"
            assert len(settling[bill.id]) <= 1, "settled twice"
            assert (bill.id in receipts) == (bill.state == "paid")
            for credit in settling[bill.id]:
                attempt, receipt = self.attempts[credit.attempt_id or ""], receipts[bill.id]
                assert attempt.state == PAID
                assert attempt.bill_id == bill.id
                assert credit.settled_cents == attempt.amount_cents == bill.paid_cents
                assert receipt.credit_id == credit.id
                assert receipt.resident_id == attempt.resident_id
                assert receipt.amount_cents == credit.settled_cents

    def _check_books(self) -> None:
        """Each entry balances, and the accounts are what credits and refunds come to."""
        entries: Counter[str] = Counter()
        accounts: Counter[tuple[str, str]] = Counter()
        currency_of = {each.id: each.currency for each in self.entries}
        for posting in self.postings:
            entries[posting.entry_id] += posting.amount_cents
            accounts[currency_of[posting.entry_id], posting.account] += posting.amount_cents
        assert set(entries) == set(currency_of)
        assert not any(entries.values()), "an entry does not balance"
        for currency in {*currency_of.values(), *(each.currency for each in self.credits)}:
            known = {each.id: each for each in self.credits if each.currency == currency}
            came = sum(each.amount_cents for each in known.values())
            settled = sum(each.settled_cents for each in known.values())
            back = sum(each.amount_cents for each in self._returned() if each.credit_id in known)
            assert accounts[currency, Account.BANK] == came - back
            assert -accounts[currency, Account.DEPARTMENT] == settled
            assert -accounts[currency, Account.HELD] == came - settled - back >= 0
        returned: Counter[str] = Counter()
        for refund in self._returned():
            returned[refund.credit_id] += refund.amount_cents
        assert all(returned[each.id] <= each.held_cents for each in self.credits)

    def _check_told(self) -> None:
        """Whoever asked to pay is told, once of each, and nobody else."""
        told = Counter((each.kind, each.resident_id) for each in self.messages)
        due: Counter[tuple[str, str]] = Counter()
        of_credit = {each.id: self.attempts.get(each.attempt_id or "") for each in self.credits}
        for credit in self.credits:
            attempt = of_credit[credit.id]
            if attempt is not None:
                received = (MessageKind.PAYMENT_RECEIVED, attempt.resident_id)
                due[received] += bool(credit.settled_cents)
                due[MessageKind.PAYMENT_HELD, attempt.resident_id] += bool(credit.held_cents)
        for refund in self._returned():
            attempt = of_credit[refund.credit_id]
            if attempt is not None:
                due[MessageKind.PAYMENT_RETURNED, attempt.resident_id] += 1
        kinds = {
            MessageKind.PAYMENT_RECEIVED,
            MessageKind.PAYMENT_HELD,
            MessageKind.PAYMENT_RETURNED,
        }
        assert {k: n for k, n in told.items() if k[0] in kinds} == {
            k: n for k, n in due.items() if n
        }

    def check_quiet(self) -> None:
        """Hold these rows against the bank's own, once everything had its time to arrive."""
        assert not [each for each in self.orders().values() if each["state"] == "open"]
        assert not [a.id for a in self.attempts.values() if a.state in OPEN_STATES]
        ours = {each.transaction_id: each for each in self.credits}
        at_bank = self.harbour.ledger.credits
        assert set(ours) == set(at_bank), "the bank has other money than the books"
        for number, money in at_bank.items():
            credit = ours[number]
            assert (credit.amount_cents, credit.currency) == (
                money["amount_cents"],
                money["currency"],
            )
        done = {
            name for name, each in self.harbour.ledger.refunds.items() if each["state"] == "done"
        }
        assert {refund.id for refund in self._returned()} == done
        assert not [each for each in self.refunds if each.state == RefundState.APPROVED]
        for currency in ("HKD", "CNY"):
            assert self.harbour.books(currency)[0] == self.harbour.bank_cents(currency)
        self._check_enough_was_enough()

    def _check_enough_was_enough(self) -> None:
        """A bill is not left open when money came that pays for it as it stands."""
        ours = {each.reference: each for each in self.attempts.values()}
        for money in self.harbour.ledger.credits.values():
            attempt = ours.get((money["reference"] or "").strip().upper())
            if attempt is None or money["currency"] != attempt.currency:
                continue
            bill = self.bills[attempt.bill_id]
            is_enough = money["amount_cents"] >= attempt.amount_cents
            is_for_this = bill.version == attempt.bill_version
            assert bill.state != "open" or not (is_enough and is_for_this), "paid for, and open"

    def _returned(self) -> list[Refund]:
        return [each for each in self.refunds if each.state == RefundState.DONE]


def _reachable(state: AttemptState) -> set[str]:
    """Where an attempt may have come to from a state, in any number of moves."""
    found, ahead = {state}, [state]
    while ahead:
        new = TRANSITIONS[ahead.pop()] - found
        found |= new
        ahead += new
    return {str(each) for each in found}
