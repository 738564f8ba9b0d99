"""When a bill may be paid, where a payment attempt may go from where it stands, what money is for."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from backend.core.errors import Conflict, NotFound, Unavailable
from backend.core.languages import Words

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: none to be misread


class AttemptState(StrEnum):
    """Where a payment attempt stands. The bank's word alone closes one that it has heard of."""

    CREATED = "created"  # written down here; the bank is being told
    PENDING = "pending"  # the bank expects it
    PAID = "paid"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    FAILED = "failed"  # the bank would not have it, or what came did not settle the bill


OPEN_STATES = (AttemptState.CREATED, AttemptState.PENDING)
# From -> to. Money may still arrive for what is closed, and counts: nothing leads out of paid.
TRANSITIONS: dict[AttemptState, frozenset[AttemptState]] = {
    AttemptState.CREATED: frozenset(AttemptState) - {AttemptState.CREATED},
    AttemptState.PENDING: frozenset(AttemptState) - set(OPEN_STATES),
    AttemptState.PAID: frozenset(),
    AttemptState.EXPIRED: frozenset({AttemptState.PAID}),
    AttemptState.CANCELLED: frozenset({AttemptState.PAID}),
    AttemptState.FAILED: frozenset({AttemptState.PAID}),
}


def may_become(state: AttemptState, wanted: AttemptState) -> bool:
    """Say whether an attempt may go from `state` to `wanted`."""
    return wanted in TRANSITIONS[state]


class HoldReason(StrEnum):
    """Why money that arrived is held, whole or in part, until staff give it back."""

    UNKNOWN_REFERENCE = "unknown_reference"
    TOO_LITTLE = "too_little"
    TOO_MUCH = "too_much"
    PAID_ALREADY = "paid_already"
    BILL_CHANGED = "bill_changed"  # withdrawn or amended since the payment request was made
    OTHER_CURRENCY = "other_currency"


class HeardBy(StrEnum):
    """How we learnt of money at the bank."""

    CALLBACK = "callback"
    LOOKING = "looking"
    STATEMENT = "statement"


class RefundState(StrEnum):
    """Where a refund stands: one operator asks, another approves, the bank pays it out."""

    ASKED = "asked"
    APPROVED = "approved"
    DONE = "done"
    FAILED = "failed"
    DECLINED = "declined"


OPEN_REFUNDS = (RefundState.ASKED, RefundState.APPROVED)


class Account(StrEnum):
    """Accounts of the ledger. Debits are positive cents, credits negative; an entry sums to 0."""

    BANK = "bank"  # what the bank holds for us: an asset
    DEPARTMENT = "department"  # settled for a department's bill: owed to it
    HELD = "held"  # arrived and not settled: owed to whoever paid it


@dataclass(frozen=True)
class Split:
    """What becomes of money that arrived: so much settles the bill, so much is held, and why."""

    settled_cents: int
    held_cents: int
    reason: HoldReason | None


@dataclass(frozen=True)
class Expectation:
    """What an attempt was for, as its bill stands at the moment when money arrives."""

    amount_cents: int
    currency: str
    bill_is_open: bool
    bill_is_paid: bool
    bill_is_as_it_was: bool  # the version that the payment request was made for


def split(amount_cents: int, currency: str, expected: Expectation | None) -> Split:
    """Settle the whole bill or nothing of it; whatever does not settle it is held, to the cent."""
    reason = _held_whole_because(amount_cents, currency, expected)
    if reason or expected is None:
        return Split(0, amount_cents, reason or HoldReason.UNKNOWN_REFERENCE)
    surplus = amount_cents - expected.amount_cents
    return Split(expected.amount_cents, surplus, HoldReason.TOO_MUCH if surplus else None)


def _held_whole_because(
    amount_cents: int, currency: str, expected: Expectation | None
) -> HoldReason | None:
    if expected is None:
        return HoldReason.UNKNOWN_REFERENCE
    if currency != expected.currency:
        return HoldReason.OTHER_CURRENCY
    if expected.bill_is_paid:
        return HoldReason.PAID_ALREADY
    if not expected.bill_is_open or not expected.bill_is_as_it_was:
        return HoldReason.BILL_CHANGED
    if amount_cents < expected.amount_cents:
        return HoldReason.TOO_LITTLE
    return None


MINUTE = timedelta(minutes=1)
LOOKS_AFTER = (MINUTE, 3 * MINUTE, 7 * MINUTE, 15 * MINUTE)  # of what the bank is to expect
LOOK_EVERY = 15 * MINUTE  # from then on, so that money is found within 35 minutes, bank willing
LONGEST_WAIT = LOOK_EVERY + MINUTE  # of an open attempt, whatever it waits for
LOOK_AFTER_EXPIRY = timedelta(seconds=10)  # for the bank's clock to get there, too
LATE_LOOKS_AFTER = (5 * MINUTE, 30 * MINUTE, 24 * 60 * MINUTE)  # of what is closed
FIRST_PAUSE_SECONDS = 2
LONGEST_PAUSE_SECONDS = 120


def next_look(
    created_at: datetime, expires_at: datetime, closed_at: datetime | None, now: datetime
) -> datetime | None:
    """Return when to look at the bank again for an attempt, None for never again.

    An open attempt is looked at for as long as it is open, a closed one three times more: money
    may be late. The nightly comparison with the bank's file finds whatever comes later still.
    """
    if closed_at is not None:
        late = (closed_at + after for after in LATE_LOOKS_AFTER)
        return next((look for look in late if look > now), None)
    looks = [created_at + after for after in LOOKS_AFTER]
    looks += [expires_at + LOOK_AFTER_EXPIRY, now + LOOK_EVERY]
    return min(look for look in looks if look > now)


def pause_before(tries: int) -> timedelta:
    """Return how long to leave a bank alone that did not answer the last of so many tries."""
    return timedelta(seconds=min(FIRST_PAUSE_SECONDS * 2 ** min(tries, 10), LONGEST_PAUSE_SECONDS))


def new_reference() -> str:
    """Return a fresh reference for the bank: 21 letters and digits, 100 random bits."""
    return "F" + _some_letters(20)


def new_receipt_number(paid_on: date) -> str:
    """Return a fresh receipt number: the Hong Kong date of the payment and 50 random bits."""
    return f"R{paid_on:%Y%m%d}-{_some_letters(10)}"


def _some_letters(count: int) -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(count))


class PaymentNotFound(NotFound):
    code = "payment_not_found"


class PaymentsNotOffered(Unavailable):
    code = "payments_not_offered"
    says = Words("Payments are not offered here.", "這裏不提供付款服務。", "这里不提供付款服务。")


class PaymentOver(Conflict):
    code = "payment_over"
    says = Words(
        "This payment is over and cannot be cancelled.",
        "此付款已完結，不能取消。",
        "此付款已结束，不能取消。",
    )
