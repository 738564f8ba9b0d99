"""Bills, and the selects that always carry whose they are."""

from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Select,
    UniqueConstraint,
    select,
    text,
    tuple_,
)
from sqlalchemy.orm import Mapped, mapped_column

from backend.bills.rules import BillDetails, BillFacts, BillKind, BillLine, BillState, Surcharge
from backend.core.bulk import is_among
from backend.core.clock import new_id
from backend.core.database import IMPERSONAL, PERSONAL, Base

_OPEN = text("state = 'open'")


class Bill(Base):
    """One bill of one resident, or of an account that nobody has linked yet.

    A department's own number stands once.
    """

    __tablename__ = "bills"
    __table_args__ = (
        UniqueConstraint("department_id", "bill_number"),
        Index(None, "resident_id", "state", "due_on", "id"),
        Index(None, "department_id", "account_number"),
        Index(None, "department_id", "id"),
        Index(None, "due_on", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),
        CheckConstraint("amount_cents > 0", name="amount_is_positive"),
        CheckConstraint(
            "resident_id is not null or account_number is not null", name="is_for_somebody"
        ),
    )

    id: Mapped[str] = mapped_column(
        primary_key=True, default=lambda: new_id("bill"), info=IMPERSONAL
    )
    department_id: Mapped[str] = mapped_column(info=IMPERSONAL)
    bill_number: Mapped[str] = mapped_column(info=PERSONAL)
    resident_id: Mapped[str | None] = mapped_column(ForeignKey("residents.id"), info=IMPERSONAL)
    link_id: Mapped[str | None] = mapped_column(info=IMPERSONAL)  # by which the resident got it
    kind: Mapped[str] = mapped_column(info=PERSONAL)
    amount_cents: Mapped[int] = mapped_column(BigInteger, info=PERSONAL)
    currency: Mapped[str] = mapped_column(info=IMPERSONAL)
    issued_on: Mapped[date] = mapped_column(info=PERSONAL)
    due_on: Mapped[date] = mapped_column(info=PERSONAL)
    account_number: Mapped[str | None] = mapped_column(info=PERSONAL)
    link_code: Mapped[str | None] = mapped_column(info=PERSONAL)
    details: Mapped[dict[str, Any]] = mapped_column(JSON, info=PERSONAL)
    state: Mapped[str] = mapped_column(default=BillState.OPEN, info=PERSONAL)
    version: Mapped[int] = mapped_column(default=1, info=IMPERSONAL)
    run_id: Mapped[str | None] = mapped_column(index=True, info=IMPERSONAL)
    later_on: Mapped[date | None] = mapped_column(info=PERSONAL)
    created_at: Mapped[datetime] = mapped_column(info=IMPERSONAL)
    amended_at: Mapped[datetime | None] = mapped_column(info=IMPERSONAL)
    withdrawn_at: Mapped[datetime | None] = mapped_column(info=IMPERSONAL)
    withdrawal_reason: Mapped[str | None] = mapped_column(info=PERSONAL)
    paid_at: Mapped[datetime | None] = mapped_column(info=PERSONAL)
    paid_cents: Mapped[int | None] = mapped_column(BigInteger, info=PERSONAL)

    @property
    def facts(self) -> BillFacts:
        """The bill as its department stated it; whoever got it by linking the account was not."""
        return BillFacts(
            resident_id=None if self.link_id else self.resident_id,
            bill_number=self.bill_number,
            kind=BillKind(self.kind),
            amount_cents=self.amount_cents,
            currency=self.currency,
            issued_on=self.issued_on,
            due_on=self.due_on,
            account_number=self.account_number,
            link_code=self.link_code,
            details=details_from(self.details),
        )


class BillVersion(Base):
    """A bill as it stood before an amendment."""

    __tablename__ = "bill_versions"

    bill_id: Mapped[str] = mapped_column(ForeignKey("bills.id"), primary_key=True, info=IMPERSONAL)
    version: Mapped[int] = mapped_column(primary_key=True, info=IMPERSONAL)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, info=PERSONAL)
    replaced_at: Mapped[datetime] = mapped_column(info=IMPERSONAL)
    reason: Mapped[str | None] = mapped_column(info=PERSONAL)


def facts_as_json(facts: BillFacts) -> dict[str, Any]:
    """Write facts as a former version keeps them.

    Without `link_code`, which is a secret: one copy of it is enough.
    """
    return {
        "resident_id": facts.resident_id,
        "bill_number": facts.bill_number,
        "kind": facts.kind,
        "amount_cents": facts.amount_cents,
        "currency": facts.currency,
        "issued_on": facts.issued_on.isoformat(),
        "due_on": facts.due_on.isoformat(),
        "account_number": facts.account_number,
        "details": details_as_json(facts.details),
    }


def details_as_json(details: BillDetails) -> dict[str, Any]:
    """Write details as they are stored: dates in ISO 8601, and nothing that was left out."""
    stated = {name: value for name, value in asdict(details).items() if value not in (None, ())}
    for name in ("period_from", "period_to"):
        if name in stated:
            stated[name] = stated[name].isoformat()
    if "surcharges" in stated:
        stated["surcharges"] = [
            {**each, "after": each["after"].isoformat()} for each in stated["surcharges"]
        ]
    if "lines" in stated:
        stated["lines"] = list(stated["lines"])
    return stated


def details_from(stored: Mapping[str, Any]) -> BillDetails:
    """Read details back from how they are stored."""
    stated = dict(stored)
    for name in ("period_from", "period_to"):
        if name in stated:
            stated[name] = date.fromisoformat(stated[name])
    stated["lines"] = tuple(BillLine(**each) for each in stated.get("lines", ()))
    stated["surcharges"] = tuple(
        Surcharge(**{**each, "after": date.fromisoformat(each["after"])})
        for each in stated.get("surcharges", ())
    )
    return BillDetails(**stated)


def columns_of(
    facts: BillFacts, bill_id: str, department_id: str, now: datetime
) -> dict[str, object]:
    """The row of a bill as its department stated it."""
    return {
        "id": bill_id,
        "department_id": department_id,
        "bill_number": facts.bill_number,
        "resident_id": facts.resident_id,
        "kind": facts.kind,
        "amount_cents": facts.amount_cents,
        "currency": facts.currency,
        "issued_on": facts.issued_on,
        "due_on": facts.due_on,
        "account_number": facts.account_number,
        "link_code": facts.link_code,
        "details": details_as_json(facts.details),
        "state": BillState.OPEN,
        "version": 1,
        "created_at": now,
    }


def bill_of(resident_id: str, bill_id: str) -> Select[Bill]:
    """One bill of this resident; another's is not found."""
    return select(Bill).where(Bill.id == bill_id, Bill.resident_id == resident_id)


def bill_with(bill_id: str) -> Select[Bill]:
    """The bill with this id, whoever's: for money that arrived for it, never for a reader."""
    return select(Bill).where(Bill.id == bill_id)


def open_among(bill_ids: Collection[str]) -> Select[str]:
    """Ids of those of these bills that are open, whoever's: for pushes about them."""
    return select(Bill.id).where(is_among(Bill.id, bill_ids), Bill.state == BillState.OPEN)


def bills_of(resident_id: str) -> Select[Bill]:
    """A resident's bills, in whatever state and order."""
    return select(Bill).where(Bill.resident_id == resident_id)


def open_bills_of(resident_id: str, kinds: Collection[BillKind] = ()) -> Select[Bill]:
    """A resident's open bills of these kinds, of any kind where none is named, first due first."""
    bills = bills_of(resident_id).where(Bill.state == BillState.OPEN)
    bills = bills.order_by(Bill.due_on, Bill.id)
    return bills.where(Bill.kind.in_(list(kinds))) if kinds else bills


def paid_bills_of(resident_id: str, kinds: Collection[BillKind]) -> Select[Bill]:
    """A resident's paid bills of these kinds, of any kind where none is named, last paid first."""
    bills = bills_of(resident_id).where(Bill.state == BillState.PAID)
    bills = bills.order_by(Bill.paid_at.desc(), Bill.id.desc())
    return bills.where(Bill.kind.in_(list(kinds))) if kinds else bills


def bills_among(resident_id: str, bill_ids: Collection[str]) -> Select[Bill]:
    """Those of these bills that are this resident's, the first due first."""
    bills = bills_of(resident_id).where(Bill.id.in_(list(bill_ids)))
    return bills.order_by(Bill.due_on, Bill.id)


def in_order_of_due_date(
    bills: Select[Bill], after: tuple[date, str] | None, *, newest_first: bool
) -> Select[Bill]:
    """These bills by their last day to pay, from the one behind the bill with these sort keys."""
    keys = tuple_(Bill.due_on, Bill.id)
    if newest_first:
        bills = bills.order_by(Bill.due_on.desc(), Bill.id.desc())
        return bills.where(keys < after) if after else bills
    bills = bills.order_by(Bill.due_on, Bill.id)
    return bills.where(keys > after) if after else bills


def bill_numbered(department_id: str, bill_number: str) -> Select[Bill]:
    """The bill that a department posted under this number."""
    return bills_posted_by(department_id).where(Bill.bill_number == bill_number)


def bills_posted_by(department_id: str) -> Select[Bill]:
    """A department's own bills, in whatever state and order."""
    return select(Bill).where(Bill.department_id == department_id)


def bill_posted_by(department_id: str, bill_id: str) -> Select[Bill]:
    """One bill of this department; another's is not found."""
    return bills_posted_by(department_id).where(Bill.id == bill_id)


def former_versions(bill_id: str) -> Select[BillVersion]:
    """A bill as it stood before, the first version first."""
    return select(BillVersion).where(BillVersion.bill_id == bill_id).order_by(BillVersion.version)
