"""What a department does with its bills: post one, amend it, take it back, look at its own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from backend.accounts import resident_of
from backend.bills import rules
from backend.bills.linking.models import link_of
from backend.bills.matching import hold_links
from backend.bills.models import (
    Bill,
    BillVersion,
    bill_numbered,
    bill_posted_by,
    bills_posted_by,
    columns_of,
    details_as_json,
    facts_as_json,
    former_versions,
)
from backend.bills.rules import BillFacts, BillKind, BillState
from backend.bills.telling import tell_of_change, tell_of_new, tell_of_withdrawal
from backend.core.clock import new_id
from backend.core.database import after_commit, insert_unless_there
from backend.core.paging import Page, decode_cursor, encode_cursor

Ring = Callable[[], None]
IsBeingPaid = Callable[[Session, str], bool]


@dataclass(frozen=True)
class WantedPosted:
    """Which of its own bills a department wants; None means any."""

    state: BillState | None = None
    kind: BillKind | None = None
    bill_number: str | None = None


def post_bill(
    db: Session,
    department_id: str,
    facts: BillFacts,
    now: datetime,
    ring: Ring,
    *,
    is_urgent: bool = False,
) -> tuple[Bill, bool]:
    """Post a bill and tell its resident, in one transaction; return it and whether it is new.

    The same bill under the same number again is the bill that stands, on any later day too, and
    tells nobody. Where an account alone is named, the bill is for whoever has linked it, and waits
    unseen where nobody has. `ring` wakes the worker after the commit. ResidentNotKnown,
    BillNumberTaken, and what `rules.ensure_sound` refuses.
    """
    rules.ensure_for_somebody(facts)
    if facts.resident_id and not db.scalars(resident_of(facts.resident_id)).one_or_none():
        raise rules.ResidentNotKnown
    is_new = insert_unless_there(db, Bill, _row_of(db, department_id, facts, now))
    bill = db.scalars(bill_numbered(department_id, facts.bill_number)).one()
    if not is_new:
        rules.ensure_same(facts, bill.facts)
        return bill, False
    rules.ensure_sound(facts)
    tell_of_new(db, bill, now, is_urgent=is_urgent)
    after_commit(db, ring)
    return bill, True


def amend_bill(
    db: Session,
    department_id: str,
    bill_id: str,
    facts: BillFacts,
    *,
    reason: str | None,
    now: datetime,
    ring: Ring,
    is_being_paid: IsBeingPaid,
    is_urgent: bool = False,
) -> Bill:
    """State an open bill anew: the former version is kept and the resident is told.

    What is said already changes nothing, however the bill stands. A bill that was put off comes up
    again. BillNotFound, BillPaid, BillWithdrawn, BillBeingPaid, BillNumberFixed, BillReceiverFixed,
    and what `rules.ensure_sound` refuses.
    """
    bill = _bill_to_change(db, department_id, bill_id)
    standing = bill.facts
    facts = rules.as_stated_beside(facts, standing)
    if facts == standing:
        return bill
    rules.ensure_still_the_same_bill(facts, standing)
    rules.ensure_sound(facts)
    _ensure_at_rest(db, bill, is_being_paid)
    db.add(
        BillVersion(
            bill_id=bill.id,
            version=bill.version,
            facts=facts_as_json(standing),
            replaced_at=now,
            reason=reason,
        )
    )
    _restate(bill, facts, now)
    tell_of_change(db, bill, reason, now, is_urgent=is_urgent)
    after_commit(db, ring)
    return bill


def withdraw_bill(
    db: Session,
    department_id: str,
    bill_id: str,
    reason: str,
    *,
    now: datetime,
    ring: Ring,
    is_being_paid: IsBeingPaid,
) -> Bill:
    """Take an open bill back and tell its resident; a bill that is taken back stays as it is.

    BillNotFound, BillPaid, BillBeingPaid.
    """
    bill = _bill_to_change(db, department_id, bill_id)
    if bill.state == BillState.WITHDRAWN:
        return bill
    _ensure_at_rest(db, bill, is_being_paid)
    take_back(db, bill, reason, now)
    after_commit(db, ring)
    return bill


def take_back(db: Session, bill: Bill, reason: str, now: datetime) -> None:
    """Mark an open bill, whose row is locked, as withdrawn, and tell its resident."""
    rules.ensure_open(BillState(bill.state))
    bill.state = BillState.WITHDRAWN
    bill.withdrawn_at = now
    bill.withdrawal_reason = reason
    tell_of_withdrawal(db, bill, now)


def get_posted(db: Session, department_id: str, bill_id: str) -> tuple[Bill, Sequence[BillVersion]]:
    """Return a department's bill and its former versions; BillNotFound where it is another's."""
    bill = db.scalars(bill_posted_by(department_id, bill_id)).one_or_none()
    if bill is None:
        raise rules.BillNotFound
    return bill, db.scalars(former_versions(bill.id)).all()


def is_posted_by(db: Session, department_id: str, bill_id: str) -> bool:
    """Say whether there is such a bill of this department."""
    return db.scalars(bill_posted_by(department_id, bill_id)).one_or_none() is not None


def list_posted(
    db: Session, department_id: str, wanted: WantedPosted, cursor: str | None, limit: int
) -> Page[Bill]:
    """Return a page of a department's own bills, newest first."""
    bills = bills_posted_by(department_id).order_by(Bill.id.desc())
    if wanted.state is not None:
        bills = bills.where(Bill.state == wanted.state)
    if wanted.kind is not None:
        bills = bills.where(Bill.kind == wanted.kind)
    if wanted.bill_number is not None:
        bills = bills.where(Bill.bill_number == wanted.bill_number)
    if cursor is not None:
        bills = bills.where(Bill.id < decode_cursor(cursor, 1)[0])
    rows = db.scalars(bills.limit(limit + 1)).all()
    more = len(rows) > limit
    return Page(rows[:limit], encode_cursor(rows[limit - 1].id) if more else None)


def _row_of(db: Session, department_id: str, facts: BillFacts, now: datetime) -> dict[str, object]:
    """Return the row of a new bill, with the resident who linked its account where none is named."""
    row = columns_of(facts, new_id("bill"), department_id, now)
    if facts.resident_id is None and facts.account_number is not None:
        hold_links(db, department_id, alone=False)
        link = db.scalars(link_of(department_id, facts.account_number)).one_or_none()
        if link is not None:
            row |= {"resident_id": link.resident_id, "link_id": link.id}
    return row


def _bill_to_change(db: Session, department_id: str, bill_id: str) -> Bill:
    """Return a department's bill, its row locked against paying; BillNotFound."""
    bill = db.scalars(bill_posted_by(department_id, bill_id).with_for_update()).one_or_none()
    if bill is None:
        raise rules.BillNotFound
    return bill


def _ensure_at_rest(db: Session, bill: Bill, is_being_paid: IsBeingPaid) -> None:
    rules.ensure_open(BillState(bill.state))
    if is_being_paid(db, bill.id):
        raise rules.BillBeingPaid


def _restate(bill: Bill, facts: BillFacts, now: datetime) -> None:
    bill.kind = facts.kind
    bill.amount_cents = facts.amount_cents
    bill.currency = facts.currency
    bill.issued_on = facts.issued_on
    bill.due_on = facts.due_on
    bill.link_code = facts.link_code
    bill.details = details_as_json(facts.details)
    bill.version += 1
    bill.amended_at = now
    bill.later_on = None
