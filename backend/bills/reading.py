"""A stored bill becomes what its resident reads, in their language."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from backend.bills import rules
from backend.bills.models import Bill
from backend.core.languages import Language


@dataclass(frozen=True)
class ReadBill:
    """A bill as a resident reads it."""

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


def read_bill(
    bill: Bill, language: Language, name_of: Callable[[str, Language], str], today: date
) -> ReadBill:
    """Put a bill into words; `name_of` knows the departments' names."""
    facts = bill.facts
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
        overdue=rules.is_overdue(facts.due_on, today),
    )
