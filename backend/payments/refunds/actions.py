"""Asking for a refund, deciding upon it, and what becomes of it once the bank has spoken."""

from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from backend.bills import Bill, dollars
from backend.core.clock import new_id
from backend.departments import EventType, tell_department
from backend.notifications import MessageKind, notify
from backend.payments import ledger
from backend.payments.models import BankCredit, Refund, returned_of_credits
from backend.payments.refunds import rules
from backend.payments.refunds.models import (
    attempt_with,
    locked_credit,
    locked_refund,
    open_refund_of,
)
from backend.payments.rules import Account, RefundState

log = structlog.get_logger(__name__)


def ask_refund(
    db: Session,
    credit_id: str,
    amount_cents: int | None,
    reason: str,
    *,
    operator: str,
    now: datetime,
) -> Refund:
    """Ask for held money to go back, all that is left of it where no amount is named.

    Nothing moves until another operator approves. CreditNotFound, RefundOpen, NotHeld,
    OperatorNotNamed.
    """
    credit = db.scalars(locked_credit(credit_id)).one_or_none()
    if credit is None:
        raise rules.CreditNotFound
    if db.scalars(open_refund_of(credit.id)).first() is not None:
        raise rules.RefundOpen
    left_cents = left_of(db, credit)
    wanted_cents = left_cents if amount_cents is None else amount_cents
    rules.ensure_held(wanted_cents, left_cents)
    refund = Refund(
        id=new_id("rfd"),
        credit_id=credit.id,
        amount_cents=wanted_cents,
        state=RefundState.ASKED,
        reason=rules.ensure_reason(reason),
        asked_by=rules.same_name(operator),
        asked_at=now,
    )
    db.add(refund)
    db.flush()
    return refund


def approve_refund(db: Session, refund_id: str, operator: str, now: datetime) -> Refund:
    """Approve a refund that another operator asked for; the worker sends it to the bank.

    RefundNotFound, RefundDecided, SameOperator, NotHeld, OperatorNotNamed.
    """
    refund = _undecided(db, refund_id)
    name = rules.same_name(operator)
    if name == refund.asked_by:
        raise rules.SameOperator
    rules.ensure_held(refund.amount_cents, left_of(db, db.get_one(BankCredit, refund.credit_id)))
    refund.state = RefundState.APPROVED
    refund.approved_by = name
    refund.approved_at = refund.due_at = now
    db.flush()
    return refund


def decline_refund(db: Session, refund_id: str, operator: str, now: datetime) -> Refund:
    """Drop a refund before it is approved, whoever asked for it; the money stays held.

    RefundNotFound, RefundDecided, OperatorNotNamed.
    """
    refund = _undecided(db, refund_id)
    name = rules.same_name(operator)
    refund.state = RefundState.DECLINED
    refund.closed_at = now
    log.info("a refund was declined", refund=refund.id, by_who_asked=name == refund.asked_by)
    return refund


def apply_refund_news(
    db: Session,
    refund_reference: str,
    done: bool,
    reason: str | None,
    now: datetime,
    *,
    done_at: datetime | None = None,
) -> bool:
    """Write down what the bank says of a refund; False where there is none of that reference.

    News may come twice, out of order and by several ways: that money has gone is never unsaid, and
    a failure after it changes nothing. `done_at` is the bank's own time of it, where it is known.
    """
    refund = db.scalars(locked_refund(refund_reference)).one_or_none()
    if refund is None:
        log.error("the bank speaks of a refund that is none of ours")
        return False
    if refund.state == RefundState.DONE:
        return True
    if done:
        _pay_out(db, refund, done_at or now, now)
    elif refund.state == RefundState.APPROVED:
        fail(refund, reason, now)
    return True


def fail(refund: Refund, reason: str | None, now: datetime) -> None:
    """Close an approved refund that did not go; its money stays held and may be asked for again."""
    refund.state = RefundState.FAILED
    refund.bank_reason = reason
    refund.closed_at = now
    refund.due_at = None


def left_of(db: Session, credit: BankCredit) -> int:
    """Return what is held of this money and has not gone back, in cents."""
    return credit.held_cents - int(db.scalars(returned_of_credits([credit.id])).one())


def _undecided(db: Session, refund_id: str) -> Refund:
    refund = db.scalars(locked_refund(refund_id)).one_or_none()
    if refund is None:
        raise rules.RefundNotFound
    rules.ensure_undecided(RefundState(refund.state))
    return refund


def _pay_out(db: Session, refund: Refund, done_at: datetime, now: datetime) -> None:
    """Put a refund into the books and tell of it, once, from whatever state it was in."""
    if refund.state != RefundState.APPROVED:
        log.error("the bank paid a refund out that was not under way", refund=refund.id)
    postings = [
        ledger.Posting(Account.HELD, refund.amount_cents),
        ledger.Posting(Account.BANK, -refund.amount_cents),
    ]
    ledger.post(db, f"refund:{refund.id}", postings, done_at)
    refund.state = RefundState.DONE
    refund.bank_reason = None
    refund.closed_at = done_at
    refund.due_at = None
    _tell(db, refund, db.get_one(BankCredit, refund.credit_id), now)


def _tell(db: Session, refund: Refund, credit: BankCredit, now: datetime) -> None:
    """Tell whoever asked to pay, and the department; nobody where the reference was none of ours."""
    attempt = db.scalars(attempt_with(credit.attempt_id or "")).one_or_none()
    if attempt is None:
        return
    bill = db.get_one(Bill, attempt.bill_id)
    notify(
        db,
        resident_id=attempt.resident_id,
        department_id=attempt.department_id,
        kind=MessageKind.PAYMENT_RETURNED,
        about_id=refund.id,
        facts={"amount": dollars(refund.amount_cents)},
        now=now,
    )
    facts = {
        "bill_id": bill.id,
        "bill_number": bill.bill_number,
        "bill_state": bill.state,
        "amount_cents": refund.amount_cents,
        "currency": credit.currency,
        "paid_at": credit.paid_at.isoformat(),
        "fps_reference": credit.fps_reference,
        "receipt_number": None,
    }
    tell_department(
        db,
        attempt.department_id,
        EventType.PAYMENT_RETURNED,
        about_id=refund.id,
        data=facts,
        now=now,
    )
