"""A town of residents with phones, pushed to by the real client."""

import pytest
from flask.testing import FlaskClient

from backend.core.database import Database
from backend.gateways.push import FirebasePush
from tests.notifications.letters import Letters
from tests.notifications.town import Town
from tests.simulators.desk import Desk


@pytest.fixture
def town(database: Database, sender: FirebasePush, desk: Desk) -> Town:
    return Town(database, sender)


@pytest.fixture
def letters(client: FlaskClient, database: Database) -> Letters:
    return Letters(client, database)
