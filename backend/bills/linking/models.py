"""Accounts with departments that residents have linked, and the guesses at them."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import (
    ForeignKey,
    Index,
    Select,
    UniqueConstraint,
    and_,
    func,
    select,
    union_all,
)
from sqlalchemy.orm import Mapped, mapped_column

from backend.bills.models import Bill
from backend.bills.rules import BillState
from backend.core.clock import new_id
from backend.core.database import IMPERSONAL, PERSONAL, Base


class AccountLink(Base):
    """A resident's link to an account with a department; an account has one resident at a time."""

    __tablename__ = "account_links"
    __table_args__ = (
        UniqueConstraint("department_id", "account_number"),
        Index(None, "resident_id", "id"),
    )

    id: Mapped[str] = mapped_column(
        primary_key=True, default=lambda: new_id("lnk"), info=IMPERSONAL
    )
    resident_id: Mapped[str] = mapped_column(ForeignKey("residents.id"), info=IMPERSONAL)
    department_id: Mapped[str] = mapped_column(info=IMPERSONAL)
    account_number: Mapped[str] = mapped_column(info=PERSONAL)
    created_at: Mapped[datetime] = mapped_column(info=IMPERSONAL)


class LinkGuess(Base):
    """A place that a wrong guess takes until its window is over; there are only so many of them.

    That a place is taken once is the constraint that holds however many guess at the same moment.
    """

    __tablename__ = "link_guesses"

    counted_by: Mapped[str] = mapped_column(primary_key=True, info=IMPERSONAL)
    place: Mapped[int] = mapped_column(primary_key=True, info=IMPERSONAL)
    made_at: Mapped[datetime] = mapped_column(index=True, info=IMPERSONAL)


def link_of(department_id: str, account_number: str) -> Select[AccountLink]:
    """The link to this account, its number as `plain_account` folds it; at most one."""
    return links_among(department_id, [account_number])


def links_among(department_id: str, account_numbers: Collection[str]) -> Select[AccountLink]:
    """The links to these accounts of a department, their numbers as `plain_account` folds them."""
    return select(AccountLink).where(
        AccountLink.department_id == department_id,
        AccountLink.account_number.in_(list(account_numbers)),
    )


def link_with(resident_id: str, link_id: str) -> Select[AccountLink]:
    """One link of this resident; another's is not found."""
    return select(AccountLink).where(
        AccountLink.id == link_id, AccountLink.resident_id == resident_id
    )


def links_by(resident_id: str, before_id: str | None, limit: int) -> Select[AccountLink]:
    """A resident's links, newest first, older than `before_id`."""
    links = select(AccountLink).where(AccountLink.resident_id == resident_id)
    if before_id is not None:
        links = links.where(AccountLink.id < before_id)
    return links.order_by(AccountLink.id.desc()).limit(limit)


def newest_bills(department_id: str, account_number: str, most: int) -> Select[Bill]:
    """The newest bills of an account, whoever sees them: for a proof, never for a reader."""
    return (
        select(Bill)
        .where(
            Bill.department_id == department_id,
            Bill.account_number == account_number,
            Bill.state != BillState.WITHDRAWN,
        )
        .order_by(Bill.issued_on.desc(), Bill.id.desc())
        .limit(most)
    )


def kinds_billed_to(resident_id: str) -> Select[str, str]:
    """Department and kind of the bills of a resident and of their linked accounts, latest first."""
    columns = Bill.department_id, Bill.kind, Bill.issued_on
    same_account = and_(
        Bill.department_id == AccountLink.department_id,
        Bill.account_number == AccountLink.account_number,
    )
    bills = union_all(
        select(*columns).where(Bill.resident_id == resident_id),
        select(*columns)
        .join(AccountLink, same_account)
        .where(AccountLink.resident_id == resident_id),
    ).subquery()
    return (
        select(bills.c.department_id, bills.c.kind)
        .group_by(bills.c.department_id, bills.c.kind)
        .order_by(func.max(bills.c.issued_on).desc(), bills.c.department_id, bills.c.kind)
    )


def unseen_bills(link: AccountLink) -> Select[Bill]:
    """The open bills of a link's account that nobody sees yet, as they stand, their rows locked."""
    return (
        select(Bill)
        .where(
            Bill.department_id == link.department_id,
            Bill.account_number == link.account_number,
            Bill.resident_id.is_(None),
            Bill.state == BillState.OPEN,
        )
        .order_by(Bill.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def open_bills_by(link: AccountLink) -> Select[Bill]:
    """The open bills that a resident has by this link, their rows locked."""
    return (
        select(Bill)
        .where(
            Bill.resident_id == link.resident_id,
            Bill.state == BillState.OPEN,
            Bill.link_id == link.id,
        )
        .order_by(Bill.id)
        .with_for_update()
    )


def guesses_counted_by(counted_by: str) -> Select[LinkGuess]:
    """The places that are taken of one resident's or account's guesses, their rows locked."""
    return (
        select(LinkGuess)
        .where(LinkGuess.counted_by == counted_by)
        .order_by(LinkGuess.place)
        .with_for_update()
    )


def old_guesses(before: datetime, most: int) -> Select[str, int]:
    """Some places whose guess counts no more; those that a rival sweeps are passed over."""
    return (
        select(LinkGuess.counted_by, LinkGuess.place)
        .where(LinkGuess.made_at <= before)
        .order_by(LinkGuess.made_at)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
