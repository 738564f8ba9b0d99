"""A stored bill becomes what its resident reads, in their language, and what its department reads."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from backend.bills import rules
from backend.bills.later import still_later
from backend.bills.masking import mask_account, mask_name
from backend.bills.models import Bill, BillVersion
from backend.bills.rules import BillDetails, BillFacts, BillLine, BillState, Surcharge
from backend.core.languages import Language


@dataclass(frozen=True)
class ForWhom:
    """Who a bill is for, masked."""

    payer_name: str | None
    premises: str | None
    account_number: str | None


@dataclass(frozen=True)
class Period:
    """What time a bill is for, both days included; a department states both or neither."""

    begins_on: date | None
    ends_on: date | None


@dataclass(frozen=True)
class ReadSurcharge:
    """A surcharge, and whether it holds today."""

    after: date
    amount_cents: int
    rule: str
    holds: bool


@dataclass(frozen=True)
class Withdrawn:
    """When a bill was taken back, and why."""

    at: datetime
    reason: str


@dataclass(frozen=True)
class Paid:
    """When a bill was paid, and how much."""

    at: datetime
    cents: int


@dataclass(frozen=True)
class OwnPayment:
    """The reader's own payment of a bill that is under way, and one of which money is held."""

    under_way_id: str | None
    held_id: str | None


# db, the reader, bills: what they pay of them. `app.py` hands it over, as payments stand above.
PaymentsOf = Callable[[Session, str, Collection[str]], Mapping[str, OwnPayment]]


@dataclass(frozen=True)
class ReadBill:
    """A bill as a resident reads it. `payable_cents` is what is to be paid today, if anything."""

    id: str
    title: str
    department: dict[str, str]
    bill_number: str
    kind: str
    amount_cents: int
    currency: str
    issued_on: date
    due_on: date
    overdue: bool
    state: BillState
    payable_cents: int
    for_whom: ForWhom
    period: Period | None
    lines: Sequence[BillLine]
    surcharges: Sequence[ReadSurcharge]
    legal_basis: str | None
    payment_reference: str | None
    contact: str | None
    pdf_url: str | None
    later_on: date | None
    version: int
    amended_at: datetime | None
    withdrawn: Withdrawn | None
    paid: Paid | None
    payment: OwnPayment | None


@dataclass(frozen=True)
class FormerVersion:
    """A version that was replaced."""

    number: int
    replaced_at: datetime
    reason: str | None


@dataclass(frozen=True)
class PostedBill:
    """A bill as its department reads it: what it stated, and what became of it."""

    id: str
    facts: BillFacts
    created_at: datetime
    state: BillState
    version: int
    amended_at: datetime | None
    withdrawn: Withdrawn | None
    paid_at: datetime | None
    paid_cents: int | None
    seen_by_resident: bool
    versions: Sequence[FormerVersion] = ()

    @property
    def period(self) -> Period | None:
        return _period_of(self.facts.details)


def read_bill(
    bill: Bill,
    language: Language,
    name_of: Callable[[str, Language], str],
    today: date,
    payment: OwnPayment | None = None,
) -> ReadBill:
    """Put a bill into words; `name_of` knows the departments' names."""
    facts, state = bill.facts, BillState(bill.state)
    details, is_open = facts.details, state is BillState.OPEN
    return ReadBill(
        id=bill.id,
        title=rules.TITLES[facts.kind].into(language),
        department={"id": bill.department_id, "name": name_of(bill.department_id, language)},
        bill_number=facts.bill_number,
        kind=facts.kind,
        amount_cents=facts.amount_cents,
        currency=facts.currency,
        issued_on=facts.issued_on,
        due_on=facts.due_on,
        overdue=is_open and rules.is_overdue(facts.due_on, today),
        state=state,
        payable_cents=_payable_cents(facts, today) if is_open else 0,
        for_whom=_for_whom(facts),
        period=_period_of(details),
        lines=details.lines,
        surcharges=[_read_surcharge(each, today) for each in details.surcharges],
        legal_basis=details.legal_basis,
        payment_reference=details.payment_reference,
        contact=details.contact,
        pdf_url=details.pdf_url,
        later_on=still_later(bill.later_on, today) if is_open else None,
        version=bill.version,
        amended_at=bill.amended_at,
        withdrawn=_withdrawn(bill),
        paid=_paid(bill),
        payment=payment,
    )


def read_posted(bill: Bill, versions: Sequence[BillVersion] = ()) -> PostedBill:
    """Show a bill to its department: of the resident only what the department stated itself."""
    return PostedBill(
        id=bill.id,
        facts=bill.facts,
        created_at=bill.created_at,
        state=BillState(bill.state),
        version=bill.version,
        amended_at=bill.amended_at,
        withdrawn=_withdrawn(bill),
        paid_at=bill.paid_at,
        paid_cents=bill.paid_cents,
        seen_by_resident=bill.resident_id is not None,
        versions=[FormerVersion(each.version, each.replaced_at, each.reason) for each in versions],
    )


def _for_whom(facts: BillFacts) -> ForWhom:
    name, account_number = facts.details.payer_name, facts.account_number
    return ForWhom(
        payer_name=mask_name(name) if name else None,
        premises=facts.details.premises,
        account_number=mask_account(account_number) if account_number else None,
    )


def _payable_cents(facts: BillFacts, today: date) -> int:
    return rules.payable_cents(facts.amount_cents, facts.details.surcharges, today)


def _read_surcharge(surcharge: Surcharge, today: date) -> ReadSurcharge:
    return ReadSurcharge(
        surcharge.after, surcharge.amount_cents, surcharge.rule, holds=today > surcharge.after
    )


def _period_of(details: BillDetails) -> Period | None:
    if details.period_from is None and details.period_to is None:
        return None
    return Period(details.period_from, details.period_to)


def _withdrawn(bill: Bill) -> Withdrawn | None:
    if bill.withdrawn_at is None:
        return None
    return Withdrawn(bill.withdrawn_at, bill.withdrawal_reason or "")


def _paid(bill: Bill) -> Paid | None:
    if bill.paid_at is None or bill.paid_cents is None:
        return None
    return Paid(bill.paid_at, bill.paid_cents)
