"""Bills, and the selects that always carry whose they are."""

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import (
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

from backend.bills.rules import BillFacts, BillKind
from backend.core.clock import new_id
from backend.core.database import IMPERSONAL, PERSONAL, Base


class Bill(Base):
    """One bill of one resident; a department's own number stands once."""

    __tablename__ = "bills"
    __table_args__ = (
        UniqueConstraint("department_id", "bill_number"),
        Index(None, "resident_id", "due_on", "id"),
        CheckConstraint("amount_cents > 0", name="amount_is_positive"),
    )

    id: Mapped[str] = mapped_column(
        primary_key=True, default=lambda: new_id("bill"), info=IMPERSONAL
    )
    department_id: Mapped[str] = mapped_column(info=IMPERSONAL)
    bill_number: Mapped[str] = mapped_column(info=PERSONAL)
    resident_id: Mapped[str] = mapped_column(ForeignKey("residents.id"), info=IMPERSONAL)
    kind: Mapped[str] = mapped_column(info=PERSONAL)
    amount_cents: Mapped[int] = mapped_column(BigInteger, info=PERSONAL)
    currency: Mapped[str] = mapped_column(info=IMPERSONAL)
    issued_on: Mapped[date] = mapped_column(info=PERSONAL)
    due_on: Mapped[date] = mapped_column(info=PERSONAL)
    created_at: Mapped[datetime] = mapped_column(info=IMPERSONAL)

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
        )


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
        "created_at": now,
    }


def bill_of(resident_id: str, bill_id: str) -> Select[Bill]:
    """One bill of this resident; another's is not found."""
    return select(Bill).where(Bill.id == bill_id, Bill.resident_id == resident_id)


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
