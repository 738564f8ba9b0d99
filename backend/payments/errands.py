"""Our errands at the bank: announce an attempt, end it, and look what became of it.

The bank's word alone closes what it has heard of, so no clock of ours can make a payment request
die while it could still be paid. What a lost callback would have told is found here.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from backend.bills import bill_to_settle
from backend.core.database import Database
from backend.gateways.bank import Bank, BankAway, BankRefused, FoundOrder, Order, OrderState
from backend.payments import rules
from backend.payments.crediting import CreditContradicts, close_attempt, record_credit
from backend.payments.models import (
    PaymentAttempt,
    attempts_astray,
    attempts_due,
    credits_of_attempt,
    locked_attempt,
    next_attempt_due,
)
from backend.payments.rules import AttemptState, HeardBy

MOST_AT_ONCE = 8
LEASE = timedelta(seconds=60)
A_MOMENT = timedelta(seconds=1)
CLOSED_BY = {OrderState.EXPIRED: AttemptState.EXPIRED, OrderState.CANCELLED: AttemptState.CANCELLED}

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Errand:
    """What is to be asked for one attempt; `tries` is the fence of whoever took it."""

    attempt_id: str
    bill_id: str
    tries: int
    held_until: datetime
    order: Order
    is_announced: bool
    is_to_end: bool  # the bank is to take no (more) money for it
    is_over: bool


@dataclass(frozen=True)
class Word:
    """What the bank said: an order as it knows it, that it will not have it, or nothing at all."""

    found: FoundOrder | None = None
    refusal: str | None = None
    is_away: bool = False


def run_errands(
    rows: Database, bank: Bank, clock: Callable[[], datetime], ring: Callable[[], None]
) -> datetime | None:
    """Do some errands that are due; return when to come again, None if never.

    Several workers may run errands side by side; each attempt is taken by one of them. `ring` wakes
    whoever tells residents and departments of it.
    """
    due_at = _next_due(rows, clock())
    if due_at is None or due_at > clock() + A_MOMENT:
        return due_at
    quiet_seconds = bank.quiet_seconds()
    if quiet_seconds:
        return clock() + timedelta(seconds=quiet_seconds)
    errands = take(rows, clock())
    if not errands:
        return clock() + A_MOMENT  # another worker is at them
    with ThreadPoolExecutor(MOST_AT_ONCE) as hands:
        words = list(hands.map(lambda errand: ask(bank, errand), errands))
    for errand, word in zip(errands, words, strict=True):
        _try_to_note(rows, errand, word, clock())
    ring()
    return _next_due(rows, clock())


def take(rows: Database, now: datetime) -> Sequence[Errand]:
    """Take the errands that are due until a lease ends; nobody else gets them before."""
    held_until = now + LEASE
    with rows.transaction() as db:
        attempts = db.scalars(attempts_due(now, MOST_AT_ONCE)).all()
        if not attempts:
            astray = attempts_astray(now, MOST_AT_ONCE).with_for_update(skip_locked=True)
            attempts = db.scalars(astray).all()
        for attempt in attempts:
            attempt.due_at = held_until
            attempt.tries += 1
        return [_errand(attempt, held_until) for attempt in attempts]


def ask(bank: Bank, errand: Errand) -> Word:
    """Ask the bank; every errand may be run again, as the bank keeps one order of a reference."""
    try:
        found = _look(bank, errand) if errand.is_announced else None
        if found is None and not errand.is_over:  # new to the bank, or it lost its memory
            found = bank.create(errand.order)
            found = _look(bank, errand) if errand.is_to_end else found
        return Word(found)
    except BankRefused as refusal:
        return Word(refusal=str(refusal))
    except BankAway as away:
        log.warning("the bank is away", attempt=errand.attempt_id, why=str(away))
        return Word(is_away=True)


def _look(bank: Bank, errand: Errand) -> FoundOrder | None:
    """Return how an order stands, ended if it is to end; a bank that will not say is away.

    Its order may be open all the same: only one that is never made is over by a refusal.
    """
    look = bank.cancel if errand.is_to_end else bank.find
    try:
        return look(errand.order.reference)
    except BankRefused as refusal:
        raise BankAway(f"it refuses to tell: {refusal}") from refusal


def _next_due(rows: Database, now: datetime) -> datetime | None:
    with rows.transaction(read_only=True) as db:
        due_at = db.scalar(next_attempt_due())
        if due_at is None or due_at <= now:
            return due_at
        is_astray = db.scalars(attempts_astray(now, 1)).first() is not None
        # Not at once: workers whose clocks differ would undo each other's without a rest.
        return now + A_MOMENT if is_astray else due_at


def _errand(attempt: PaymentAttempt, held_until: datetime) -> Errand:
    order = Order(
        reference=attempt.reference,
        bill_number=attempt.bill_number,
        amount_cents=attempt.amount_cents,
        currency=attempt.currency,
        expires_at=attempt.expires_at,
    )
    return Errand(
        attempt_id=attempt.id,
        bill_id=attempt.bill_id,
        tries=attempt.tries,
        held_until=held_until,
        order=order,
        is_announced=attempt.state != AttemptState.CREATED,
        is_to_end=attempt.cancel_asked_at is not None or attempt.closed_at is not None,
        is_over=attempt.closed_at is not None,
    )


def _try_to_note(rows: Database, errand: Errand, word: Word, now: datetime) -> None:
    """Write down what the bank said; what cannot be written is asked again once its lease is over."""
    try:
        _note(rows, errand, word, now)
    except Exception:
        log.exception("the bank's word could not be written down", attempt=errand.attempt_id)


def _note(rows: Database, errand: Errand, word: Word, now: datetime) -> None:
    """Write down what the bank said, unless somebody else took the errand over meanwhile."""
    with rows.transaction() as db:
        bill_to_settle(db, errand.bill_id)
        attempt = db.scalars(locked_attempt(errand.attempt_id)).one()
        if attempt.tries != errand.tries:
            return
        # A callback came since, so that what the bank said may be older than what it tells us of.
        is_older = attempt.due_at != errand.held_until
        _move(db, attempt, word, now)
        db.flush()
        if word.is_away:
            attempt.due_at = now + rules.pause_before(attempt.tries)
        elif (is_older and attempt.closed_at is None) or _is_still_to_end(attempt, errand, word):
            attempt.due_at = now
        else:
            attempt.due_at = rules.next_look(
                attempt.created_at, attempt.expires_at, attempt.closed_at, now
            )


def _is_still_to_end(attempt: PaymentAttempt, errand: Errand, word: Word) -> bool:
    """Say whether the bank still takes money for what is over, or is to be over, since we asked."""
    is_to_end = attempt.cancel_asked_at is not None or attempt.closed_at is not None
    is_open_there = word.found is not None and word.found.state is OrderState.OPEN
    return is_to_end and is_open_there and not errand.is_to_end


def _move(db: Session, attempt: PaymentAttempt, word: Word, now: datetime) -> None:
    if word.refusal is not None:
        close_attempt(attempt, AttemptState.FAILED, word.refusal, now)
    if word.found is None:
        return
    for money in word.found.transactions:
        try:
            record_credit(db, money, HeardBy.LOOKING, now)
        except CreditContradicts:
            log.exception("the bank contradicts itself", attempt=attempt.id)
    close_attempt(attempt, AttemptState.PENDING, None, now)
    if word.found.state is OrderState.OPEN:
        return
    if word.found.state is OrderState.PAID or db.scalars(credits_of_attempt(attempt.id)).first():
        # It is over for the bank, and what came did not settle the bill.
        close_attempt(attempt, AttemptState.FAILED, "held", now)
    else:
        close_attempt(attempt, CLOSED_BY[word.found.state], None, now)
