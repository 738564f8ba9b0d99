"""The books: double entry in whole cents, only ever added to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

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
    settles_bill_id: str | None = None,
) -> bool:
    """Write an entry, once of each business key; say whether it was new.

    ValueError where the postings do not sum to nothing. A bill is settled by one entry at most:
    the database refuses a second.
    """
    if sum(posting.amount_cents for posting in postings):
        raise ValueError(f"the entry {business_key} does not balance")
    entry = {
        "id": new_id("led"),
        "business_key": business_key,
        "at": at,
        "on_day": hong_kong_date(at),
        "settles_bill_id": None,
    }
    if not insert_unless_there(db, LedgerEntry, entry):
        return False
    if settles_bill_id:
        written = db.get_one(LedgerEntry, entry["id"])
        written.settles_bill_id = settles_bill_id
    db.add_all(
        LedgerPosting(
            entry_id=entry["id"],
            account=posting.account,
            department_id=posting.department_id,
            amount_cents=posting.amount_cents,
        )
        for posting in postings
        if posting.amount_cents
    )
    db.flush()
    return True


def balances(db: Session) -> Mapping[Account, int]:
    """Return what each account comes to, in cents; together they come to nothing."""
    sums = select(LedgerPosting.account, func.sum(LedgerPosting.amount_cents)).group_by(
        LedgerPosting.account
    )
    found = {Account(account): int(cents) for account, cents in db.execute(sums)}
    return {account: found.get(account, 0) for account in Account}
