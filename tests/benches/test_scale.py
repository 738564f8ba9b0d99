"""The arithmetic of scale: what must hold of any run that is played, whatever the figures."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from backend.core.clock import HONG_KONG
from backend.core.settings import CHECKOUT
from backend.notifications.outbox.pace import RAMP_SECONDS
from tests.benches.scale import Given, tables
from tests.benches.scale_rows import ROWS_OF_A_PARTITION, WRITES_OF_A_PUSH, month_of
from tests.benches.scale_run import BEGINS, QUOTA_PER_MINUTE, Plant, Run, play

PLANT = Plant(
    residents=500_000,
    sending_cores=20,
    sends_per_core=725,
    claim_seconds=0.1,
    api_per_second=2000,
)
BYTES = {"bills": 580, "messages": 595, "deliveries": 365}


class Watched(Run):
    """A run of which it is known how much went in which second."""

    def __init__(self, plant: Plant) -> None:
        super().__init__(plant, 1)
        self.went: dict[int, float] = {}

    def _work(self, now: datetime, tick: int, due: float) -> None:
        before = self.told.sent
        super()._work(now, tick, due)
        self.went[tick] = self.told.sent - before

    def hours(self) -> set[int]:
        """The hours of the day, in Hong Kong, in which anything went."""
        moments = [BEGINS + timedelta(seconds=tick) for tick, went in self.went.items() if went]
        return {moment.astimezone(HONG_KONG).hour for moment in moments}


def test_every_push_goes_once() -> None:
    assert play(PLANT).sent == pytest.approx(PLANT.pushes, abs=1)


def test_the_same_seed_plays_the_same_run() -> None:
    tight = replace(PLANT, api_per_second=300)

    assert play(tight, 3) == play(tight, 3)
    assert play(tight, 3) != play(tight, 4)


def test_the_pace_comes_up_in_a_minute_and_is_never_passed() -> None:
    run = Watched(PLANT)
    run.play()

    for tick, went in run.went.items():
        share = min(1.0, max(0.05, tick / RAMP_SECONDS))
        assert went <= 2 * PLANT.per_second * share + 50  # a second's, and what the bucket held
    assert run.told.most_in_a_minute <= 60 * PLANT.per_second


def test_the_quota_holds_whatever_the_pace() -> None:
    greedy = replace(PLANT, residents=2_000_000, per_second=50_000, claim_seconds=0.01)
    greedy = replace(greedy, sending_cores=100, api_per_second=1e6)

    assert play(greedy).most_in_a_minute == pytest.approx(QUOTA_PER_MINUTE)


@pytest.mark.parametrize(
    ("changes", "most"),
    [({"sending_cores": 1}, 725), ({"claim_seconds": 0.5}, 2000), ({"per_second": 1000}, 1000)],
)
def test_the_slowest_part_says_how_long_it_takes(changes: dict[str, float], most: float) -> None:
    plant = replace(PLANT, **changes)  # type: ignore[arg-type]
    told = play(plant)

    assert plant.pushes / most <= told.seconds <= plant.pushes / most + 2 * RAMP_SECONDS


def test_nothing_goes_at_night_and_all_of_it_in_the_morning() -> None:
    slow = Watched(replace(PLANT, residents=50_000, sends_per_core=0.06, api_per_second=1e6))
    slow.play()

    assert slow.hours() <= set(range(8, 22))
    assert slow.told.put_off > 0
    assert slow.told.sent == pytest.approx(slow.plant.pushes, abs=1)
    mornings = [tick for tick, went in slow.went.items() if went and tick > 22 * 3600]
    first = BEGINS + timedelta(seconds=min(mornings))
    assert (first.astimezone(HONG_KONG).hour, first.minute) == (8, 2)


def test_a_web_that_is_too_small_slows_the_pushes_and_a_larger_one_does_not() -> None:
    small, large = (play(replace(PLANT, api_per_second=room)) for room in (200, 2000))

    assert small.least_share < 1 == large.least_share
    assert small.seconds > large.seconds
    assert large.slow_seconds == 0


def test_a_run_that_is_spread_brings_a_smaller_crowd() -> None:
    at_once, spread = (play(replace(PLANT, over_seconds=seconds)) for seconds in (0, 3600))

    assert spread.most_asked < at_once.most_asked / 4
    assert 3600 - 10 <= spread.seconds <= 3600 + 10


def test_a_month_grows_with_the_residents_and_is_cut_before_it_is_too_long() -> None:
    small, large = month_of(100_000, 1.3, BYTES), month_of(100_000_000, 1.3, BYTES)

    assert large.messages == 1000 * small.messages
    assert large.gigabytes == pytest.approx(1000 * small.gigabytes)
    assert small.partitions == 1
    assert (large.partitions - 1) * ROWS_OF_A_PARTITION < large.deliveries
    assert large.deliveries <= large.partitions * ROWS_OF_A_PARTITION
    assert large.dead_rows_a_day * 30 == large.deliveries * WRITES_OF_A_PUSH


@pytest.mark.slow
def test_the_page_holds_what_the_script_prints() -> None:
    page = (CHECKOUT / "docs" / "scale.md").read_text(encoding="utf-8")

    for each in tables(Given()).split("\n\n"):
        assert each in page
