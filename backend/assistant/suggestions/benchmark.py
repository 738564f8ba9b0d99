"""Times the suggestions over everything that residents type on their way to a few hundred phrases."""

import json
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

import click

from backend.assistant.commands.given import AS_JSON, INTENTS, release_for
from backend.assistant.releases.release import Kind, Release
from backend.assistant.suggestions.index import Suggestions
from backend.assistant.suggestions.suggestible import suggestible
from backend.core.languages import Language
from backend.menu import Catalogue, load_catalogue

LIMIT = 5


@dataclass(frozen=True)
class Measured:
    """Times in microseconds and seconds, sizes in megabytes; `helped` is the share with any item.

    Times are the processor's: nothing here waits, and a busy machine shall not count.
    """

    services: int
    phrases: int
    suggestible: int
    prefixes: int
    p50_us: float
    p99_us: float
    worst_us: float
    helped: float
    build_seconds: float
    index_mb: float
    index_peak_mb: float


def measure(release: Release, catalogue: Catalogue, phrases: int) -> Measured:
    """Index `release`, and type each of some phrases, evenly chosen, letter by letter."""
    rows = [row for row in _rows(release) if row[0]]
    chosen = rows[:: max(1, len(rows) // phrases)][:phrases]
    typed = [(text[:end], language) for text, language in chosen for end in range(1, len(text) + 1)]
    began = time.process_time()
    index = _index(release, catalogue)
    build_seconds = time.process_time() - began
    tracemalloc.start()
    traced = _index(release, catalogue)
    size, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    times, helped = _times(index, typed)
    return Measured(
        services=len(traced.services),
        phrases=len(rows),
        suggestible=len(traced.owners),
        prefixes=len(typed),
        p50_us=round(statistics.median(times), 1),
        p99_us=round(times[len(times) * 99 // 100], 1),
        worst_us=round(times[-1], 1),
        helped=round(helped / len(typed), 3),
        build_seconds=round(build_seconds, 2),
        index_mb=round(size / 1e6, 1),
        index_peak_mb=round(peak / 1e6, 1),
    )


def _rows(release: Release) -> Iterator[tuple[str, Language]]:
    for target, examples in zip(release.targets, release.examples, strict=True):
        if target.kind is Kind.SERVICE:
            yield from zip(examples.texts, examples.languages, strict=True)


def _index(release: Release, catalogue: Catalogue) -> Suggestions:
    return Suggestions.of(release.version, suggestible(release, catalogue), release.readings)


def _times(index: Suggestions, typed: Sequence[tuple[str, Language]]) -> tuple[list[float], int]:
    """Return the sorted times of all, and how many were offered anything."""
    times, helped = [], 0
    for text, language in islice(typed, 100):
        index.suggest(text, language, LIMIT)
    for text, language in typed:
        began = time.thread_time_ns()
        found = index.suggest(text, language, LIMIT)
        times.append((time.thread_time_ns() - began) / 1000)
        helped += bool(found)
    return sorted(times), helped


def todays_catalogue() -> Catalogue:
    """Return the catalogue of the checkout, published aside as for any server."""
    ferry = Path(sys.executable).parent / "ferry"
    with tempfile.TemporaryDirectory() as aside:
        publish = [str(ferry), "catalogue", "publish", "--to", aside]
        subprocess.run(publish, check=True, stdout=subprocess.DEVNULL)
        return load_catalogue(Path(aside))


@click.command()
@INTENTS
@click.option("--phrases", default=300, show_default=True, type=click.IntRange(1, 10_000))
@AS_JSON
def main(folder: Path, phrases: int, as_json: bool) -> None:
    """Time the suggestions over the whole catalogue of the checkout."""
    found = asdict(measure(release_for(folder, None), todays_catalogue(), phrases))
    if as_json:
        click.echo(json.dumps(found))
        return
    for name, value in found.items():
        click.echo(f"{name:14} {value}")


if __name__ == "__main__":
    main()
