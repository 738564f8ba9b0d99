"""Departments with servers of their own, called by the real client."""

from collections.abc import Iterator

import pytest

from backend.core.database import Database
from backend.gateways.webhooks import HttpWebhooks
from tests.departments.webhooks.office import Office
from tests.departments.webhooks.receiving import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def caller() -> Iterator[HttpWebhooks]:
    caller = HttpWebhooks(is_demo=True)
    yield caller
    caller.close()


@pytest.fixture
def office(database: Database, caller: HttpWebhooks, receiver: Receiver) -> Office:
    return Office(database, caller, receiver)
