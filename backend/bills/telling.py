"""What a resident is told of a bill: that it is new, that it has changed, that it is taken back."""

from datetime import datetime

from sqlalchemy.orm import Session

from backend.bills.models import Bill
from backend.bills.rules import dollars
from backend.notifications import MessageKind, call_off, notify


def tell_of_new(db: Session, bill: Bill, now: datetime, *, is_urgent: bool = False) -> None:
    """Tell the bill's resident that there is one, where a resident sees it."""
    _tell(db, bill, MessageKind.BILL_NEW, now, is_urgent=is_urgent)


def tell_of_change(
    db: Session, bill: Bill, reason: str | None, now: datetime, *, is_urgent: bool = False
) -> None:
    """Tell the bill's resident what it is now, and why if that is known; once of each version."""
    kind, edition = MessageKind.BILL_AMENDED, bill.version
    _tell(db, bill, kind, now, edition=edition, reason=reason, is_urgent=is_urgent)


def tell_of_withdrawal(db: Session, bill: Bill, now: datetime) -> None:
    """Tell the bill's resident that it need not be paid and why; drop what was still to be pushed."""
    call_off(db, bill.id, now)
    _tell(db, bill, MessageKind.BILL_WITHDRAWN, now, reason=bill.withdrawal_reason)


def _tell(
    db: Session,
    bill: Bill,
    kind: MessageKind,
    now: datetime,
    *,
    edition: int = 1,
    reason: str | None = None,
    is_urgent: bool = False,
) -> None:
    if bill.resident_id is None:
        return
    facts = facts_told(bill.amount_cents, bill.due_on.isoformat())
    notify(
        db,
        resident_id=bill.resident_id,
        department_id=bill.department_id,
        kind=kind,
        about_id=bill.id,
        facts=facts if reason is None else facts | {"reason": reason},
        now=now,
        edition=edition,
        is_urgent=is_urgent,
    )


def facts_told(amount_cents: int, due_on: str) -> dict[str, str]:
    """Return what fills the sentence of a message about a bill; `due_on` in ISO 8601."""
    return {"amount": dollars(amount_cents), "due_on": due_on}
