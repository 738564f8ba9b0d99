"""Linking an account to a resident, so that its bills come to them, and ending that."""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from backend.bills.linking import rules
from backend.bills.linking.models import (
    AccountLink,
    kinds_billed_to,
    link_of,
    link_with,
    links_by,
    newest_bills,
    open_bills_by,
    unseen_bills,
)
from backend.bills.linking.rules import Printed, Proof
from backend.bills.matching import hold_links
from backend.bills.models import Bill
from backend.bills.rules import BillKind
from backend.bills.telling import facts_told
from backend.core.clock import new_id
from backend.core.database import after_commit
from backend.core.paging import Page, decode_cursor, encode_cursor
from backend.notifications import MessageKind, call_off, editions_told, notify

IsBeingPaid = Callable[[Session, str], bool]


def link_account(
    db: Session,
    resident_id: str,
    department_id: str,
    account_number: str,
    proof: Proof,
    *,
    now: datetime,
    ring: Callable[[], None],
) -> tuple[AccountLink, bool]:
    """Link an account to a resident who can prove it; return the link and whether it is new.

    Its open bills that nobody sees yet are theirs from now on. AccountNotProved, which never says
    whether the proof is wrong, the account unknown or somebody else's.
    """
    account = rules.plain_account(account_number)
    hold_links(db, department_id, alone=True)
    standing = db.scalars(link_of(department_id, account)).one_or_none()
    if standing is not None and standing.resident_id == resident_id:
        return standing, False
    bills = db.scalars(newest_bills(department_id, account, rules.BILLS_THAT_PROVE)).all()
    is_proved = rules.proves(proof, [Printed(b.amount_cents, b.link_code) for b in bills])
    if standing is not None or not is_proved:
        raise rules.AccountNotProved
    link = AccountLink(
        id=new_id("lnk"),
        resident_id=resident_id,
        department_id=department_id,
        account_number=account,
        created_at=now,
    )
    db.add(link)
    db.flush()
    _hand_over(db, link, now, ring)
    return link, True


def unlink_account(
    db: Session, resident_id: str, link_id: str, is_being_paid: IsBeingPaid, now: datetime
) -> None:
    """End a link; its open bills are nobody's again, paid ones stay. LinkNotFound, AccountBeingPaid."""
    link = db.scalars(link_with(resident_id, link_id)).one_or_none()
    if link is None:
        raise rules.LinkNotFound
    hold_links(db, link.department_id, alone=True)
    bills = db.scalars(open_bills_by(link)).all()
    if any(is_being_paid(db, bill.id) for bill in bills):
        raise rules.AccountBeingPaid
    for bill in bills:
        bill.resident_id = bill.link_id = bill.later_on = None
        call_off(db, bill.id, now)
    gone = delete(AccountLink).where(AccountLink.id == link_id).returning(AccountLink.id)
    if db.scalars(gone).first() is None:  # unlinked twice at the same moment
        raise rules.LinkNotFound


def list_links(db: Session, resident_id: str, cursor: str | None, limit: int) -> Page[AccountLink]:
    """Return a page of a resident's linked accounts, newest first."""
    before_id = decode_cursor(cursor, 1)[0] if cursor else None
    rows = db.scalars(links_by(resident_id, before_id, limit + 1)).all()
    more = len(rows) > limit
    return Page(rows[:limit], encode_cursor(rows[limit - 1].id) if more else None)


def list_kinds(db: Session, resident_id: str) -> list[tuple[str, BillKind]]:
    """Return department and kind of the bills that a resident has had or linked, latest first."""
    found = db.execute(kinds_billed_to(resident_id))
    return [(department_id, BillKind(kind)) for department_id, kind in found]


def _hand_over(db: Session, link: AccountLink, now: datetime, ring: Callable[[], None]) -> None:
    """Give a link's resident the open bills that nobody sees, and tell of the newest."""
    bills = db.scalars(unseen_bills(link)).all()
    for bill in bills:
        bill.resident_id, bill.link_id = link.resident_id, link.id
    db.flush()
    oldest_first = sorted(bills, key=lambda bill: (bill.issued_on, bill.id))
    _tell(db, link.resident_id, oldest_first[-rules.MOST_TOLD :], now)
    if bills:
        after_commit(db, ring)


def _tell(db: Session, resident_id: str, bills: Sequence[Bill], now: datetime) -> None:
    """Tell of bills that came by a link, the newest last, so that it stands first in the inbox.

    A bill may have been somebody's before: each one who gets it is told, and nobody twice.
    """
    told = editions_told(db, MessageKind.BILL_NEW, [bill.id for bill in bills])
    for bill in bills:
        earlier = told.get(bill.id, {})
        if resident_id in earlier.values():
            continue
        notify(
            db,
            resident_id=resident_id,
            department_id=bill.department_id,
            kind=MessageKind.BILL_NEW,
            about_id=bill.id,
            facts=facts_told(bill.amount_cents, bill.due_on.isoformat()),
            now=now,
            edition=max(earlier, default=0) + 1,
        )
