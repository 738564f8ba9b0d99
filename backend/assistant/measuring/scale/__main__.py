"""Builds, serves and asks an invented release of any size, beside rapidfuzz over its phrases."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass
from typing import Any

import click
from rapidfuzz import fuzz, process

from backend.assistant.measuring.contest.running import ONE_THREAD
from backend.assistant.measuring.scale.invented import LEARNT, Inventor, Size
from backend.assistant.measuring.scale.serving import questions
from backend.core.text import fold

HERE = "backend.assistant.measuring.scale"


@dataclass(frozen=True, slots=True)
class Measured:
    """One size: shares from 0 to 1, times in milliseconds or seconds, memory in MB of 1024².

    `served_mb` is what loading the release and 100 questions added to a fresh process,
    `served_mb_after_all` what all questions did; `build_peak_mb` the most that building ever held.
    """

    intents: int
    phrases: int
    questions: int
    accuracy: float
    top3: float
    p50_ms: float
    p99_ms: float
    load_seconds: float
    served_mb: float
    served_mb_after_all: float
    build_seconds: float
    build_peak_mb: float
    weights_mb: float
    rival_accuracy: float | None = None
    rival_p50_ms: float | None = None


def measure(size: Size, asked: int, rival: int, folder: str) -> Measured:
    """Measure one size; the release is kept in `folder`."""
    pairs = questions(size, asked)
    built = _child("learning", json.dumps(astuple(size)), folder)
    served = _child("serving", folder, told=json.dumps(pairs))
    beside = _rival(Inventor(size), pairs[:rival])
    rounded = {name: round(value, 4) for name, value in {**served, **beside}.items()}
    return Measured(
        intents=size.intents,
        phrases=size.phrases,
        questions=asked,
        build_seconds=round(built["seconds"], 1),
        build_peak_mb=round(built["peak_mb"], 1),
        weights_mb=round(built["weights_mb"], 1),
        **rounded,
    )


def _child(name: str, *arguments: str, told: str = "") -> Any:
    """Run a module of this folder on one thread; return what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", f"{HERE}.{name}", *arguments],
        env={**os.environ, **ONE_THREAD},
        input=told,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise click.ClickException(f"The process for {name} failed; see above.")
    return json.loads(done.stdout)


def _rival(inventor: Inventor, asked: Sequence[tuple[str, str]]) -> dict[str, float]:
    """Let rapidfuzz look for the nearest of all phrases by its best scorer here, token_set."""
    if not asked:
        return {}
    owners, lines, phrases = [], [], inventor.size.phrases
    for intent in range(inventor.size.intents):
        lines += [fold(text) for text in inventor.phrases(intent, phrases, LEARNT)]
        owners += [f"intent-{intent}"] * phrases
    right, taken = 0, []
    for intent_name, text in asked:
        began = time.perf_counter()
        found = process.extractOne(fold(text), lines, scorer=fuzz.token_set_ratio)
        taken.append((time.perf_counter() - began) * 1000)
        right += found is not None and owners[found[2]] == intent_name
    taken.sort()
    return {"rival_accuracy": right / len(asked), "rival_p50_ms": taken[len(taken) // 2]}


@click.command()
@click.option("--intents", default=1000, show_default=True, type=click.IntRange(2, 60_000))
@click.option("--phrases", default=30, show_default=True, type=click.IntRange(2, 1000))
@click.option("--chinese", default=0.3, show_default=True, type=click.FloatRange(0, 1))
@click.option("--questions", "asked", default=2000, show_default=True, type=click.IntRange(200))
@click.option("--rival", default=20, show_default=True, type=click.IntRange(0))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def main(
    *, intents: int, phrases: int, chinese: float, asked: int, rival: int, as_json: bool
) -> None:
    """Measure the assistant at a size that nobody has written yet."""
    with tempfile.TemporaryDirectory(prefix="ferry-scale-") as folder:
        found = measure(Size(intents, phrases, chinese), asked, rival, folder)
    if as_json:
        click.echo(json.dumps(asdict(found)))
        return
    for name, value in asdict(found).items():
        click.echo(f"{name:>20}  {value}")


if __name__ == "__main__":
    main()
