"""Breaks payments in every way that is promised to be harmless, on both engines, and counts."""

import argparse
import json
import logging
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import structlog

from tests.chaos.payments_forging import forge
from tests.chaos.payments_ground import (
    ENGINES,
    SIZES,
    Ground,
    Size,
    ground_of,
    publish_content,
)
from tests.chaos.payments_killing import kill
from tests.chaos.payments_orders import end_states
from tests.chaos.payments_racing import race
from tests.chaos.payments_replaying import replay
from tests.chaos.payments_works import running_works

# What each number must be; the others only tell how much was tried.
BARS: Mapping[str, int] = {
    "second_orders": 0,
    "end_states": 1,
    "replay_credits": 1,
    "replays_refused": 0,
    "forged_accepted": 0,
    "acknowledged_lost": 0,
    "ledger_minus_bank_cents": 0,
    "uneven_cents": 0,
    "parity_findings": 0,
}


@dataclass(frozen=True)
class Chaos:
    """What became of everything that was tried on one engine."""

    numbers: Mapping[str, Any]
    lost: Sequence[str]  # what was acknowledged and is gone, by name

    @property
    def missed(self) -> Sequence[str]:
        """The bars that were missed."""
        return [name for name, bar in BARS.items() if self.numbers[name] != bar]


def break_payments(ground: Ground, size: Size) -> Chaos:
    """Try all of it on one engine."""
    began = time.monotonic()
    raced = race(ground, size.processes, size.rounds)
    ends = end_states(ground, size.every)
    with running_works(ground, size.workers) as works:
        replayed = replay(works, size.replays, size.at_once)
        forged = forge(works, size.forgeries)
        massacre = kill(works, size.kills)
    found = massacre.audit
    numbers = {
        "second_orders": raced.second_orders + found.second_orders,
        "end_states": len(ends),
        "replay_credits": replayed.credited,
        "replays_refused": replayed.refused,
        "forged_accepted": forged,
        "acknowledged_lost": len(found.lost),
        "ledger_minus_bank_cents": found.ledger_minus_bank_cents,
        "uneven_cents": found.uneven_cents,
        "parity_findings": found.findings,
        "processes": size.processes,
        "rounds": size.rounds,
        "orders": raced.orders,
        "callback_orders": 120 // size.every,
        "turned_away": raced.turned_away,
        "replays": size.replays,
        "forgeries": size.forgeries,
        "kills": sum(massacre.killed.values()),
        "killed": dict(massacre.killed),
        "payments": massacre.payments,
        "transactions": massacre.transactions,
        "refunds": massacre.refunds,
        "seconds": round(time.monotonic() - began, 1),
    }
    return Chaos(numbers, found.lost)


def main() -> None:
    wanted = _wanted()
    # What is tried here makes much noise by design, and the JSON stands alone on its stream.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.disable(logging.CRITICAL)
    size = SIZES["deep" if wanted.deep else "short" if wanted.short else "full"]
    found = {engine: _on(engine, size) for engine in wanted.engine or ENGINES}
    if wanted.json:
        click.echo(json.dumps({engine: chaos.numbers for engine, chaos in found.items()}))
    else:
        _tell(found)
    for engine, chaos in found.items():
        for name in chaos.missed:
            click.echo(f"{engine}: {name} must be {BARS[name]}", err=True)
        for name in chaos.lost:
            click.echo(f"{engine}: lost {name}", err=True)
    sys.exit(any(chaos.missed for chaos in found.values()))


def _wanted() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/chaos_payments", description=__doc__)
    much = parser.add_mutually_exclusive_group()
    much.add_argument("--short", action="store_true", help="a little of each, for every build")
    much.add_argument("--deep", action="store_true", help="five times the kills and forgeries")
    parser.add_argument("--engine", action="append", choices=ENGINES)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    return parser.parse_args()


def _on(engine: str, size: Size) -> Chaos:
    click.echo(f"payments on {engine} …", err=True)
    with tempfile.TemporaryDirectory(prefix="ferry-chaos-") as name:
        folder = Path(name)
        publish_content(folder)
        with ground_of(engine, folder) as ground:
            return break_payments(ground, size)


def _tell(found: Mapping[str, Chaos]) -> None:
    engines = list(found)
    click.echo(f"{'':26}" + "".join(f"{engine:>14}" for engine in engines) + f"{'bar':>8}")
    for name in found[engines[0]].numbers:
        values = [found[engine].numbers[name] for engine in engines]
        if isinstance(values[0], dict):
            continue
        bar = BARS.get(name, "")
        click.echo(f"{name:26}" + "".join(f"{value:>14}" for value in values) + f"{bar:>8}")


if __name__ == "__main__":
    main()
