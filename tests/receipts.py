"""Makes receipts as the books hold them, where a test is not about paying."""

from datetime import UTC, datetime
from typing import Any

from backend.core import clock
from backend.core.database import Database
from backend.payments.models import BankCredit
from backend.payments.receipts.models import Receipt

PAID_AT = datetime(2026, 11, 23, 16, 5, 9, tzinfo=UTC)  # five past midnight in Hong Kong


def keep_receipt(rows: Database, bill_id: str, resident_id: str, **changes: Any) -> str:
    """Write a receipt for a bill of 418.50, changed as asked; return its id."""
    name = bill_id[-6:].upper()
    facts = {
        "number": f"R20261124-{name}",
        "department_id": "WSD",
        "bill_number": "W-1",
        "bill_kind": "water",
        "amount_cents": 41850,
        "currency": "HKD",
        "fps_reference": f"FRN20261124{name}",
        "paid_at": PAID_AT,
        "issued_at": PAID_AT.replace(second=11),
        **changes,
    }
    credit = BankCredit(
        transaction_id=f"T-{name}",
        fps_reference=facts["fps_reference"],
        bill_id=bill_id,
        amount_cents=facts["amount_cents"],
        currency=facts["currency"],
        settled_cents=facts["amount_cents"],
        held_cents=0,
        heard_by="callback",
        paid_at=facts["paid_at"],
        paid_on=clock.hong_kong_date(facts["paid_at"]),
        created_at=facts["issued_at"],
    )
    with rows.transaction() as db:
        db.add(credit)
        db.flush()
        receipt = Receipt(bill_id=bill_id, credit_id=credit.id, resident_id=resident_id, **facts)
        db.add(receipt)
        db.flush()
        return receipt.id
