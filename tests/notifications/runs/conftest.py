"""A pier on each engine, and a second worker's way to FCM."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.gateways.push import FirebasePush
from tests.notifications.runs.pier import Pier
from tests.notifications.town import Town
from tests.simulators.desk import PROJECT, Desk


@pytest.fixture
def pier(town: Town, desk: Desk) -> Pier:
    town.wait(300)  # five past twelve in Hong Kong: off the quarter
    return Pier(town, desk)


@pytest.fixture
def second_sender(desk: Desk, tmp_path: Path) -> Iterator[FirebasePush]:
    sender = FirebasePush(PROJECT, desk.account(tmp_path), desk.url)
    yield sender
    sender.close()
