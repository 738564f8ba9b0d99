"""The tables' history: forward, backward, and never apart from the models."""

import re
from datetime import date

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import inspect

from backend.accounts import Resident, welcome
from backend.accounts.models import Device
from backend.app import TABLES
from backend.bills import Bill
from backend.bills.actions import post_bill
from backend.bills.rules import BillDetails, BillFacts, BillKind
from backend.core import clock, migrations
from backend.core.database import Database
from backend.gateways.identity_proofing import DEMO_PEOPLE
from backend.payments.actions import start_payment

PAID = "update bills set state = 'paid'"
NOBODYS = "update bills set resident_id = null"


def settle(database: Database) -> None:
    """Give the tables a resident with a phone, so that rows point at rows."""
    with database.transaction() as db:
        resident = welcome(db, "demo", DEMO_PEOPLE[0], clock.now())
        db.add(
            Device(
                resident_id=resident.id,
                installation_id="a-phone-1",
                platform="ios",
                address_kind="token",
                address="an-address",
                registered_at=clock.now(),
            )
        )


def pay_half(database: Database) -> None:
    """Post a bill, and begin to pay it."""
    with database.transaction() as db:
        resident = welcome(db, "demo", DEMO_PEOPLE[0], clock.now())
        facts = BillFacts(
            resident_id=resident.id,
            bill_number="W-1",
            kind=BillKind.WATER,
            amount_cents=100,
            currency="HKD",
            issued_on=date(2026, 11, 1),
            due_on=date(2099, 1, 1),
            account_number="1",
            details=BillDetails(),
        )
        bill, _ = post_bill(db, "WSD", facts, clock.now(), lambda: None)
        start_payment(db, resident.id, bill.id, now=clock.now(), minutes=30, ring=lambda: None)


def test_the_newest_migration_makes_the_tables_of_the_models(database: Database) -> None:
    migrations.check(database)

    assert migrations.is_current(database)


@pytest.mark.slow
def test_every_migration_goes_back_and_forward_again(database: Database) -> None:
    settle(database)

    migrations.downgrade(database)
    left = set(inspect(database.engine).get_table_names()) - {"alembic_version"}
    migrations.upgrade(database)

    assert left == set()
    assert set(inspect(database.engine).get_table_names()) >= set(TABLES.tables)
    migrations.check(database)


def test_a_step_back_and_forward_keeps_every_row(database: Database) -> None:
    settle(database)

    migrations.downgrade(database, "0001")
    migrations.upgrade(database)

    with database.transaction(read_only=True) as db:
        assert db.scalars(sa.select(Resident.name)).all() == [DEMO_PEOPLE[0].name]
        assert db.scalars(sa.select(Device.address)).all() == ["an-address"]


@pytest.mark.parametrize(
    ("revision", "changes", "query"),
    [
        ("0005", [], "payment_attempts"),
        ("0004", ["delete from payment_attempts", PAID], "bills where state <> 'open'"),
        ("0004", ["delete from payment_attempts", NOBODYS], "bills where resident_id is null"),
    ],
    ids=["a payment", "a paid bill", "an account alone"],
)
def test_a_step_back_that_would_lose_money_is_refused(
    database: Database, revision: str, changes: list[str], query: str
) -> None:
    pay_half(database)
    with database.transaction() as db:
        for change in changes:
            db.execute(sa.text(change))

    with pytest.raises(migrations.RowsWouldBeLost, match=query):
        migrations.downgrade(database, revision)

    assert migrations.is_current(database)
    with database.transaction(read_only=True) as db:
        assert db.scalars(sa.select(Bill.bill_number)).all() == ["W-1"]


def replace_residents(database: Database) -> None:
    """Do what a later migration of a table that others point to does: copy, drop, rename."""

    def deed(config: object) -> None:
        connection = config.attributes["connection"]  # type: ignore[attr-defined]
        with Operations(MigrationContext.configure(connection)).batch_alter_table(
            "residents", recreate="auto"
        ) as batch:
            batch.alter_column("name", existing_type=sa.String(), type_=sa.String(200))

    migrations.run(database, deed)


def test_a_table_that_others_point_to_can_be_changed(database: Database) -> None:
    settle(database)

    replace_residents(database)

    with database.transaction() as db:
        assert db.scalars(sa.select(Device.address)).all() == ["an-address"]
        assert db.scalars(sa.select(Resident.name)).all() == [DEMO_PEOPLE[0].name]
    with pytest.raises(sa.exc.IntegrityError), database.transaction() as db:
        db.execute(sa.delete(Resident))


def test_a_migration_stops_nobody_who_writes() -> None:
    """An index on rows that are there is made concurrently; a column that must be filled is filled.

    The migrations before 0008 came before the first release, when no rows were there.
    """
    stopping = []
    for path in sorted((migrations.FOLDER / "versions").glob("*.py"))[7:]:
        upgrade = path.read_text().partition("def downgrade")[0]
        made = set(re.findall(r'op\.create_table\(\s*"(\w+)"', upgrade))
        for call in re.findall(r"op\.create_index\((.*?)\n?\s*\)\n", upgrade, re.DOTALL):
            table = re.search(r'"(\w+)", \[', call)
            if (table is None or table[1] not in made) and "concurrently=True" not in call:
                stopping.append((path.name, call))
        columns = re.findall(r"op\.add_column\((.*?)\n", upgrade)
        unfilled = [each for each in columns if "nullable=False" in each]
        stopping += [(path.name, each) for each in unfilled if "server_default" not in each]

    assert stopping == []
