"""The tables' history: forward, backward, and never apart from the models."""

import pytest
from sqlalchemy import inspect

from backend.app import TABLES
from backend.core import migrations
from backend.core.database import Database


def test_the_newest_migration_makes_the_tables_of_the_models(database: Database) -> None:
    migrations.check(database)

    assert migrations.is_current(database)


@pytest.mark.slow
def test_every_migration_goes_back_and_forward_again(database: Database) -> None:
    migrations.downgrade(database)
    left = set(inspect(database.engine).get_table_names()) - {"alembic_version"}
    migrations.upgrade(database)

    assert left == set()
    assert set(inspect(database.engine).get_table_names()) >= set(TABLES.tables)
    migrations.check(database)
