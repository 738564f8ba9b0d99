"""Days that are held against the bank's file, and the work list of what differed."""

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Index, Select, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.clock import new_id
from backend.core.database import IMPERSONAL, PERSONAL, Base
from backend.payments.models import BankCredit, LedgerEntry, LedgerPosting, PaymentAttempt, Refund
from backend.payments.receipts.models import Receipt
from backend.payments.refunds.models import with_currency
from backend.payments.rules import Account


class ParityDay(Base):
    """A Hong Kong day whose books are held against the bank's own file, once that is read.

    Until `checked_at`, `due_at` is its next turn or the end of the lease of whoever took it.
    """

    __tablename__ = "parity_days"
    __table_args__ = (Index(None, "due_at"),)

    day: Mapped[date] = mapped_column(primary_key=True, info=IMPERSONAL)
    due_at: Mapped[datetime | None] = mapped_column(info=IMPERSONAL)
    tries: Mapped[int] = mapped_column(default=0, info=IMPERSONAL)
    checked_at: Mapped[datetime | None] = mapped_column(info=IMPERSONAL)


class ParitySum(Base):
    """What a checked day comes to in one currency, by the bank's file and by our books: in less out."""

    __tablename__ = "parity_sums"

    day: Mapped[date] = mapped_column(
        ForeignKey("parity_days.day"), primary_key=True, info=IMPERSONAL
    )
    currency: Mapped[str] = mapped_column(primary_key=True, info=IMPERSONAL)
    bank_count: Mapped[int] = mapped_column(info=IMPERSONAL)
    bank_cents: Mapped[int] = mapped_column(BigInteger, info=IMPERSONAL)
    our_count: Mapped[int] = mapped_column(info=IMPERSONAL)
    our_cents: Mapped[int] = mapped_column(BigInteger, info=IMPERSONAL)


class ParityFinding(Base):
    """Where books and bank did not agree: the staff's work list."""

    __tablename__ = "parity_findings"
    __table_args__ = (UniqueConstraint("day", "transaction_id", "kind"),)

    id: Mapped[str] = mapped_column(
        primary_key=True, default=lambda: new_id("pfd"), info=IMPERSONAL
    )
    day: Mapped[date] = mapped_column(info=IMPERSONAL)
    # the bank's number; our own id of a refund that its file does not hold
    transaction_id: Mapped[str] = mapped_column(info=IMPERSONAL)
    kind: Mapped[str] = mapped_column(info=IMPERSONAL)
    bank_cents: Mapped[int | None] = mapped_column(BigInteger, info=IMPERSONAL)
    bank_currency: Mapped[str | None] = mapped_column(info=IMPERSONAL)
    our_cents: Mapped[int | None] = mapped_column(BigInteger, info=IMPERSONAL)
    our_currency: Mapped[str | None] = mapped_column(info=IMPERSONAL)
    found_at: Mapped[datetime] = mapped_column(info=IMPERSONAL)
    closed_at: Mapped[datetime | None] = mapped_column(info=IMPERSONAL)
    closed_by: Mapped[str | None] = mapped_column(info=PERSONAL)


def first_attempt_at() -> Select[datetime | None]:
    """When the oldest payment attempt was made, None before any."""
    return select(func.min(PaymentAttempt.created_at))


def last_day() -> Select[date | None]:
    """The newest day that is on the list, checked or not."""
    return select(func.max(ParityDay.day))


def first_due_at() -> Select[datetime | None]:
    """When the next unchecked day has its turn, None if all are checked."""
    return select(func.min(ParityDay.due_at))


def day_due(now: datetime) -> Select[ParityDay]:
    """A day whose turn has come; one that a rival worker takes is passed over."""
    return (
        select(ParityDay)
        .where(ParityDay.due_at <= now)
        .order_by(ParityDay.due_at, ParityDay.day)
        .limit(1)
        .with_for_update(skip_locked=True)
    )


def locked_day(day: date) -> Select[ParityDay]:
    """A day of the list, its row locked."""
    return select(ParityDay).where(ParityDay.day == day).with_for_update()


def days_newest_first(limit: int) -> Select[ParityDay]:
    """The newest days of the list."""
    return select(ParityDay).order_by(ParityDay.day.desc()).limit(limit)


def sums_of(days: Collection[date]) -> Select[ParitySum]:
    """What these days came to, by currency."""
    wanted = select(ParitySum).where(ParitySum.day.in_(list(days)))
    return wanted.order_by(ParitySum.day.desc(), ParitySum.currency)


def credits_numbered(transaction_ids: Collection[str]) -> Select[BankCredit]:
    """The money that the bank knows by these numbers."""
    return select(BankCredit).where(BankCredit.transaction_id.in_(list(transaction_ids)))


def refunds_with(refund_ids: Collection[str]) -> Select[Refund, str]:
    """The refunds with these ids, each with the currency of its money."""
    return with_currency().where(Refund.id.in_(list(refund_ids)))


def credits_paid_on(day: date) -> Select[BankCredit]:
    """The money that came on a Hong Kong day."""
    return select(BankCredit).where(BankCredit.paid_on == day)


def credits_unstated(day: date, after: str, limit: int) -> Select[BankCredit]:
    """Money of a Hong Kong day that no file of the bank holds, past a bank's number of it."""
    return (
        credits_paid_on(day)
        .where(BankCredit.stated_on.is_(None), BankCredit.transaction_id > after)
        .order_by(BankCredit.transaction_id)
        .limit(limit)
    )


def open_findings(limit: int) -> Select[ParityFinding]:
    """What staff still have to look into, oldest day first."""
    return (
        select(ParityFinding)
        .where(ParityFinding.closed_at.is_(None))
        .order_by(ParityFinding.day, ParityFinding.id)
        .limit(limit)
    )


def count_of_open_findings() -> Select[int]:
    """How many differences nobody has closed."""
    return select(func.count()).select_from(ParityFinding).where(ParityFinding.closed_at.is_(None))


def findings_of(day: date) -> Select[ParityFinding]:
    """All that differed on a day, closed or not."""
    return select(ParityFinding).where(ParityFinding.day == day).order_by(ParityFinding.id)


def settled_on(
    department_id: str, day: date, currency: str, after: str = ""
) -> Select[str, int, Receipt]:
    """The entries that settled a department's bills on a day, past one of them, with receipts.

    A department's account is owed to it, so `cents` are negative.
    """
    return (
        select(LedgerEntry.id, LedgerPosting.amount_cents.label("cents"), Receipt)
        .join(LedgerPosting, LedgerPosting.entry_id == LedgerEntry.id)
        .join(Receipt, Receipt.bill_id == LedgerEntry.settles_bill_id)
        .where(
            LedgerEntry.on_day == day,
            LedgerEntry.currency == currency,
            LedgerEntry.id > after,
            LedgerPosting.account == Account.DEPARTMENT,
            LedgerPosting.department_id == department_id,
        )
        .order_by(LedgerEntry.id)
    )


def locked_finding(finding_id: str) -> Select[ParityFinding]:
    """A finding, its row locked."""
    return select(ParityFinding).where(ParityFinding.id == finding_id).with_for_update()
