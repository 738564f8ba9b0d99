"""Receipts, and the selects that always carry whose they are."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, Select, select
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.clock import new_id
from backend.core.database import IMPERSONAL, PERSONAL, Base


class Receipt(Base):
    """That a bill was paid: what a resident keeps for seven years."""

    __tablename__ = "receipts"
    __table_args__ = (Index(None, "resident_id", "id"),)

    id: Mapped[str] = mapped_column(
        primary_key=True, default=lambda: new_id("rcpt"), info=IMPERSONAL
    )
    number: Mapped[str] = mapped_column(unique=True, info=IMPERSONAL)
    bill_id: Mapped[str] = mapped_column(ForeignKey("bills.id"), unique=True, info=IMPERSONAL)
    credit_id: Mapped[str] = mapped_column(ForeignKey("bank_credits.id"), info=IMPERSONAL)
    resident_id: Mapped[str] = mapped_column(ForeignKey("residents.id"), info=IMPERSONAL)
    department_id: Mapped[str] = mapped_column(info=IMPERSONAL)
    bill_number: Mapped[str] = mapped_column(info=PERSONAL)
    bill_kind: Mapped[str] = mapped_column(info=PERSONAL)
    amount_cents: Mapped[int] = mapped_column(BigInteger, info=PERSONAL)
    currency: Mapped[str] = mapped_column(info=IMPERSONAL)
    fps_reference: Mapped[str] = mapped_column(info=IMPERSONAL)
    paid_at: Mapped[datetime] = mapped_column(info=IMPERSONAL)
    issued_at: Mapped[datetime] = mapped_column(info=IMPERSONAL)


def receipts_of(resident_id: str, before_id: str | None, limit: int) -> Select[Receipt]:
    """A resident's receipts, the newest first, before the one with this id."""
    rows = _kept_by(resident_id).order_by(Receipt.id.desc()).limit(limit)
    return rows if before_id is None else rows.where(Receipt.id < before_id)


def receipt_of(resident_id: str, receipt_id: str) -> Select[Receipt]:
    """One receipt of this resident; another's is not found."""
    return _kept_by(resident_id).where(Receipt.id == receipt_id)


def receipt_for(resident_id: str, bill_id: str) -> Select[Receipt]:
    """The receipt of this resident for a bill."""
    return _kept_by(resident_id).where(Receipt.bill_id == bill_id)


def receipt_of_credits(credit_ids: Collection[str]) -> Select[Receipt]:
    """The receipt that one of these credits earned, if any did."""
    return select(Receipt).where(Receipt.credit_id.in_(list(credit_ids)))


def _kept_by(resident_id: str) -> Select[Receipt]:
    return select(Receipt).where(Receipt.resident_id == resident_id)
