"""Quiet hours at a real worker whose clock is led by libfaketime: over 22:00, and jumping about."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import libfaketime
import pytest

from backend.core.clock import HONG_KONG
from backend.core.database import Database
from backend.core.jobs import Bell, make_huey
from backend.notifications import MessageKind
from tests.notifications.processes.works import PATIENCE_SECONDS, Works
from tests.notifications.town import Town
from tests.simulators.desk import Desk, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.processes]

LIBRARY = Path(libfaketime.__file__).parent / "vendor/libfaketime/src/libfaketime.so.1"


class Clock:
    """What the worker takes for the time, in UTC; it goes on from wherever it is set."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def set(self, moment: datetime) -> None:
        half = self.file.with_suffix(".half")
        half.write_text(f"@{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}\n")
        half.replace(self.file)

    def environment(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": str(LIBRARY),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "TZ": "UTC",
        }


def hong_kong(day: int, hour: int, minute: int, second: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, second, tzinfo=HONG_KONG)


@dataclass
class Night:
    """A town and the clock of its worker, which are set together."""

    town: Town
    clock: Clock
    desk: Desk
    bell: Bell

    def at(self, moment: datetime) -> None:
        """Let it be that late, and wait until the worker has been round."""
        self.town.now = moment
        self.clock.set(moment)
        marker = f"urgent-{moment:%d-%H-%M}"
        self.tell(marker, is_urgent=True)
        wait_until(lambda: marker in self.desk.addresses(), PATIENCE_SECONDS)

    def tell(self, *names: str, is_urgent: bool = False) -> None:
        residents = [self.town.resident(name) for name in names]
        # News that no bill need stand behind.
        self.town.tell(*residents, kind=MessageKind.BILL_WITHDRAWN, is_urgent=is_urgent)
        self.bell.ring()

    def told(self) -> Counter[str]:
        """Who was pushed to of those for whom nothing was urgent."""
        return Counter(each for each in self.desk.addresses() if not each.startswith("urgent"))


@pytest.mark.skipif(not LIBRARY.exists(), reason="libfaketime was built for another system")
def test_nobody_is_woken_whatever_the_clock_does_and_all_are_told_in_the_morning(
    works: Works, desk: Desk, database: Database, tmp_path: Path
) -> None:
    nobody_sends: Any = None
    bell = Bell(make_huey(None, tmp_path))
    night = Night(Town(database, nobody_sends), Clock(tmp_path / "clock"), desk, bell)
    night.clock.set(hong_kong(23, 21, 58))
    works.start_simulator()
    works.start_worker(**night.clock.environment())
    evening, late = ["evening-1", "evening-2"], [f"late-{number}" for number in range(20)]
    night.at(hong_kong(23, 21, 58))
    night.tell(*evening)
    wait_until(lambda: len(night.told()) == 2, PATIENCE_SECONDS)

    night.clock.set(hong_kong(23, 22, 0, 1))
    night.tell(*late)
    for moment in (
        hong_kong(23, 22, 1),
        hong_kong(23, 22, 0),
        hong_kong(24, 23, 0),
        hong_kong(24, 3, 0),
        hong_kong(24, 7, 59),
        hong_kong(24, 8, 1),
    ):
        night.at(moment)
        assert night.told() == Counter(evening)
    night.at(hong_kong(24, 8, 32))
    half = night.told()
    night.at(hong_kong(25, 9, 3))
    wait_until(lambda: len(night.told()) == 22, PATIENCE_SECONDS)

    assert night.told() == Counter([*evening, *late])
    assert 2 <= len(half) < 22
