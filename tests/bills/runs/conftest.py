"""An office on each engine."""

import pytest

from backend.core.database import Database
from tests.bills.runs.files import Office


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)
