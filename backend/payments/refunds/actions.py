"""Asking for a refund, deciding upon it, and what becomes of it once the bank has spoken."""

from collections.abc import Callable
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from backend.bills import Bill, dollars
from backend.core.clock import new_id
from backend.core.database import after_commit
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
SENT_STATES = (RefundState.APPROVED, RefundState.FAILED)  # which the bank may have been asked for


class RefundContradicts(Exception):
    """The bank says that money went which we have not sent, or no longer hold; staff must ask it."""


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
    OperatorNotNamed, ReasonMissing.
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


def approve_refund(
    db: Session, refund_id: str, operator: str, now: datetime, ring: Callable[[], None]
) -> Refund:
    """Approve a refund that another operator asked for; the worker sends it after the commit.

    RefundNotFound, RefundDecided, SameOperator, NotHeld, OperatorNotNamed.
    """
    refund = _undecided(db, refund_id)
    name = rules.same_name(operator)
    if name == refund.asked_by:
        raise rules.SameOperator
    rules.ensure_held(refund.amount_cents, left_of(db, _credit_of(db, refund)))
    refund.state = RefundState.APPROVED
    refund.approved_by = name
    refund.approved_at = refund.due_at = now
    db.flush()
    after_commit(db, ring)
    return refund


def decline_refund(db: Session, refund_id: str, operator: str, now: datetime) -> Refund:
    """Drop a refund before it is approved, whoever asked for it; the money stays held.

    RefundNotFound, RefundDecided, OperatorNotNamed.
    """
    refund = _undecided(db, refund_id)
    refund.declined_by = rules.same_name(operator)
    refund.state = RefundState.DECLINED
    refund.closed_at = now
    return refund


def apply_refund_news(
    db: Session,
    refund_reference: str,
    done: bool,
    reason: str | None,
    now: datetime,
    *,
    done_at: datetime | None = None,
) -> None:
    """Write down what the bank says of a refund; RefundContradicts where it cannot be so.

    News may come twice, out of order and by several ways: that money has gone is never unsaid, and
    a failure after it changes nothing. But money goes out of the books by two operators' leave
    alone, and never more of it than is held. `done_at` is the bank's own time, where it is known.
    """
    refund = db.scalars(locked_refund(refund_reference)).one_or_none()
    if refund is None:
        raise RefundContradicts("the bank speaks of a refund that is none of ours")
    if refund.state == RefundState.DONE:
        return
    if done:
        _pay_out(db, refund, done_at or now, now)
    elif refund.state == RefundState.APPROVED:
        fail(refund, reason, now)


def fail(refund: Refund, reason: str | None, now: datetime) -> None:
    """Close an approved refund that did not go; its money stays held and may be asked for again."""
    refund.state = RefundState.FAILED
    refund.bank_reason = reason
    refund.closed_at = now
    refund.due_at = None


def left_of(db: Session, credit: BankCredit) -> int:
    """Return what is held of this money and has not gone back, in cents."""
    returned = db.execute(returned_of_credits([credit.id])).one_or_none()
    return credit.held_cents - (int(returned.cents) if returned else 0)


def _credit_of(db: Session, refund: Refund) -> BankCredit:
    """Return the money that a refund is of, its row locked; the refund's row is locked before."""
    return db.scalars(locked_credit(refund.credit_id)).one()


def _undecided(db: Session, refund_id: str) -> Refund:
    refund = db.scalars(locked_refund(refund_id)).one_or_none()
    if refund is None:
        raise rules.RefundNotFound
    rules.ensure_undecided(RefundState(refund.state))
    return refund


def _pay_out(db: Session, refund: Refund, done_at: datetime, now: datetime) -> None:
    """Put a refund that may have been sent into the books, and tell of it, once."""
    if refund.state not in SENT_STATES:
        raise RefundContradicts(f"the bank paid out {refund.id}, which is {refund.state}")
    credit = _credit_of(db, refund)
    if refund.amount_cents > left_of(db, credit):
        raise RefundContradicts(f"the bank paid out {refund.id}, and less than that is held")
    if refund.state == RefundState.FAILED:
        log.error("the bank paid a refund out that it had failed before", refund=refund.id)
    postings = [
        ledger.Posting(Account.HELD, refund.amount_cents),
        ledger.Posting(Account.BANK, -refund.amount_cents),
    ]
    ledger.post(db, f"refund:{refund.id}", postings, done_at, currency=credit.currency)
    refund.state = RefundState.DONE
    refund.bank_reason = None
    refund.closed_at = done_at
    refund.due_at = None
    db.flush()  # so that the next refund of the same money sees what is left of it
    _tell(db, refund, credit, now)


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
        facts={"amount": dollars(refund.amount_cents), "currency": credit.currency},
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
