"""What staff do about findings, and what a department reads of what was settled for it."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.bills import CURRENCY
from backend.core.paging import Page, decode_cursor, encode_cursor
from backend.payments.parity import rules
from backend.payments.parity.models import ParityFinding, locked_finding, settled_on
from backend.payments.refunds.rules import same_name


@dataclass(frozen=True)
class Settled:
    """One bill that was settled: by which payment, under which receipt."""

    bill_number: str
    bill_id: str
    amount_cents: int
    fps_reference: str
    paid_at: datetime
    receipt_number: str


@dataclass(frozen=True)
class Settlement:
    """What was settled for a department on a Hong Kong day: the whole, and some of its items."""

    day: date
    count: int
    total_cents: int
    currency: str
    page: Page[Settled]


def read_day(text: str) -> date:
    """Read a day of a path or a command; DayNotReadable."""
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise rules.DayNotReadable from error
    if day.isoformat() != text or not rules.FIRST_DAY <= day <= rules.LAST_DAY:
        raise rules.DayNotReadable
    return day


def read_settlement(
    db: Session, department_id: str, day: date, cursor: str | None, limit: int
) -> Settlement:
    """Return what the ledger settled for a department on a day, in the order of the books.

    Bills are in one currency, and money in another settles none.
    """
    after = decode_cursor(cursor, 1)[0] if cursor else ""
    whole = settled_on(department_id, day, CURRENCY).order_by(None).subquery()
    count, cents = db.execute(select(func.count(), func.coalesce(func.sum(whole.c.cents), 0))).one()
    rows = db.execute(settled_on(department_id, day, CURRENCY, after).limit(limit + 1)).all()
    items = [
        Settled(
            bill_number=receipt.bill_number,
            bill_id=receipt.bill_id,
            amount_cents=-cents_of_row,
            fps_reference=receipt.fps_reference,
            paid_at=receipt.paid_at,
            receipt_number=receipt.number,
        )
        for _, cents_of_row, receipt in rows[:limit]
    ]
    next_cursor = encode_cursor(rows[limit - 1][0]) if len(rows) > limit else None
    return Settlement(day, count, -int(cents), CURRENCY, Page(items, next_cursor))


def close_finding(db: Session, finding_id: str, operator: str, now: datetime) -> ParityFinding:
    """Take a finding off the work list; one that is closed stays as it was. FindingNotFound."""
    name = same_name(operator)
    finding = db.scalars(locked_finding(finding_id)).one_or_none()
    if finding is None:
        raise rules.FindingNotFound
    if finding.closed_at is None:
        finding.closed_at, finding.closed_by = now, name
    return finding
