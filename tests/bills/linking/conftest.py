"""The village of the linking tests."""

import pytest
from flask.testing import FlaskClient

from backend.core.database import Database
from tests.bills.linking.village import Village


@pytest.fixture
def village(client: FlaskClient, database: Database) -> Village:
    return Village(client, database)
