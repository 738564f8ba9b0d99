"""Kills every part of Ferry while bills are posted and pushed, on both engines, and counts."""

import argparse
import json
import logging
import random
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import structlog
from sqlalchemy.exc import DBAPIError
from tqdm import tqdm

from backend.core.database import Database
from backend.core.jobs import Bell, make_huey
from backend.notifications.outbox.models import open_deliveries
from tests.benches.push_ground import be_past_the_ramp, settle_residents
from tests.chaos.payments_ground import ENGINES, publish_content
from tests.chaos.push_auditing import UNEXPLAINED, Audit, audit
from tests.chaos.push_ground import SIZES, Ground, Size, ground_of
from tests.chaos.push_posting import Posters
from tests.chaos.push_storms import Weather
from tests.chaos.push_works import Works, running_works
from tests.simulators.desk import wait_until

SEED = 20261125
BILLS_EACH = 2  # of one resident; three ordinary pushes a day are the most
ONE_IN = 10_000  # bills, of which one may be pushed twice
# What each number must be; the others only tell how much was tried.
BARS: Mapping[str, int] = {
    "lost": 0,
    "duplicates_visible": 0,
    "orphans": 0,
    "duplicates_in_calm": 0,
    "unexplained": 0,
    "is_settled": True,
}


@dataclass(frozen=True)
class Chaos:
    """What became of everything that was tried on one engine."""

    numbers: Mapping[str, Any]
    lost: Sequence[str]  # by the numbers of the bills
    most_duplicates: int | None  # none where a few storms make up most of what was tried

    @property
    def missed(self) -> Sequence[str]:
        """The bars that were missed, in words."""
        found = [
            f"{name} is {self.numbers[name]} and must be {bar}"
            for name, bar in BARS.items()
            if self.numbers[name] != bar
        ]
        doubled = self.numbers["duplicates"]
        if self.most_duplicates is not None and doubled > self.most_duplicates:
            found.append(f"duplicates are {doubled}, more than {self.most_duplicates}")
        return found


def break_pushes(ground: Ground, size: Size, seed: int = SEED) -> Chaos:
    """Try all of it on one engine."""
    began = time.monotonic()
    rows = Database(ground.database_url)
    residents = settle_residents(rows, -(-size.bills // BILLS_EACH))
    be_past_the_ramp(rows)
    bell = Bell(make_huey(None, ground.folder))
    with running_works(ground, size) as works:
        told = iter(residents * BILLS_EACH)
        posters = Posters(works.url, rows, size.seconds, bell.ring)
        # Slow enough for two workers to get in each other's way, and quick enough for any lease.
        works.desk.answer(*[{"delay_seconds": 0.5}] * size.calm)
        calm = posters.post_calmly([next(told) for _ in range(size.calm)])
        is_settled = _settles(rows, size.settling_seconds)
        weather = Weather(works.desk, random.Random(seed))
        posters.start(size, told)
        weather.start()
        _kill_some(works, size, random.Random(seed))
        posters.wait()
        weather.clear_up()
        works.wait_until_up()
        is_settled &= _settles(rows, size.settling_seconds)
    found = audit(rows, works.desk.lines(), posters.acknowledged, calm, works.kills)
    rows.close()
    numbers = {
        "bills": found.bills,
        "kills": len(works.kills),
        **_counts(found),
        "is_settled": is_settled,
        "answers_scripted": weather.answers,
        "killed": dict(works.killed()),
        "seconds": round(time.monotonic() - began, 1),
    }
    is_deep = size.bills >= ONE_IN
    return Chaos(numbers, found.lost, size.bills // ONE_IN if is_deep else None)


def _counts(found: Audit) -> Mapping[str, int]:
    return {
        "lost": len(found.lost),
        "duplicates": found.duplicates,
        "duplicates_visible": found.visible,
        "orphans": found.orphans,
        "duplicates_in_calm": found.in_calm,
        "unexplained": found.causes.get(UNEXPLAINED, 0),
        "sent_again": found.sent_again,
        "after": dict(found.causes),
    }


def _kill_some(works: Works, size: Size, chance: random.Random) -> None:
    for _ in tqdm(range(size.kills), "kills", file=sys.stderr, leave=False, mininterval=1):
        time.sleep(chance.random() * size.longest_pause_seconds)
        works.kill_one(chance)


def _settles(rows: Database, seconds: float) -> bool:
    """Wait until no push is open any more; say whether that came about."""

    def none_is_open() -> bool:
        try:
            with rows.transaction(read_only=True) as db:
                return not db.scalar(open_deliveries())
        except DBAPIError:
            return False  # connections of before the last kill

    try:
        wait_until(none_is_open, seconds)
    except AssertionError:
        return False
    return True


def main() -> None:
    wanted = _wanted()
    # What is tried here makes much noise by design, and the JSON stands alone on its stream.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.disable(logging.CRITICAL)
    size = SIZES["deep" if wanted.deep else "short"]
    found = {engine: _on(engine, size, wanted.seed) for engine in wanted.engine or ENGINES}
    if wanted.json:
        click.echo(json.dumps({engine: chaos.numbers for engine, chaos in found.items()}))
    else:
        _tell(found)
    for engine, chaos in found.items():
        for line in [*chaos.missed, *(f"lost {number}" for number in chaos.lost)]:
            click.echo(f"{engine}: {line}", err=True)
    sys.exit(any(chaos.missed for chaos in found.values()))


def _wanted() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/chaos_push", description=__doc__)
    parser.add_argument("--deep", action="store_true", help="100,000 bills and 100 kills")
    parser.add_argument("--engine", action="append", choices=ENGINES)
    parser.add_argument("--seed", type=int, default=SEED, help="of the storms and the kills")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    return parser.parse_args()


def _on(engine: str, size: Size, seed: int) -> Chaos:
    click.echo(f"pushes on {engine} …", err=True)
    with tempfile.TemporaryDirectory(prefix="ferry-chaos-") as name:
        folder = Path(name)
        publish_content(folder)
        with ground_of(engine, folder) as ground:
            return break_pushes(ground, size, seed)


def _tell(found: Mapping[str, Chaos]) -> None:
    engines = list(found)
    click.echo(f"{'':24}" + "".join(f"{engine:>14}" for engine in engines) + f"{'bar':>8}")
    for name in found[engines[0]].numbers:
        values = [found[engine].numbers[name] for engine in engines]
        if not isinstance(values[0], dict):
            line = "".join(f"{value!s:>14}" for value in values)
            click.echo(f"{name:24}{line}{BARS.get(name, ''):>8}")


if __name__ == "__main__":
    main()
