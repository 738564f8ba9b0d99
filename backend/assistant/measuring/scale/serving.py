"""Asks an invented release in a process of its own, which holds nothing else."""

import gc
import json
import os
import sys
import time
from pathlib import Path

import click
import numpy as np

from backend.assistant import ask, load_current
from backend.assistant.measuring.contest.slips import typos
from backend.assistant.measuring.scale.invented import ASKED, Inventor, Size

TYPOS = 0.1
# Memory is told after so many questions, and again after all.
SETTLED = 100
_RESIDENT = Path("/proc/self/statm")


def questions(size: Size, number: int) -> list[tuple[str, str]]:
    """Invent (intent, question) pairs that no phrase was, with slips in a tenth of the words."""
    inventor, spoil = Inventor(size), typos(TYPOS)
    chosen = np.random.default_rng(ASKED).integers(0, size.intents, number).tolist()
    return [
        (f"intent-{intent}", spoil(inventor.phrases(intent, 1, ASKED + place)[0]))
        for place, intent in enumerate(chosen)
    ]


def resident_mb() -> float:
    gc.collect()
    return int(_RESIDENT.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1024**2


def main(folder: Path, asked: list[tuple[str, str]]) -> None:
    before = resident_mb()
    began = time.perf_counter()
    release = load_current(folder)
    loaded = time.perf_counter() - began
    first, three, taken, settled = 0, 0, [], 0.0
    for place, (intent, text) in enumerate(asked):
        if place == SETTLED:
            settled = resident_mb() - before
        began_ns = time.perf_counter_ns()
        answer = ask(release, text)
        taken.append((time.perf_counter_ns() - began_ns) / 1e6)
        found = [choice.intent for choice in answer.choices]
        first += found[:1] == [intent]
        three += intent in found
    click.echo(
        json.dumps(
            {
                "accuracy": first / len(asked),
                "top3": three / len(asked),
                "p50_ms": float(np.quantile(taken, 0.5)),
                "p99_ms": float(np.quantile(taken, 0.99)),
                "load_seconds": loaded,
                "served_mb": settled,
                "served_mb_after_all": resident_mb() - before,
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.load(sys.stdin))
