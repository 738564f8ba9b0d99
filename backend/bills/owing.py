"""What a resident does with their own bills: list them, sum them up, put one off. Never another's."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, case, extract, func, or_, select
from sqlalchemy.orm import Session

from backend.bills import rules
from backend.bills.later import ensure_may_wait
from backend.bills.models import (
    Bill,
    bill_of,
    bills_among,
    bills_of,
    details_from,
    in_order_of_due_date,
    open_bills_of,
    paid_bills_of,
)
from backend.bills.rules import BillKind, BillState
from backend.bills.settling import bill_to_pay
from backend.core.paging import CursorNotKnown, Page, decode_cursor, encode_cursor


@dataclass(frozen=True)
class Wanted:
    """Which of a resident's bills are wanted; None means any. `year` is that of issue."""

    state: BillState | None = BillState.OPEN
    kind: BillKind | None = None
    department_id: str | None = None
    year: int | None = None
    is_later: bool | None = None


@dataclass(frozen=True)
class Owed:
    """What a resident still owes: the bills due first, and of all of them how many and how much.

    `total_cents` is what is payable today, surcharges included. `next_due_on` is the next last day
    that has not passed, None where there is none.
    """

    bills: Sequence[Bill]
    count: int
    total_cents: int
    overdue_count: int
    next_due_on: date | None


@dataclass(frozen=True)
class YearOfBills:
    """The bills that were issued to a resident in one year, and what was paid for them."""

    year: int
    count: int
    paid_cents: int


def get_bill(db: Session, resident_id: str, bill_id: str) -> Bill:
    """Return one bill of a resident; BillNotFound where it is not theirs."""
    bill = db.scalars(bill_of(resident_id, bill_id)).one_or_none()
    if bill is None:
        raise rules.BillNotFound
    return bill


def list_bills(
    db: Session, resident_id: str, wanted: Wanted, cursor: str | None, limit: int, *, today: date
) -> Page[Bill]:
    """Return a page of a resident's bills: open ones the first due first, others the other way."""
    newest_first = wanted.state is not BillState.OPEN
    bills = in_order_of_due_date(
        _filtered(bills_of(resident_id), wanted, today), _after(cursor), newest_first=newest_first
    )
    rows = db.scalars(bills.limit(limit + 1)).all()
    if len(rows) <= limit:
        return Page(rows, None)
    last = rows[limit - 1]
    return Page(rows[:limit], encode_cursor(last.due_on.isoformat(), last.id))


def list_years(db: Session, resident_id: str) -> list[YearOfBills]:
    """Return the years of a resident's bills by their dates of issue, the latest first."""
    bills = bills_of(resident_id).subquery()
    year = extract("year", bills.c.issued_on)
    years = select(year, func.count(), func.sum(bills.c.paid_cents)).group_by(year)
    return [
        YearOfBills(int(number), count, int(paid or 0))
        for number, count, paid in db.execute(years.order_by(year.desc()))
    ]


def sum_up_owed(
    db: Session, resident_id: str, kinds: Collection[BillKind], most: int, today: date
) -> Owed:
    """Sum up a resident's open bills of these kinds, of any kind where none is named.

    `most` of them come along, none where that is 0.
    """
    bills = open_bills_of(resident_id, kinds)
    owed = bills.order_by(None).subquery()
    is_late = owed.c.due_on < today
    count, amounts, late, next_due_on = db.execute(
        select(
            func.count(),
            func.sum(owed.c.amount_cents),
            func.count(case((is_late, 1))),
            func.min(case((~is_late, owed.c.due_on))),
        )
    ).one()
    added = _surcharged_cents(db, bills, today) if late else 0
    first = db.scalars(bills.limit(most)).all() if most and count else []
    return Owed(first, count, int(amounts or 0) + added, late, next_due_on)


def find_bills(db: Session, resident_id: str, bill_ids: Collection[str]) -> Sequence[Bill]:
    """Return those of these bills that are this resident's, the first due first."""
    return db.scalars(bills_among(resident_id, bill_ids)).all()


def find_paid(
    db: Session, resident_id: str, kinds: Collection[BillKind], most: int
) -> Sequence[Bill]:
    """Return a resident's paid bills of these kinds, any where none is named, last paid first."""
    return db.scalars(paid_bills_of(resident_id, kinds).limit(most)).all()


def put_off(db: Session, resident_id: str, bill_id: str, until: date, today: date) -> Bill:
    """Mark an open bill for later.

    BillNotFound, BillPaid, BillWithdrawn, BillCannotWait, LaterDateWrong.
    """
    bill = bill_to_pay(db, resident_id, bill_id)
    ensure_may_wait(until, bill.due_on, today)
    bill.later_on = until
    return bill


def take_up(db: Session, resident_id: str, bill_id: str) -> None:
    """Undo what `put_off` did, if it did; BillNotFound."""
    get_bill(db, resident_id, bill_id).later_on = None


def _filtered(bills: Select[Bill], wanted: Wanted, today: date) -> Select[Bill]:
    if wanted.state is not None:
        bills = bills.where(Bill.state == wanted.state)
    if wanted.kind is not None:
        bills = bills.where(Bill.kind == wanted.kind)
    if wanted.department_id is not None:
        bills = bills.where(Bill.department_id == wanted.department_id)
    if wanted.year is not None:
        first, last = date(wanted.year, 1, 1), date(wanted.year, 12, 31)
        bills = bills.where(Bill.issued_on.between(first, last))
    if wanted.is_later is None:
        return bills
    if wanted.is_later:
        return bills.where(Bill.later_on > today)
    return bills.where(or_(Bill.later_on.is_(None), Bill.later_on <= today))


def _surcharged_cents(db: Session, bills: Select[Bill], today: date) -> int:
    """Return what is added to these bills by today; only one that is overdue has anything added."""
    late = bills.order_by(None).with_only_columns(Bill.details).where(Bill.due_on < today)
    added = (details_from(each).surcharges for each in db.scalars(late))
    return sum(rules.payable_cents(0, surcharges, today) for surcharges in added)


def _after(cursor: str | None) -> tuple[date, str] | None:
    if cursor is None:
        return None
    due_on, bill_id = decode_cursor(cursor, 2)
    try:
        return date.fromisoformat(due_on), bill_id
    except ValueError as error:
        raise CursorNotKnown from error
