"""Measures the search of the menu beside rapidfuzz's WRatio over the same names, in one process."""

import json
import platform
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import click
from rapidfuzz import fuzz, process

from backend.core.settings import CHECKOUT
from backend.core.text import fold
from backend.menu.catalogue import Catalogue
from backend.menu.content import read_catalogue
from backend.menu.published import catalogue_of
from backend.menu.search import SearchIndex
from backend.menu.searches import read_searches

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
Finder = Callable[[str], str | None]


@dataclass(frozen=True)
class Measured:
    """Times of one finder, in microseconds, and the share of wanted services that it puts first."""

    p50_us: float
    p99_us: float
    first: float | None


@dataclass(frozen=True)
class Comparison:
    """What was measured, on what; a ratio above 1 says that Ferry's search is the quicker one."""

    queries: int
    names: int
    rounds: int
    python: str
    rival: str
    ferry_search: Measured
    rapidfuzz_wratio: Measured
    p50_ratio: float
    p99_ratio: float


def compare(catalogue: Catalogue, wanted: Mapping[str, str | None], rounds: int) -> Comparison:
    """Time both finders over the keys of `wanted`; a value names the service to come first."""
    index = SearchIndex(catalogue)
    names = [name for name, _ in _folded_names(catalogue)]
    owners = [service_id for _, service_id in _folded_names(catalogue)]

    def by_ferry(query: str) -> str | None:
        hits = index.search(query, 10)
        return hits[0].service.id if hits else None

    def by_rival(query: str) -> str | None:
        best = process.extractOne(fold(query), names, scorer=fuzz.WRatio)
        return owners[best[2]] if best else None

    ours, theirs = (_measure(find, wanted, rounds) for find in (by_ferry, by_rival))
    return Comparison(
        queries=len(wanted),
        names=len(names),
        rounds=rounds,
        python=platform.python_version(),
        rival=f"rapidfuzz {version('rapidfuzz')} process.extractOne, WRatio",
        ferry_search=ours,
        rapidfuzz_wratio=theirs,
        p50_ratio=round(theirs.p50_us / ours.p50_us, 2),
        p99_ratio=round(theirs.p99_us / ours.p99_us, 2),
    )


def _folded_names(catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    """Yield what the search index holds too: every name in three languages, and every other."""
    for service in catalogue.services:
        name = service.name
        for text in (name.en, name.zh_hant, name.zh_hans, *service.also):
            yield fold(text), service.id


def _measure(find: Finder, wanted: Mapping[str, str | None], rounds: int) -> Measured:
    asked = {query: service for query, service in wanted.items() if service}
    right = sum(find(query) == service for query, service in asked.items())
    times = sorted(_times(find, list(wanted), rounds))
    return Measured(
        p50_us=round(statistics.median(times), 1),
        p99_us=round(times[min(len(times) - 1, len(times) * 99 // 100)], 1),
        first=round(right / len(asked), 3) if asked else None,
    )


def _times(find: Finder, queries: Sequence[str], rounds: int) -> Iterator[float]:
    for _ in range(rounds):
        for query in queries:
            began = time.perf_counter_ns()
            find(query)
            yield (time.perf_counter_ns() - began) / 1000


def _wanted(folder: Path, queries: Path | None) -> dict[str, str | None]:
    if queries is None:
        searches = read_searches(folder)
        return {**dict.fromkeys(searches.among), **searches.first}
    lines = queries.read_text(encoding="utf-8").splitlines()
    return {line.strip(): None for line in lines if line.strip()}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--queries", type=FILE, help="A file of queries, one a line.")
@click.option("--rounds", default=20, show_default=True, type=click.IntRange(1, 10_000))
def main(as_json: bool, queries: Path | None, rounds: int) -> None:
    """Time the search of the menu beside rapidfuzz's WRatio, over the checkout's catalogue."""
    folder = CHECKOUT / "catalogue"
    wanted = _wanted(folder, queries)
    if not wanted:
        raise click.ClickException("There is no query to try.")
    found = compare(catalogue_of(read_catalogue(folder)), wanted, rounds)
    if as_json:
        click.echo(json.dumps(asdict(found)))
        return
    click.echo(f"{found.queries} queries × {found.rounds} over {found.names} names")
    for who, each in (("Ferry", found.ferry_search), (found.rival, found.rapidfuzz_wratio)):
        first = "" if each.first is None else f", puts the wanted service first {each.first:.1%}"
        click.echo(f"{who}: p50 {each.p50_us} µs, p99 {each.p99_us} µs{first}")
    click.echo(f"Ferry is {found.p50_ratio} times as quick at p50, {found.p99_ratio} at p99.")


if __name__ == "__main__":
    main()
