"""The books balance, whatever is entered and however often."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from backend.core.database import Database
from backend.payments import ledger
from backend.payments.ledger import Posting
from backend.payments.models import LedgerPosting
from backend.payments.rules import Account

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
PAID = (Posting(Account.BANK, 500), Posting(Account.DEPARTMENT, -500, "WSD"))


def test_an_entry_that_does_not_balance_is_never_written(database: Database) -> None:
    with database.transaction() as db, pytest.raises(ValueError, match="does not balance"):
        ledger.post(db, "credit:1", [Posting(Account.BANK, 500)], NOON)


def test_an_entry_is_written_once_of_each_key(database: Database) -> None:
    with database.transaction() as db:
        first = ledger.post(db, "credit:1", PAID, NOON)
        again = ledger.post(db, "credit:1", PAID, NOON)

    with database.transaction(read_only=True) as db:
        books = ledger.balances(db)
        lines = db.scalar(select(func.count()).select_from(LedgerPosting))
    assert (first, again, lines) == (True, False, 2)
    assert books == {Account.BANK: 500, Account.DEPARTMENT: -500, Account.HELD: 0}


def test_a_part_of_nothing_is_not_written(database: Database) -> None:
    with database.transaction() as db:
        ledger.post(db, "credit:1", [*PAID, Posting(Account.HELD, 0)], NOON)

    with database.transaction(read_only=True) as db:
        assert db.scalar(select(func.count()).select_from(LedgerPosting)) == 2
