"""After the chaos: time passes until all is quiet, and our rows are held against the bank's log."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from backend.bills import Bill
from backend.core import clock
from backend.core.database import Database
from backend.gateways.bank_client import HttpBank
from backend.payments.callbacks.actions import apply_stored
from backend.payments.callbacks.models import BankEvent
from backend.payments.callbacks.rules import EventState
from backend.payments.errands import run_errands
from backend.payments.ledger import balances
from backend.payments.models import (
    BankCredit,
    LedgerEntry,
    PaymentAttempt,
    Refund,
)
from backend.payments.parity.models import ParityFinding
from backend.payments.parity.nightly import check_days
from backend.payments.parity.rules import FindingKind
from backend.payments.refunds.sending import send_refunds
from backend.payments.rules import Account, RefundState
from tests.chaos.payments_driving import Acknowledged
from tests.chaos.payments_ground import unheard
from tests.simulators.bank_desk import BankDesk
from tests.simulators.bank_keys import API_KEY

# Past every lease, past the looks at an open attempt and at a closed one, past the night.
LATER = (
    timedelta(0),
    timedelta(minutes=2),
    timedelta(minutes=16),
    timedelta(minutes=50),
    timedelta(hours=26),
)


@dataclass(frozen=True)
class Audit:
    """How our rows differ from what was acknowledged, and from the bank's log."""

    lost: list[str]  # what was acknowledged and is not there
    ledger_minus_bank_cents: int
    uneven_cents: int  # by which credits differ from what is settled, held and refunded
    findings: int  # of the nightly comparison: ours and not the bank's, or of another amount
    second_orders: int


def let_time_pass(rows: Database, desk: BankDesk) -> None:
    """Do all that is due now, and at each of some later times; the bank's clock stays."""
    bank = HttpBank(desk.url, API_KEY)
    for later in LATER:
        now = partial(_later, later)
        _do_all(partial(apply_stored, rows, now, unheard), now)
        _do_all(partial(run_errands, rows, bank, now, unheard), now)
        _do_all(partial(send_refunds, rows, bank, now, unheard), now)
        _do_all(partial(check_days, rows, bank, now, unheard), now)
    bank.close()


def audit(rows: Database, desk: BankDesk, acknowledged: Acknowledged) -> Audit:
    """Hold what we have against what was said to others, and against the oracle."""
    with rows.transaction(read_only=True) as db:
        return Audit(
            lost=_lost(db, desk, acknowledged),
            ledger_minus_bank_cents=_ledger_minus_bank(db, desk),
            uneven_cents=_uneven(db),
            findings=_findings(db),
            second_orders=desk.second_orders() + acknowledged.two_at_once,
        )


def _later(later: timedelta) -> datetime:
    return clock.now() + later


def _do_all(chore: Callable[[], datetime | None], now: Callable[[], datetime]) -> None:
    while (due_at := chore()) and due_at <= now():
        pass


def _lost(db: Session, desk: BankDesk, acknowledged: Acknowledged) -> list[str]:
    """Name what was acknowledged and is not in our rows: bills, payments, callbacks, money."""
    taken = {
        line["event_id"]
        for line in desk.lines("delivery")
        if isinstance(line["status"], int) and 200 <= line["status"] < 300
    }
    paid = {line["transaction"]["transaction_id"] for line in desk.lines("payment")}
    is_applied = BankEvent.state == EventState.APPLIED
    entries = {key.removeprefix("credit:") for key in _values(db, LedgerEntry.business_key)}
    wanting = (
        acknowledged.bill_ids - _values(db, Bill.id),
        acknowledged.payment_ids - _values(db, PaymentAttempt.id),
        acknowledged.transaction_ids - paid,
        taken - set(db.scalars(select(BankEvent.event_id).where(is_applied))),
        paid ^ _values(db, BankCredit.transaction_id),
        paid - entries,
    )
    return sorted(name for names in wanting for name in names)


def _values(db: Session, column: Any) -> set[str]:
    return set(db.scalars(select(column)))


def _ledger_minus_bank(db: Session, desk: BankDesk) -> int:
    """By how much our account at the bank is off, in cents of all currencies, none offset."""
    bank = desk.balances()
    return sum(
        abs(balances(db, currency)[Account.BANK] - bank.get(currency, 0))
        for currency in {*bank, *_currencies(db)}
    )


def _uneven(db: Session) -> int:
    """By how much credits and their parts differ, row by row and against the ledger, in cents."""
    return sum(_uneven_in(db, currency) for currency in _currencies(db))


def _uneven_in(db: Session, currency: str) -> int:
    books = balances(db, currency)
    columns = (BankCredit.amount_cents, BankCredit.settled_cents, BankCredit.held_cents)
    of_it = BankCredit.currency == currency
    came, settled, held = (_sum(db, select(column).where(of_it)) for column in columns)
    returned = select(Refund.amount_cents).join(BankCredit, BankCredit.id == Refund.credit_id)
    back = _sum(db, returned.where(of_it, Refund.state == RefundState.DONE))
    return (
        abs(came - settled - held)
        + abs(books[Account.BANK] - (came - back))
        + abs(books[Account.DEPARTMENT] + settled)
        + abs(books[Account.HELD] + held - back)
    )


def _currencies(db: Session) -> set[str]:
    return _values(db, BankCredit.currency) | _values(db, LedgerEntry.currency)


def _sum(db: Session, wanted: Select[int]) -> int:
    return sum(db.scalars(wanted))


def _findings(db: Session) -> int:
    odd = ParityFinding.kind.in_([FindingKind.OVER, FindingKind.UNDER])
    return int(db.scalar(select(func.count()).select_from(ParityFinding).where(odd)) or 0)
