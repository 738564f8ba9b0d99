"""Money that arrived becomes a settled bill with a receipt, or is held: once, and to the cent.

Whoever brings the news (a callback, a look at the bank, the bank's file of the day), and however
often, a transaction of the bank is recorded once. A bill's row is locked before its attempts.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from backend.bills import Bill, BillState, bill_to_settle, dollars, settle_bill
from backend.core.clock import hong_kong_date, new_id
from backend.core.database import insert_unless_there
from backend.departments import EventType, tell_department
from backend.gateways.bank import Transaction
from backend.notifications import MessageKind, notify
from backend.payments import ledger, rules
from backend.payments.models import (
    BankCredit,
    PaymentAttempt,
    attempt_referred_to,
    credit_numbered,
    credits_of_attempt,
    locked_attempt,
    open_attempt_for,
)
from backend.payments.receipts.models import Receipt
from backend.payments.rules import Account, AttemptState, Expectation, HeardBy, Split


class CreditContradicts(Exception):
    """The bank says one thing and another of the same transaction; staff must ask it."""


@dataclass(frozen=True)
class Cause:
    """What money came for: an attempt, and its bill, both locked."""

    attempt: PaymentAttempt
    bill: Bill


def record_credit(
    db: Session, money: Transaction, heard_by: HeardBy, now: datetime
) -> tuple[BankCredit, bool]:
    """Record money once; return what stands of it, and whether that is new. CreditContradicts."""
    cause = _cause_of(db, money.reference)
    known = db.scalars(credit_numbered(money.transaction_id)).one_or_none()
    if known is not None:
        _ensure_same(known, money)
        return known, False
    parts = rules.split(money.amount_cents, money.currency, _expected(cause))
    row = _row_of(money, cause, parts, heard_by, now)
    is_new = insert_unless_there(db, BankCredit, row)
    credit = db.scalars(credit_numbered(money.transaction_id)).one()
    if not is_new:
        _ensure_same(credit, money)
        return credit, False
    _enter(db, credit, cause, parts)
    if cause is not None:
        _settle(db, cause, credit, now)
        _end_unsettled(cause.attempt, now)
        _tell_of_held(db, cause, credit, now)
    return credit, True


def _cause_of(db: Session, reference: str | None) -> Cause | None:
    attempt = db.scalars(attempt_referred_to(plain_reference(reference))).one_or_none()
    if attempt is None:
        return None
    bill = bill_to_settle(db, attempt.bill_id)
    return Cause(db.scalars(locked_attempt(attempt.id)).one(), bill)


def plain_reference(reference: str | None) -> str:
    """Return a reference as we wrote it, from how a payer's bank passed it on."""
    return (reference or "").strip().upper()


def _expected(cause: Cause | None) -> Expectation | None:
    if cause is None:
        return None
    attempt, bill = cause.attempt, cause.bill
    return Expectation(
        amount_cents=attempt.amount_cents,
        currency=attempt.currency,
        bill_is_open=bill.state == BillState.OPEN,
        bill_is_paid=bill.state == BillState.PAID,
        bill_is_as_it_was=bill.version == attempt.bill_version,
    )


def _row_of(
    money: Transaction, cause: Cause | None, parts: Split, heard_by: HeardBy, now: datetime
) -> dict[str, object]:
    return {
        "id": new_id("crd"),
        "transaction_id": money.transaction_id,
        "fps_reference": money.fps_reference,
        "reference": money.reference,
        "attempt_id": cause.attempt.id if cause else None,
        "bill_id": cause.bill.id if cause else None,
        "amount_cents": money.amount_cents,
        "currency": money.currency,
        "settled_cents": parts.settled_cents,
        "held_cents": parts.held_cents,
        "hold_reason": parts.reason,
        "heard_by": heard_by,
        "paid_at": money.paid_at,
        "paid_on": hong_kong_date(money.paid_at),
        "created_at": now,
    }


def _ensure_same(known: BankCredit, money: Transaction) -> None:
    stands = (known.amount_cents, known.currency)
    if stands != (money.amount_cents, money.currency):
        raise CreditContradicts(f"transaction {money.transaction_id} has another amount now")


def _enter(db: Session, credit: BankCredit, cause: Cause | None, parts: Split) -> None:
    """Put money into the books: at the bank, and owed to a department or to whoever paid it."""
    department_id = cause.bill.department_id if cause else None
    postings = [
        ledger.Posting(Account.BANK, credit.amount_cents),
        ledger.Posting(Account.DEPARTMENT, -parts.settled_cents, department_id),
        ledger.Posting(Account.HELD, -parts.held_cents),
    ]
    settled = cause.bill.id if cause and parts.settled_cents else None
    key = f"credit:{credit.transaction_id}"
    ledger.post(
        db, key, postings, credit.paid_at, currency=credit.currency, settles_bill_id=settled
    )


def _settle(db: Session, cause: Cause, credit: BankCredit, now: datetime) -> None:
    if not credit.settled_cents:
        return
    attempt, bill = cause.attempt, cause.bill
    settle_bill(db, bill, credit.settled_cents, credit.paid_at, now)
    close_attempt(attempt, AttemptState.PAID, None, now)
    _call_off_others(db, bill.id, now)
    receipt = _receipt_for(bill, attempt, credit, now)
    db.add(receipt)
    notify(
        db,
        resident_id=attempt.resident_id,
        department_id=bill.department_id,
        kind=MessageKind.PAYMENT_RECEIVED,
        about_id=bill.id,
        facts={"amount": dollars(credit.settled_cents), "number": receipt.number},
        now=now,
    )
    facts = _facts_of(bill, credit, credit.settled_cents) | {"receipt_number": receipt.number}
    tell_department(
        db, bill.department_id, EventType.BILL_PAID, about_id=bill.id, data=facts, now=now
    )


def close_attempt(
    attempt: PaymentAttempt, state: AttemptState, reason: str | None, now: datetime
) -> bool:
    """Move an attempt where it may go, and say whether it went; the bank is looked at again later."""
    if not rules.may_become(AttemptState(attempt.state), state):
        return False
    attempt.state = state
    attempt.reason = reason
    if state not in rules.OPEN_STATES:
        attempt.closed_at = now
        attempt.due_at = rules.next_look(attempt.created_at, attempt.expires_at, now, now)
    return True


def _end_unsettled(attempt: PaymentAttempt, now: datetime) -> None:
    """Ask for the end of an attempt whose money did not settle the bill: nobody pays it twice."""
    if attempt.state in rules.OPEN_STATES:
        attempt.cancel_asked_at = attempt.cancel_asked_at or now
        attempt.due_at = now


def _call_off_others(db: Session, bill_id: str, now: datetime) -> None:
    """Ask for the end of another attempt at a bill that late money has just paid."""
    db.flush()
    other = db.scalars(open_attempt_for(bill_id)).one_or_none()
    if other is not None:
        db.execute(
            update(PaymentAttempt)
            .where(PaymentAttempt.id == other.id)
            .values(cancel_asked_at=now, due_at=now)
        )


def _receipt_for(bill: Bill, attempt: PaymentAttempt, credit: BankCredit, now: datetime) -> Receipt:
    return Receipt(
        id=new_id("rcpt"),
        number=rules.new_receipt_number(credit.paid_on),
        bill_id=bill.id,
        credit_id=credit.id,
        resident_id=attempt.resident_id,
        department_id=bill.department_id,
        bill_number=bill.bill_number,
        bill_kind=bill.kind,
        amount_cents=credit.settled_cents,
        currency=credit.currency,
        fps_reference=credit.fps_reference,
        paid_at=credit.paid_at,
        issued_at=now,
    )


def _tell_of_held(db: Session, cause: Cause, credit: BankCredit, now: datetime) -> None:
    if not credit.held_cents:
        return
    attempt, bill = cause.attempt, cause.bill
    notify(
        db,
        resident_id=attempt.resident_id,
        department_id=bill.department_id,
        kind=MessageKind.PAYMENT_HELD,
        about_id=attempt.id,
        edition=len(db.scalars(credits_of_attempt(attempt.id)).all()),
        facts={"amount": dollars(credit.held_cents), "currency": credit.currency},
        now=now,
    )
    facts = _facts_of(bill, credit, credit.held_cents) | {"reason": credit.hold_reason}
    tell_department(
        db, bill.department_id, EventType.PAYMENT_HELD, about_id=credit.id, data=facts, now=now
    )


def _facts_of(bill: Bill, credit: BankCredit, cents: int) -> dict[str, object]:
    return {
        "bill_id": bill.id,
        "bill_number": bill.bill_number,
        "bill_state": bill.state,
        "amount_cents": cents,
        "currency": credit.currency,
        "paid_at": credit.paid_at.isoformat(),
        "fps_reference": credit.fps_reference,
    }
