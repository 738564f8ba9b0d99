"""Reading one's own receipts. Nothing here or elsewhere changes or deletes one."""

from sqlalchemy import Select
from sqlalchemy.orm import Session

from backend.core.paging import Page, decode_cursor, encode_cursor
from backend.payments.receipts.models import Receipt, receipt_for, receipt_of, receipts_of
from backend.payments.receipts.rules import ReceiptNotFound


def list_receipts(db: Session, resident_id: str, cursor: str | None, limit: int) -> Page[Receipt]:
    """Return a page of a resident's receipts, the newest first."""
    before_id = decode_cursor(cursor, 1)[0] if cursor else None
    rows = db.scalars(receipts_of(resident_id, before_id, limit + 1)).all()
    more = len(rows) > limit
    return Page(rows[:limit], encode_cursor(rows[limit - 1].id) if more else None)


def get_receipt(db: Session, resident_id: str, receipt_id: str) -> Receipt:
    """Return one receipt of a resident; ReceiptNotFound where it is not theirs."""
    return _one(db, receipt_of(resident_id, receipt_id))


def get_receipt_for(db: Session, resident_id: str, bill_id: str) -> Receipt:
    """Return the receipt for a bill of a resident; ReceiptNotFound where there is none."""
    return _one(db, receipt_for(resident_id, bill_id))


def _one(db: Session, rows: Select[Receipt]) -> Receipt:
    receipt = db.scalars(rows).one_or_none()
    if receipt is None:
        raise ReceiptNotFound
    return receipt
