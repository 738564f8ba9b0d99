"""Posts a batch of bills and tells their residents, in a few statements of one transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from backend.bills.linking.models import AccountLink, links_among
from backend.bills.matching import hold_links
from backend.bills.models import Bill, details_as_json
from backend.bills.rules import BillState
from backend.bills.runs.sheets import Sheet
from backend.bills.runs.stated import Stated
from backend.bills.telling import facts_told
from backend.core.bulk import insert_columns
from backend.core.clock import new_ids
from backend.notifications import Batch, MessageKind, Telling, notify_many

Values = Sequence[Any]


@dataclass(frozen=True)
class Posting:
    """What the bills of one batch have in common."""

    department_id: str
    run_id: str
    now: datetime
    push_from: datetime | None = None  # none: now
    push_over_minutes: int = 0


def post_new(db: Session, bills: Sheet | Sequence[Stated], posting: Posting) -> int:
    """Post bills whose numbers are free, and tell every resident who sees one.

    Returns how many pushes wait for that. IntegrityError where somebody posts one of the numbers
    at this very moment.
    """
    members = members_of_sheet(bills) if isinstance(bills, Sheet) else members_of(bills)
    links = _links(db, posting.department_id, members)
    columns = whole_columns(members, links, posting)
    insert_columns(db, Bill, columns)
    seen = zip(
        columns["resident_id"],
        columns["id"],
        columns["amount_cents"],
        columns["due_on"],
        strict=True,
    )
    tellings = [
        Telling(resident_id, bill_id, facts_told(amount_cents, due_on.isoformat()))
        for resident_id, bill_id, amount_cents, due_on in seen
        if resident_id is not None
    ]
    batch = Batch(
        posting.department_id,
        MessageKind.BILL_NEW,
        posting.now,
        run_id=posting.run_id,
        push_from=posting.push_from,
        spread_seconds=posting.push_over_minutes * 60,
    )
    return notify_many(db, tellings, batch)


def members_of_sheet(sheet: Sheet) -> dict[str, Values]:
    """The columns that the file itself fills."""
    return {
        "bill_number": sheet.bill_numbers,
        "resident_id": sheet.resident_ids,
        "kind": sheet.kinds,
        "amount_cents": sheet.amounts,
        "issued_on": sheet.issued_on,
        "due_on": sheet.due_on,
        "account_number": sheet.account_numbers,
        "link_code": sheet.link_codes,
        "details": sheet.details,
    }


def members_of(bills: Iterable[Stated]) -> dict[str, Values]:
    """The columns that these bills' facts fill."""
    facts = [each.facts for each in bills]
    return {
        "bill_number": [each.bill_number for each in facts],
        "resident_id": [each.resident_id for each in facts],
        "kind": [each.kind.value for each in facts],
        "amount_cents": [each.amount_cents for each in facts],
        "issued_on": [each.issued_on for each in facts],
        "due_on": [each.due_on for each in facts],
        "account_number": [each.account_number for each in facts],
        "link_code": [each.link_code for each in facts],
        "details": [details_as_json(each.details) for each in facts],
    }


def whole_columns(
    members: Mapping[str, Values], links: Mapping[str, AccountLink], posting: Posting
) -> dict[str, Values]:
    """Every column of new bills, as `columns_of` has them, and by which link a resident got one."""
    count = len(members["bill_number"])
    linked = [
        links.get(account) if resident_id is None else None
        for resident_id, account in zip(
            members["resident_id"], members["account_number"], strict=True
        )
    ]
    residents = [
        link.resident_id if link else resident_id
        for link, resident_id in zip(linked, members["resident_id"], strict=True)
    ]
    same = {
        "department_id": posting.department_id,
        "currency": "HKD",
        "state": BillState.OPEN.value,
        "version": 1,
        "run_id": posting.run_id,
        "created_at": posting.now,
    }
    return {
        **members,
        "id": new_ids("bill", count),
        "resident_id": residents,
        "link_id": [link.id if link else None for link in linked],
        **{name: [value] * count for name, value in same.items()},
    }


def _links(
    db: Session, department_id: str, members: Mapping[str, Values]
) -> Mapping[str, AccountLink]:
    """Who has linked the accounts that are named alone; the links stay so until the commit."""
    named = zip(members["resident_id"], members["account_number"], strict=True)
    accounts = {account for resident_id, account in named if resident_id is None}
    if not accounts:
        return {}
    hold_links(db, department_id, alone=False)
    return {link.account_number: link for link in db.scalars(links_among(department_id, accounts))}
