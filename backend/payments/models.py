"""Payment attempts, what the bank said, the money that came, and the books."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Select,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Mapped, aliased, mapped_column

from backend.core.clock import new_id
from backend.core.database import IMPERSONAL, PERSONAL, Base
from backend.payments.rules import (
    LONGEST_WAIT,
    OPEN_REFUNDS,
    OPEN_STATES,
    AttemptState,
    RefundState,
)


def _is_in(column: str, states: tuple[str, ...]) -> Any:
    return text(f"{column} in ({', '.join(repr(str(state)) for state in states)})")


class PaymentAttempt(Base):
    """One request to pay one bill. A bill has one open attempt at most: the database sees to it."""

    __tablename__ = "payment_attempts"
    __table_args__ = (
        Index(
            "uq_payment_attempts_open_bill",
            "bill_id",
            unique=True,
            sqlite_where=_is_in("state", OPEN_STATES),
            postgresql_where=_is_in("state", OPEN_STATES),
        ),
        Index(None, "bill_id"),
        Index(None, "resident_id", "id"),
        Index(None, "due_at"),
        CheckConstraint("amount_cents > 0", name="amount_is_positive"),
    )

    id: Mapped[str] = mapped_column(
        primary_key=True, default=lambda: new_id("pay"), info=IMPERSONAL
    )
    bill_id: Mapped[str] = mapped_column(ForeignKey("bills.id"), info=IMPERSONAL)
    bill_version: Mapped[int] = mapped_column(info=IMPERSONAL)
    bill_number: Mapped[str] = mapped_column(info=PERSONAL)  # as the payment code carries it
    resident_id: Mapped[str] = mapped_column(ForeignKey("residents.id"), info=IMPERSONAL)
    department_id: Mapped[str] = mapped_column(info=IMPERSONAL)
    reference: Mapped[str] = mapped_column(unique=True, info=IMPERSONAL)  # ours, at the bank
    amount_cents: Mapped[int] = mapped_column(BigInteger, info=PERSONAL)
    currency: Mapped[str] = mapped_column(info=IMPERSONAL)
    state: Mapped[str] = mapped_column(default=AttemptState.CREATED, info=IMPERSONAL)
    reason: Mapped[str | None] = mapped_column(info=IMPERSONAL)
    created_at: Mapped[datetime] = mapped_column(info=IMPERSONAL)
    expires_at: Mapped[datetime] = mapped_column(info=IMPERSONAL)
    cancel_asked_at: Mapped[datetime | None] = mapped_column(info=IMPERSONAL)
    closed_at: Mapped[datetime | None] = mapped_column(info=IMPERSONAL)
    due_at: Mapped[datetime | None] = mapped_column(info=IMPERSONAL)  # our next word to the bank
    tries: Mapped[int] = mapped_column(default=0, info=IMPERSONAL)


class BankCredit(Base):
    """Money that arrived at the bank, once by the bank's own number of the transaction."""

    __tablename__ = "bank_credits"
    __table_args__ = (
        Index(None, "attempt_id"),
        Index(None, "bill_id"),
        Index(None, "paid_on"),
        CheckConstraint("amount_cents > 0", name="amount_is_positive"),
        CheckConstraint("settled_cents + held_cents = amount_cents", name="is_whole"),
    )

    id: Mapped[str] = mapped_column(
        primary_key=True, default=lambda: new_id("crd"), info=IMPERSONAL
    )
    transaction_id: Mapped[str] = mapped_column(unique=True, info=IMPERSONAL)
    fps_reference: Mapped[str] = mapped_column(info=IMPERSONAL)
    reference: Mapped[str | None] = mapped_column(info=PERSONAL)  # as the payer's bank sent it
    attempt_id: Mapped[str | None] = mapped_column(
        ForeignKey("payment_attempts.id"), info=IMPERSONAL
    )
    bill_id: Mapped[str | None] = mapped_column(ForeignKey("bills.id"), info=IMPERSONAL)
    amount_cents: Mapped[int] = mapped_column(BigInteger, info=PERSONAL)
    currency: Mapped[str] = mapped_column(info=IMPERSONAL)
    settled_cents: Mapped[int] = mapped_column(BigInteger, info=PERSONAL)
    held_cents: Mapped[int] = mapped_column(BigInteger, info=PERSONAL)
    hold_reason: Mapped[str | None] = mapped_column(info=IMPERSONAL)
    heard_by: Mapped[str] = mapped_column(info=IMPERSONAL)
    paid_at: Mapped[datetime] = mapped_column(info=IMPERSONAL)
    paid_on: Mapped[date] = mapped_column(info=IMPERSONAL)  # the Hong Kong date of paid_at
    stated_on: Mapped[date | None] = mapped_column(info=IMPERSONAL)  # the bank's file that has it
    created_at: Mapped[datetime] = mapped_column(info=IMPERSONAL)


class Refund(Base):
    """Held money on its way back. Two different operators: the database sees to that, too."""

    __tablename__ = "refunds"
    __table_args__ = (
        Index(
            "uq_refunds_open_credit",
            "credit_id",
            unique=True,
            sqlite_where=_is_in("state", OPEN_REFUNDS),
            postgresql_where=_is_in("state", OPEN_REFUNDS),
        ),
        Index(None, "credit_id"),
        Index(None, "state", "due_at"),
        CheckConstraint("amount_cents > 0", name="amount_is_positive"),
        CheckConstraint("approved_by is null or approved_by <> asked_by", name="two_operators"),
    )

    id: Mapped[str] = mapped_column(
        primary_key=True, default=lambda: new_id("rfd"), info=IMPERSONAL
    )
    credit_id: Mapped[str] = mapped_column(ForeignKey("bank_credits.id"), info=IMPERSONAL)
    amount_cents: Mapped[int] = mapped_column(BigInteger, info=PERSONAL)
    state: Mapped[str] = mapped_column(info=IMPERSONAL)
    reason: Mapped[str] = mapped_column(info=PERSONAL)
    asked_by: Mapped[str] = mapped_column(info=PERSONAL)
    asked_at: Mapped[datetime] = mapped_column(info=IMPERSONAL)
    approved_by: Mapped[str | None] = mapped_column(info=PERSONAL)
    approved_at: Mapped[datetime | None] = mapped_column(info=IMPERSONAL)
    declined_by: Mapped[str | None] = mapped_column(info=PERSONAL)
    bank_reason: Mapped[str | None] = mapped_column(info=IMPERSONAL)
    due_at: Mapped[datetime | None] = mapped_column(info=IMPERSONAL)
    tries: Mapped[int] = mapped_column(default=0, info=IMPERSONAL)
    closed_at: Mapped[datetime | None] = mapped_column(info=IMPERSONAL)
    stated_on: Mapped[date | None] = mapped_column(info=IMPERSONAL)  # the bank's file that has it


class LedgerEntry(Base):
    """One movement of money in one currency; its postings sum to nothing. Only ever added to."""

    __tablename__ = "ledger_entries"
    __table_args__ = (Index(None, "on_day"),)

    id: Mapped[str] = mapped_column(
        primary_key=True, default=lambda: new_id("led"), info=IMPERSONAL
    )
    business_key: Mapped[str] = mapped_column(
        unique=True, info=IMPERSONAL
    )  # `credit:…`, `refund:…`
    currency: Mapped[str] = mapped_column(info=IMPERSONAL)  # of all its postings
    settles_bill_id: Mapped[str | None] = mapped_column(
        ForeignKey("bills.id"), unique=True, info=IMPERSONAL
    )
    at: Mapped[datetime] = mapped_column(info=IMPERSONAL)
    on_day: Mapped[date] = mapped_column(info=IMPERSONAL)  # the Hong Kong date of `at`


class LedgerPosting(Base):
    """One line of an entry: so much into (positive) or out of (negative) an account."""

    __tablename__ = "ledger_postings"
    __table_args__ = (
        Index(None, "entry_id"),
        CheckConstraint("amount_cents <> 0", name="moves_something"),
    )

    id: Mapped[str] = mapped_column(
        primary_key=True, default=lambda: new_id("pst"), info=IMPERSONAL
    )
    entry_id: Mapped[str] = mapped_column(ForeignKey("ledger_entries.id"), info=IMPERSONAL)
    account: Mapped[str] = mapped_column(info=IMPERSONAL)
    department_id: Mapped[str | None] = mapped_column(info=IMPERSONAL)  # whose, of `department`
    amount_cents: Mapped[int] = mapped_column(BigInteger, info=PERSONAL)


def attempt_of(resident_id: str, attempt_id: str) -> Select[PaymentAttempt]:
    """One payment attempt of this resident; another's is not found."""
    return select(PaymentAttempt).where(
        PaymentAttempt.id == attempt_id, PaymentAttempt.resident_id == resident_id
    )


def attempts_at(resident_id: str, bill_id: str) -> Select[PaymentAttempt]:
    """A resident's attempts at one bill, newest first."""
    return (
        select(PaymentAttempt)
        .where(PaymentAttempt.resident_id == resident_id, PaymentAttempt.bill_id == bill_id)
        .order_by(PaymentAttempt.id.desc())
    )


def open_attempt_for(bill_id: str) -> Select[PaymentAttempt]:
    """The one open attempt at a bill, if there is one."""
    return select(PaymentAttempt).where(
        PaymentAttempt.bill_id == bill_id, PaymentAttempt.state.in_(OPEN_STATES)
    )


def attempt_referred_to(reference: str) -> Select[PaymentAttempt]:
    """The attempt that the bank knows by this reference of ours."""
    return select(PaymentAttempt).where(PaymentAttempt.reference == reference)


def locked_attempt(attempt_id: str) -> Select[PaymentAttempt]:
    """An attempt as it stands now, its row locked; take its bill's row before."""
    return (
        select(PaymentAttempt)
        .where(PaymentAttempt.id == attempt_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def attempts_due(now: datetime, most: int) -> Select[PaymentAttempt]:
    """Attempts that the bank is to be asked about now; those that another worker takes are passed."""
    return (
        select(PaymentAttempt)
        .where(PaymentAttempt.due_at <= now)
        .order_by(PaymentAttempt.due_at)
        .limit(most)
        .with_for_update(skip_locked=True)
    )


def attempts_astray(now: datetime, most: int) -> Select[PaymentAttempt]:
    """Open attempts that wait longer than any does: a clock that was wrong has put them off."""
    return (
        select(PaymentAttempt)
        .where(PaymentAttempt.state.in_(OPEN_STATES), PaymentAttempt.due_at > now + LONGEST_WAIT)
        .limit(most)
    )


def next_attempt_due() -> Select[datetime | None]:
    """When the bank is to be asked next, None if never."""
    return select(func.min(PaymentAttempt.due_at))


def credit_numbered(transaction_id: str) -> Select[BankCredit]:
    """The money that the bank knows by this number."""
    return select(BankCredit).where(BankCredit.transaction_id == transaction_id)


def credits_of_attempt(attempt_id: str) -> Select[BankCredit]:
    """All the money that came for an attempt, in the order in which we heard of it."""
    return select(BankCredit).where(BankCredit.attempt_id == attempt_id).order_by(BankCredit.id)


def returned_by_credit() -> Select[str, int]:
    """How much went back of each credit of which something did, as `credit_id` and `cents`."""
    return (
        select(Refund.credit_id, func.sum(Refund.amount_cents).label("cents"))
        .where(Refund.state == RefundState.DONE)
        .group_by(Refund.credit_id)
    )


def attempts_alive_at(resident_id: str, bill_ids: Collection[str]) -> Select[str, str, str, int]:
    """A resident's attempts at some bills that are open or of which money is held, newest last.

    Of each the bill, its own id and state, and in `held_cents` what is left of money that came: one
    row of each piece of money, or one with none.
    """
    of_it = aliased(Refund)
    returned = (
        select(func.coalesce(func.sum(of_it.amount_cents), 0))
        .where(of_it.credit_id == BankCredit.id, of_it.state == RefundState.DONE)
        .scalar_subquery()
    )
    held = (func.coalesce(BankCredit.held_cents, 0) - returned).label("held_cents")
    return (
        select(PaymentAttempt.bill_id, PaymentAttempt.id, PaymentAttempt.state, held)
        .outerjoin(BankCredit, BankCredit.attempt_id == PaymentAttempt.id)
        .where(
            PaymentAttempt.bill_id.in_(list(bill_ids)),
            PaymentAttempt.resident_id == resident_id,
            or_(PaymentAttempt.state.in_(OPEN_STATES), BankCredit.held_cents > 0),
        )
        .order_by(PaymentAttempt.id)
    )


def returned_of_credits(credit_ids: Collection[str]) -> Select[str, int]:
    """How much went back of those of these credits of which something did."""
    return returned_by_credit().where(Refund.credit_id.in_(list(credit_ids)))
