"""Paying a bill: one open attempt at a time, seen by the resident, cancelled if they like."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from backend.bills import bill_to_pay, bill_to_settle, to_pay_on
from backend.core.clock import hong_kong_date, new_id
from backend.core.database import after_commit, insert_unless_there
from backend.payments import rules
from backend.payments.models import (
    PaymentAttempt,
    attempt_of,
    attempts_at,
    locked_attempt,
    open_attempt_for,
)
from backend.payments.rules import AttemptState


def start_payment(
    db: Session,
    resident_id: str,
    bill_id: str,
    *,
    now: datetime,
    minutes: int,
    ring: Callable[[], None],
) -> tuple[PaymentAttempt, bool]:
    """Return the open attempt at a bill and whether it is new: two phones are shown the same one.

    The worker tells the bank after the commit. BillNotFound, BillPaid, BillWithdrawn.
    """
    bill = bill_to_pay(db, resident_id, bill_id)
    attempt = {
        "id": new_id("pay"),
        "bill_id": bill.id,
        "bill_version": bill.version,
        "bill_number": bill.bill_number,
        "resident_id": resident_id,
        "department_id": bill.department_id,
        "reference": rules.new_reference(),
        "amount_cents": to_pay_on(bill, hong_kong_date(now)),
        "currency": bill.currency,
        "state": AttemptState.CREATED,
        "created_at": now,
        "expires_at": now + timedelta(minutes=minutes),
        "due_at": now,
        "tries": 0,
    }
    is_new = insert_unless_there(db, PaymentAttempt, attempt)
    standing = db.scalars(open_attempt_for(bill.id)).one()
    if standing.expires_at <= now:
        standing.due_at = now  # only the bank can say that it is over: ask at once
    after_commit(db, ring)
    return standing, is_new


def get_payment(db: Session, resident_id: str, attempt_id: str) -> PaymentAttempt:
    """Return one payment attempt of a resident; PaymentNotFound where it is not theirs."""
    attempt = db.scalars(attempt_of(resident_id, attempt_id)).one_or_none()
    if attempt is None:
        raise rules.PaymentNotFound
    return attempt


def list_payments(db: Session, resident_id: str, bill_id: str) -> Sequence[PaymentAttempt]:
    """Return a resident's attempts at one bill, newest first; none at another's."""
    return db.scalars(attempts_at(resident_id, bill_id)).all()


def cancel_payment(
    db: Session, resident_id: str, attempt_id: str, now: datetime, ring: Callable[[], None]
) -> PaymentAttempt:
    """Ask for the end of an attempt; the bank has the last word, as it may be paid by now.

    PaymentNotFound, PaymentOver.
    """
    found = get_payment(db, resident_id, attempt_id)
    bill_to_settle(db, found.bill_id)
    attempt = db.scalars(locked_attempt(found.id)).one()
    if attempt.state == AttemptState.CANCELLED:
        return attempt
    if attempt.state not in rules.OPEN_STATES:
        raise rules.PaymentOver
    attempt.cancel_asked_at = attempt.cancel_asked_at or now
    attempt.due_at = now
    after_commit(db, ring)
    return attempt


def is_being_paid(db: Session, bill_id: str) -> bool:
    """Say whether there is an open attempt at a bill, which nobody may change meanwhile."""
    return db.scalars(open_attempt_for(bill_id)).first() is not None
