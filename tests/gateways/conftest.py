"""A simulator and a real firebase_admin client for it, shared by the tests of this room."""

from collections.abc import Iterator

import pytest

from backend.gateways.push import FirebasePush
from tests.simulators.desk import PROJECT, Desk, running_fcm


@pytest.fixture(scope="session")
def running_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with running_fcm(tmp_path_factory.mktemp("fcm") / "fcm.log") as desk:
        yield desk


@pytest.fixture
def desk(running_desk: Desk) -> Desk:
    running_desk.begin_anew()
    return running_desk


@pytest.fixture(scope="session")
def running_sender(
    running_desk: Desk, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FirebasePush]:
    account = running_desk.account(tmp_path_factory.mktemp("account"))
    sender = FirebasePush(PROJECT, account, running_desk.url)
    yield sender
    sender.close()


@pytest.fixture
def sender(running_sender: FirebasePush) -> FirebasePush:
    """The client, with nothing left from the test before."""
    running_sender.failures, running_sender.quiet_until = 0, 0.0
    return running_sender
