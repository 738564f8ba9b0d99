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
        ledger.post(db, "credit:1", [Posting(Account.BANK, 500)], NOON, currency="HKD")


def test_an_entry_is_written_once_of_each_key(database: Database) -> None:
    with database.transaction() as db:
        first = ledger.post(db, "credit:1", PAID, NOON, currency="HKD")
        again = ledger.post(db, "credit:1", PAID, NOON, currency="HKD")

    with database.transaction(read_only=True) as db:
        books = ledger.balances(db)
        lines = db.scalar(select(func.count()).select_from(LedgerPosting))
    assert (first, again, lines) == (True, False, 2)
    assert books == {Account.BANK: 500, Account.DEPARTMENT: -500, Account.HELD: 0}


def test_a_part_of_nothing_is_not_written(database: Database) -> None:
    with database.transaction() as db:
        ledger.post(db, "credit:1", [*PAID, Posting(Account.HELD, 0)], NOON, currency="HKD")

    with database.transaction(read_only=True) as db:
        assert db.scalar(select(func.count()).select_from(LedgerPosting)) == 2


def test_cents_of_one_currency_are_never_added_to_anothers(database: Database) -> None:
    held = (Posting(Account.BANK, 70), Posting(Account.HELD, -70))
    with database.transaction() as db:
        ledger.post(db, "credit:1", PAID, NOON, currency="HKD")
        ledger.post(db, "credit:2", held, NOON, currency="CNY")

    with database.transaction(read_only=True) as db:
        ours, other = ledger.balances(db, "HKD"), ledger.balances(db, "CNY")
        none = ledger.balances(db, "USD")
    assert ours == {Account.BANK: 500, Account.DEPARTMENT: -500, Account.HELD: 0}
    assert other == {Account.BANK: 70, Account.DEPARTMENT: 0, Account.HELD: -70}
    assert set(none.values()) == {0}
