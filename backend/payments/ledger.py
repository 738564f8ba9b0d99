"""The books: double entry in whole cents of one currency each, only ever added to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.bills import CURRENCY
from backend.core.clock import hong_kong_date, new_id
from backend.core.database import insert_unless_there
from backend.payments.models import LedgerEntry, LedgerPosting
from backend.payments.rules import Account


@dataclass(frozen=True)
class Posting:
    """So many cents into an account (positive) or out of it (negative); `department_id` where it is one's."""

    account: Account
    amount_cents: int
    department_id: str | None = None


def post(
    db: Session,
    business_key: str,
    postings: Sequence[Posting],
    at: datetime,
    *,
    currency: str,
    settles_bill_id: str | None = None,
) -> bool:
    """Write an entry, once of each business key; say whether it was new.

    ValueError where the postings do not sum to nothing. A bill is settled by one entry at most:
    the database refuses a second.
    """
    if sum(posting.amount_cents for posting in postings):
        raise ValueError(f"the entry {business_key} does not balance")
    entry: dict[str, Any] = {
        "id": new_id("led"),
        "business_key": business_key,
        "currency": currency,
    }
    entry |= {"at": at, "on_day": hong_kong_date(at), "settles_bill_id": None}
    if not insert_unless_there(db, LedgerEntry, entry):
        return False
    if settles_bill_id:
        written = db.get_one(LedgerEntry, entry["id"])
        written.settles_bill_id = settles_bill_id
    db.add_all(
        LedgerPosting(
            entry_id=entry["id"],
            account=each.account,
            department_id=each.department_id,
            amount_cents=each.amount_cents,
        )
        for each in postings
        if each.amount_cents
    )
    db.flush()
    return True


def balances(db: Session, currency: str = CURRENCY) -> Mapping[Account, int]:
    """Return what each account comes to in a currency, in cents; together they come to nothing."""
    sums = (
        select(LedgerPosting.account, func.sum(LedgerPosting.amount_cents))
        .join(LedgerEntry, LedgerEntry.id == LedgerPosting.entry_id)
        .where(LedgerEntry.currency == currency)
        .group_by(LedgerPosting.account)
    )
    found = {Account(account): int(cents) for account, cents in db.execute(sums)}
    return {account: found.get(account, 0) for account in Account}
