"""A simulator and workers that run as processes of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.core.settings import Settings
from tests.notifications.processes.works import Works
from tests.simulators.desk import Desk, running_fcm


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """The desk of a simulator that runs as a process of its own."""
    with running_fcm(tmp_path / "spare.log") as spare:
        pass
    return Desk(spare.url, tmp_path / "fcm.log")


@pytest.fixture
def works(settings: Settings, desk: Desk) -> Iterator[Works]:
    works = Works(settings, desk)
    yield works
    works.end()
