"""Selects of receipts; the table stands with the other books of payments."""

from sqlalchemy import Select, select

from backend.bills import Bill
from backend.payments.models import Receipt


def receipts_of(resident_id: str, before_id: str | None, limit: int) -> Select[Receipt, Bill]:
    """A resident's receipts with their bills, the newest first, before the one with this id."""
    rows = _with_bills(resident_id).order_by(Receipt.id.desc()).limit(limit)
    return rows if before_id is None else rows.where(Receipt.id < before_id)


def receipt_of(resident_id: str, receipt_id: str) -> Select[Receipt, Bill]:
    """One receipt of this resident with its bill; another's is not found."""
    return _with_bills(resident_id).where(Receipt.id == receipt_id)


def receipt_for(resident_id: str, bill_id: str) -> Select[Receipt, Bill]:
    """The receipt of this resident for a bill, with the bill."""
    return _with_bills(resident_id).where(Receipt.bill_id == bill_id)


def _with_bills(resident_id: str) -> Select[Receipt, Bill]:
    rows = select(Receipt, Bill).join(Bill, Bill.id == Receipt.bill_id)
    return rows.where(Receipt.resident_id == resident_id)
