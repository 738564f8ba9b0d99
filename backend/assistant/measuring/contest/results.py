"""Counts what the rivals did into the figures of the table."""

import math
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from typing import SupportsFloat, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backend.assistant.measuring.contest.entrants import FERRY
from backend.assistant.measuring.contest.running import Run
from backend.assistant.measuring.contest.sets import TextSet

# The share of the questions that is answered outright where precision is measured.
SUREST = 0.65
LIBRARIES = ("rapidfuzz", "scikit-learn", "numpy")

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Measured:
    """One row: shares from 0 to 1, microseconds, seconds, MB of a million bytes; None for no such.

    A question's time is the median of its rounds; `first_p50_us` is the median of the first round
    alone, before any rival could remember a question. `ferry_times` is p50 over Ferry's p50.
    `precision_at_65` and `oos_at_65`: answering the surest 65 % of the questions outright, how many
    are right, and how many texts that no intent answers would be answered, too.
    """

    key: str
    title: str
    asked: int
    accuracy: float
    top3: float | None
    p50_us: float
    p99_us: float
    first_p50_us: float
    ferry_times: float
    train_seconds: float | None
    memory_mb: float
    model_mb: float
    auroc: float | None
    precision_at_65: float | None
    oos_at_65: float | None


@dataclass(frozen=True, slots=True)
class Result:
    """One contest: on which set, on what machine, and how each rival did."""

    name: str
    source: str
    slips: str
    phrases: int
    intents: int
    questions: int
    oos: int
    rounds: int
    measured_on: str
    machine: str
    rivals: tuple[Measured, ...]
    absent: tuple[str, ...]


def result_of(
    texts: TextSet, runs: Sequence[Run], *, slips: str, absent: Sequence[str], today: date
) -> Result:
    """Count every run over the questions of `texts`; the run of Ferry must be among them."""
    own = next(_median_us(run) for run in runs if run.entrant.key == FERRY)
    return Result(
        name=texts.name,
        source=texts.source,
        slips=slips,
        phrases=len(texts.train),
        intents=texts.intents,
        questions=len(texts.test),
        oos=len(texts.oos),
        rounds=len(runs[0].replies),
        measured_on=today.isoformat(),
        machine=_machine(),
        rivals=tuple(_measured(run, texts, own) for run in runs),
        absent=tuple(absent),
    )


def _measured(run: Run, texts: TextSet, own_us: float) -> Measured:
    answered = run.replies[0]
    wanted = [line.intent for line in texts.test[: len(answered)]]
    pairs = list(zip(answered, wanted, strict=True))
    right = np.array([reply.names[:1] == (name,) for reply, name in pairs])
    among_three = np.mean([name in reply.names for reply, name in pairs])
    sure = np.array([reply.sureness for reply in answered])
    strange = np.array([reply.sureness for reply in run.to_strangers])
    least = np.sort(sure)[::-1][math.ceil(SUREST * len(sure)) - 1]
    times, first = _times(run), np.array([reply.microseconds for reply in answered])
    return Measured(
        key=run.entrant.key,
        title=run.entrant.title,
        asked=len(answered),
        accuracy=_share(right.mean()),
        top3=_share(among_three) if run.entrant.ranks_three else None,
        p50_us=round(float(np.quantile(times, 0.5)), 1),
        p99_us=round(float(np.quantile(times, 0.99)), 1),
        first_p50_us=round(float(np.quantile(first, 0.5)), 1),
        ferry_times=round(float(np.quantile(times, 0.5)) / own_us, 2),
        train_seconds=None if run.train_seconds is None else round(run.train_seconds, 2),
        memory_mb=round(run.memory_mb, 1),
        model_mb=round(run.model_bytes / 1e6, 2),
        auroc=_share(auroc(sure, strange)) if len(strange) else None,
        precision_at_65=_share(right[sure >= least].mean()),
        oos_at_65=_share((strange >= least).mean()) if len(strange) else None,
    )


def auroc(known: Floats, strange: Floats) -> float:
    """Return how often a known text scores above a strange one, a tie counting half."""
    ordered = np.sort(strange)
    below = np.searchsorted(ordered, known, "left")
    level = np.searchsorted(ordered, known, "right") - below
    return float((below + level / 2).mean() / len(strange))


def _median_us(run: Run) -> float:
    return float(np.quantile(_times(run), 0.5))


def _times(run: Run) -> Floats:
    """Return each question's time: the median of its rounds."""
    rounds = [[reply.microseconds for reply in replies] for replies in run.replies]
    return np.asarray(np.median(rounds, axis=0), dtype=np.float64)


def _machine() -> str:
    busy = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    cores = os.cpu_count() or 1
    return (
        f"{cores} cores{busy}, {platform.system()}, Python {platform.python_version()}, {libraries}"
    )


def _share(found: SupportsFloat) -> float:
    return round(float(found), 4)
