"""Prints what a push run comes to from a town up to 10^8 residents, and what a month of it leaves."""

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace

import structlog

from tests.benches.scale_measured import measure
from tests.benches.scale_rows import Month, month_of
from tests.benches.scale_run import Plant, Told, play

# Measured by `--measure` on PostgreSQL, 2026-11-23, 2 shared cores and other work beside it.
CLAIM_SECONDS = 0.105
BYTES_PER_ROW = {"bills": 580, "messages": 595, "deliveries": 365}
SENDS_PER_CORE = 777.0  # measured by bench_push on PostgreSQL: 1,287 µs of a core for each
# Promised and not measured here: 667 requests a second on two cores.
REQUESTS_PER_CORE = 333.5
EVERYDAY = 180_000 / 3_800_000 / 86_400  # requests a second of a resident, in the mean of a day
HOUR = 3600
SEED = 1
TOWN, CITY, ALL = 100_000, 3_800_000, 100_000_000


@dataclass(frozen=True)
class Rung:
    """One run to play: what it shows, for whom, and with how much."""

    shows: str
    residents: int
    sending_cores: int
    api_cores: int
    over_hours: int = 0


RUNGS = (
    Rung("a town", TOWN, 1, 2),
    Rung("a city", CITY, 2, 2),
    Rung("… more workers, the same web", CITY, 9, 2),
    Rung("… spread over two hours", CITY, 9, 2, over_hours=2),
    Rung("… more workers and more web", CITY, 9, 6),
    Rung("10^8, a small web", ALL, 9, 2),
    Rung("10^8, spread over twelve hours", ALL, 9, 4, over_hours=12),
    Rung("10^8, more web", ALL, 9, 6),
)


@dataclass(frozen=True)
class Given:
    """The figures that the runs are played with."""

    sends_per_core: float = SENDS_PER_CORE
    requests_per_core: float = REQUESTS_PER_CORE
    claim_seconds: float = CLAIM_SECONDS
    seed: int = SEED

    def plant_of(self, rung: Rung) -> Plant:
        """Return what a rung has to send with."""
        return Plant(
            residents=rung.residents,
            sending_cores=rung.sending_cores,
            sends_per_core=self.sends_per_core,
            claim_seconds=self.claim_seconds,
            api_per_second=rung.api_cores * self.requests_per_core,
            everyday_per_second=rung.residents * EVERYDAY,
            over_seconds=rung.over_hours * HOUR,
        )


RUN_HEAD = (
    "run",
    "residents",
    "pushes",
    "cores that send",
    "cores of the web",
    "hours",
    "pushes a second",
    "most in a minute",
    "least share of the pace",
    "most requests a second",
    "seconds slower than 0.5 s",
    "longest wait, s",
    "put off at night",
)
MONTH_HEAD = (
    "residents",
    "messages",
    "pushes",
    "GB with indexes and bills",
    "partitions of pushes",
    "dead rows a day",
)


def table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Lay a table out as Markdown has it."""
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def run_line(rung: Rung, plant: Plant, told: Told) -> list[str]:
    """One run as a line of the table."""
    return [
        rung.shows,
        f"{rung.residents:,}",
        f"{plant.pushes:,}",
        str(rung.sending_cores),
        str(rung.api_cores),
        f"{told.seconds / HOUR:.2f}",
        f"{told.sent / max(told.seconds, 1):,.0f}",
        f"{told.most_in_a_minute:,.0f}",
        f"{told.least_share:.2f}",
        f"{told.most_asked:,.0f}",
        f"{told.slow_seconds:,}",
        f"{told.worst_seconds:.2f}",
        f"{told.put_off:,.0f}",
    ]


def month_line(residents: int, month: Month) -> list[str]:
    """One month as a line of the table."""
    return [
        f"{residents:,}",
        f"{month.messages:,}",
        f"{month.deliveries:,}",
        f"{month.gigabytes:,.1f}",
        str(month.partitions),
        f"{month.dead_rows_a_day:,}",
    ]


def tables(given: Given) -> str:
    """Play every rung, and lay out what came of it."""
    plants = [given.plant_of(rung) for rung in RUNGS]
    lines = [
        run_line(rung, plant, play(plant, given.seed))
        for rung, plant in zip(RUNGS, plants, strict=True)
    ]
    months = [
        month_line(residents, month_of(residents, plants[0].phones, BYTES_PER_ROW))
        for residents in (TOWN, CITY, ALL)
    ]
    return f"{table(RUN_HEAD, lines)}\n\n{table(MONTH_HEAD, months)}"


def as_json(given: Given) -> str:
    """The same, for programs."""
    runs = []
    for rung in RUNGS:
        plant = given.plant_of(rung)
        runs.append({**asdict(rung), **asdict(plant), **asdict(play(plant, given.seed))})
    months = {
        residents: asdict(month_of(residents, runs[0]["phones"], BYTES_PER_ROW))
        for residents in (TOWN, CITY, ALL)
    }
    return json.dumps({"given": asdict(given), "runs": runs, "months": months})


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/simulate_scale")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--measure", action="store_true")
    parser.add_argument("--sends-per-core", type=float, default=SENDS_PER_CORE)
    parser.add_argument("--requests-per-core", type=float, default=REQUESTS_PER_CORE)
    parser.add_argument("--claim-seconds", type=float, default=CLAIM_SECONDS)
    parser.add_argument("--seed", type=int, default=SEED)
    return parser.parse_args()


def main() -> None:
    """Play, and print."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    asked = _asked()
    if asked.measure:
        sys.stdout.write(json.dumps(asdict(measure())) + "\n")
        return
    given = replace(
        Given(),
        sends_per_core=asked.sends_per_core,
        requests_per_core=asked.requests_per_core,
        claim_seconds=asked.claim_seconds,
        seed=asked.seed,
    )
    sys.stdout.write((as_json(given) if asked.json else tables(given)) + "\n")


if __name__ == "__main__":
    main()
