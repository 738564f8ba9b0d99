"""The tables' history: forward, backward, and never apart from the models."""

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import inspect

from backend.accounts import Resident, welcome
from backend.accounts.models import Device
from backend.app import TABLES
from backend.core import clock, migrations
from backend.core.database import Database
from backend.gateways.identity_proofing import DEMO_PEOPLE


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
