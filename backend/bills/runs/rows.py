"""Posts a batch of bills and tells their residents, in a few statements of one transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from backend.bills.linking.models import AccountLink, links_among
from backend.bills.matching import hold_links
from backend.bills.models import Bill, details_as_json
from backend.bills.rules import BillDetails, BillFacts, BillState
from backend.bills.runs.stated import Stated
from backend.bills.telling import facts_told
from backend.core.bulk import insert_rows
from backend.core.clock import new_ids
from backend.notifications import MessageKind, Telling, notify_many

COLUMNS = (
    "id",
    "department_id",
    "bill_number",
    "resident_id",
    "link_id",
    "kind",
    "amount_cents",
    "currency",
    "issued_on",
    "due_on",
    "account_number",
    "link_code",
    "details",
    "state",
    "version",
    "run_id",
    "created_at",
)
NO_DETAILS = BillDetails()
Links = Mapping[str | None, AccountLink]


def post_new(
    db: Session, department_id: str, run_id: str, bills: Sequence[Stated], now: datetime
) -> None:
    """Post bills whose numbers are free, and tell every resident who sees one.

    IntegrityError where somebody posts one of the numbers at this very moment.
    """
    ids = new_ids("bill", len(bills))
    links = _links(db, department_id, [facts for _, facts in bills])
    rows = [
        row_of(facts, bill_id, links, (department_id, run_id, now))
        for bill_id, (_, facts) in zip(ids, bills, strict=True)
    ]
    insert_rows(db, Bill, COLUMNS, rows)
    tellings = [
        Telling(row[3], bill_id, facts_told(facts.amount_cents, facts.due_on.isoformat()))
        for row, bill_id, (_, facts) in zip(rows, ids, bills, strict=True)
        if row[3] is not None
    ]
    notify_many(db, tellings, department_id=department_id, kind=MessageKind.BILL_NEW, now=now)


def row_of(
    facts: BillFacts, bill_id: str, links: Links, shared: tuple[str, str, datetime]
) -> tuple[Any, ...]:
    """The row of a new bill in the order of `COLUMNS`: what `columns_of` says, made quickly.

    `shared` are the department, the run and the time of posting.
    """
    department_id, run_id, now = shared
    link = links.get(facts.account_number) if facts.resident_id is None else None
    return (
        bill_id,
        department_id,
        facts.bill_number,
        link.resident_id if link else facts.resident_id,
        link.id if link else None,
        facts.kind.value,
        facts.amount_cents,
        facts.currency,
        facts.issued_on,
        facts.due_on,
        facts.account_number,
        facts.link_code,
        quick_details(facts.details),
        BillState.OPEN.value,
        1,
        run_id,
        now,
    )


def quick_details(details: BillDetails) -> dict[str, Any]:
    """What `details_as_json` says, sooner where there is little to say."""
    if details == NO_DETAILS:
        return {}
    if details.lines or details.surcharges:
        return details_as_json(details)
    return {
        name: value if isinstance(value, str) else value.isoformat()
        for name, value in vars(details).items()
        if value not in (None, ())
    }


def _links(db: Session, department_id: str, bills: Sequence[BillFacts]) -> Links:
    """Who has linked the accounts that are named alone; the links stay so until the commit."""
    accounts = {
        facts.account_number
        for facts in bills
        if facts.resident_id is None and facts.account_number is not None
    }
    if not accounts:
        return {}
    hold_links(db, department_id, alone=False)
    return {link.account_number: link for link in db.scalars(links_among(department_id, accounts))}
