"""Reading one's own receipts. Nothing here or elsewhere changes or deletes one."""

from sqlalchemy import Select
from sqlalchemy.orm import Session

from backend.bills import Bill
from backend.core.paging import Page, decode_cursor, encode_cursor
from backend.payments.models import Receipt
from backend.payments.receipts.models import receipt_for, receipt_of, receipts_of
from backend.payments.receipts.rules import ReceiptNotFound

Kept = tuple[Receipt, Bill]


def list_receipts(db: Session, resident_id: str, cursor: str | None, limit: int) -> Page[Kept]:
    """Return a page of a resident's receipts, each with its bill, the newest first."""
    before_id = decode_cursor(cursor, 1)[0] if cursor else None
    rows = [
        (receipt, bill)
        for receipt, bill in db.execute(receipts_of(resident_id, before_id, limit + 1))
    ]
    if len(rows) <= limit:
        return Page(rows, None)
    return Page(rows[:limit], encode_cursor(rows[limit - 1][0].id))


def get_receipt(db: Session, resident_id: str, receipt_id: str) -> Kept:
    """Return one receipt of a resident; ReceiptNotFound where it is not theirs."""
    return _one(db, receipt_of(resident_id, receipt_id))


def get_receipt_for(db: Session, resident_id: str, bill_id: str) -> Kept:
    """Return the receipt for a bill of a resident; ReceiptNotFound where there is none."""
    return _one(db, receipt_for(resident_id, bill_id))


def _one(db: Session, rows: Select[Receipt, Bill]) -> Kept:
    found = db.execute(rows).one_or_none()
    if found is None:
        raise ReceiptNotFound
    receipt, bill = found
    return receipt, bill
