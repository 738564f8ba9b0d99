"""What a rival says and hears in a process of its own: one line of JSON in, one out.

`train FILE FOLDER` learns from labelled texts and keeps the model in FOLDER; `ask FOLDER` loads it
in a fresh process, so that its memory is that of serving alone, and then answers whatever is asked.
"""

import gc
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backend.assistant.measuring.questions import Labelled, read_labelled

_RESIDENT = Path("/proc/self/statm")


@dataclass(frozen=True, slots=True)
class Found:
    """The intents that a rival finds, best first, three at most, and how sure it is of the first."""

    names: tuple[str, ...]
    sureness: float


Ask = Callable[[str], Found]
# Learns, keeps the model in a folder, and returns the seconds of learning; None for no learning.
Train = Callable[[Sequence[Labelled], Path], float | None]
Load = Callable[[Path], Ask]


def take_part(train: Train, load: Load, arguments: Sequence[str]) -> None:
    """Do what the arguments say: `train FILE FOLDER`, or `ask FOLDER` until the input ends."""
    if arguments[0] == "train":
        _say({"seconds": train(read_labelled(Path(arguments[1])), Path(arguments[2]))})
        return
    before = _resident_mb()
    ask = load(Path(arguments[1]))
    for line in sys.stdin:
        texts = json.loads(line)
        _say([_timed(ask, text) for text in texts] if texts else _resident_mb() - before)


def _timed(ask: Ask, text: str) -> tuple[tuple[str, ...], float, float]:
    began = time.perf_counter_ns()
    found = ask(text)
    return found.names, found.sureness, (time.perf_counter_ns() - began) / 1000


def _resident_mb() -> float:
    """Return the memory held now, in MB; where the system does not tell, the most ever held."""
    gc.collect()
    if _RESIDENT.exists():
        return int(_RESIDENT.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def _say(found: Any) -> None:
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()
