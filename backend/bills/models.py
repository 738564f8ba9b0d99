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
    tuple_,
)
from sqlalchemy.orm import Mapped, mapped_column

from backend.bills.rules import BillDetails, BillFacts, BillKind, BillLine, BillState, Surcharge
from backend.core.clock import new_id
from backend.core.database import IMPERSONAL, PERSONAL, Base


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
        """The bill as its department stated it."""
        return BillFacts(
            resident_id=self.resident_id,
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


def bills_owed_by(resident_id: str, after: tuple[date, str] | None, limit: int) -> Select[Bill]:
    """A resident's bills, the first due first, after the one with these sort keys."""
    bills = select(Bill).where(Bill.resident_id == resident_id).order_by(Bill.due_on, Bill.id)
    if after is not None:
        bills = bills.where(tuple_(Bill.due_on, Bill.id) > after)
    return bills.limit(limit)


def bills_of_kinds(resident_id: str, kinds: Collection[BillKind]) -> Select[Bill]:
    """A resident's bills of these kinds, of any kind where none is named, the first due first."""
    bills = select(Bill).where(Bill.resident_id == resident_id).order_by(Bill.due_on, Bill.id)
    return bills.where(Bill.kind.in_(list(kinds))) if kinds else bills


def bills_among(resident_id: str, bill_ids: Collection[str]) -> Select[Bill]:
    """Those of these bills that are this resident's, the first due first."""
    return bills_of_kinds(resident_id, ()).where(Bill.id.in_(list(bill_ids)))


def bill_numbered(department_id: str, bill_number: str) -> Select[Bill]:
    """The bill that a department posted under this number."""
    return select(Bill).where(Bill.department_id == department_id, Bill.bill_number == bill_number)
