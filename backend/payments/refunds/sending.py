"""Approved refunds go to the bank: taken under a lease, asked for under one reference, never twice.

The bank is asked outside any transaction. Whoever dies in between leaves a lease behind, and the
next asks how the refund stands before sending it; the bank keeps one refund of each reference.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from backend.core.database import Database
from backend.gateways.bank import Bank, BankAway, BankRefund, BankRefused, RefundStanding
from backend.payments.models import BankCredit, Refund
from backend.payments.refunds import rules
from backend.payments.refunds.actions import RefundContradicts, apply_refund_news, fail, left_of
from backend.payments.refunds.models import locked_refund, next_refund_due, refunds_due
from backend.payments.rules import RefundState

MOST_AT_ONCE = 3  # two questions of eight seconds each stay inside the lease
LEASE = timedelta(seconds=60)
A_MOMENT = timedelta(seconds=1)

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Sending:
    """A refund that this worker took; `tries` is the fence of whoever did."""

    refund_id: str
    transaction_id: str
    amount_cents: int
    tries: int


@dataclass(frozen=True)
class Said:
    """What the bank said of a refund: how it stands, that it will not, or nothing (both None)."""

    standing: BankRefund | None = None
    refusal: str | None = None


def send_refunds(
    rows: Database, bank: Bank, clock: Callable[[], datetime], ring: Callable[[], None]
) -> datetime | None:
    """Send a few approved refunds; return when to come again, None if none is under way.

    A time that has passed says that more is due already. `ring` wakes whoever tells payers and
    departments that money went back.
    """
    due_at = _next_due(rows)
    if due_at is None or due_at > clock():
        return due_at
    quiet_seconds = bank.quiet_seconds()
    if quiet_seconds:
        return clock() + timedelta(seconds=quiet_seconds)
    taken = take(rows, clock())
    for sending in taken:
        note(rows, sending, ask(bank, sending), clock())
    if taken:
        ring()
    due_at = _next_due(rows)
    # Where nothing was to be had, another worker is at it.
    return due_at if taken or due_at is None else max(due_at, clock() + A_MOMENT)


def take(rows: Database, now: datetime) -> list[Sending]:
    """Take a few due refunds until a lease ends; one whose money went meanwhile fails here."""
    with rows.transaction() as db:
        taken = []
        for refund in db.scalars(refunds_due(now, MOST_AT_ONCE)):
            credit = db.get_one(BankCredit, refund.credit_id)
            if not refund.tries and refund.amount_cents > left_of(db, credit):
                fail(refund, "not held any more", now)
                continue
            refund.tries += 1
            refund.due_at = now + LEASE
            taken.append(
                Sending(refund.id, credit.transaction_id, refund.amount_cents, refund.tries)
            )
        return taken


def ask(bank: Bank, sending: Sending) -> Said:
    """Ask how a refund stands that may have been sent before, and send it where the bank has none."""
    try:
        standing = bank.find_refund(sending.refund_id) if sending.tries > 1 else None
        if standing is None:
            standing = bank.refund(sending.refund_id, sending.transaction_id, sending.amount_cents)
        return Said(standing)
    except BankRefused as refusal:
        return Said(refusal=str(refusal) or "refused")
    except BankAway as away:
        log.warning("the bank is away", refund=sending.refund_id, why=str(away))
        return Said()


def note(rows: Database, sending: Sending, said: Said, now: datetime) -> None:
    """Write down what the bank said; that money has gone is written whoever asked."""
    standing = said.standing
    if standing is not None and standing.standing is RefundStanding.DONE:
        _note_done(rows, sending, standing, now)
        return
    with rows.transaction() as db:
        refund = _still_ours(db, sending)
        if refund is None:
            return
        if said.refusal is not None:
            fail(refund, said.refusal, now)
        elif standing is not None and standing.standing is RefundStanding.FAILED:
            fail(refund, standing.reason or "failed", now)
        else:
            refund.due_at = now + rules.pause_before(sending.tries)


def _note_done(rows: Database, sending: Sending, standing: BankRefund, now: datetime) -> None:
    """Put money that went into the books; where they do not hold it any more, staff must see to it.

    The bank's file of the day puts it on their work list.
    """
    with rows.transaction() as db:
        try:
            apply_refund_news(db, sending.refund_id, True, None, now, done_at=standing.done_at)
        except RefundContradicts as odd:
            log.exception("the bank paid out what is not held", refund=sending.refund_id)
            refund = _still_ours(db, sending)
            if refund is not None:
                fail(refund, str(odd), now)


def _still_ours(db: Session, sending: Sending) -> Refund | None:
    refund = db.scalars(locked_refund(sending.refund_id)).one()
    is_ours = refund.state == RefundState.APPROVED and refund.tries == sending.tries
    return refund if is_ours else None


def _next_due(rows: Database) -> datetime | None:
    with rows.transaction(read_only=True) as db:
        return db.scalar(next_refund_due())
