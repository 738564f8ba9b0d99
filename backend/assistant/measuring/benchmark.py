"""Holds the engine to any public set of labelled texts, with thresholds from the training texts alone."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from backend.assistant.measuring.questions import Labelled
from backend.assistant.normalise import normalise
from backend.assistant.readings import readings
from backend.assistant.release import Columns, Kind, Release, Target
from backend.assistant.router import ask, mended
from backend.assistant.scores import vector, weigh
from backend.assistant.training import Material, build, linear, samples
from backend.assistant.training.thresholds import score_unseen
from backend.core.languages import Language

Floats: TypeAlias = NDArray[np.float32]
SHARES_KEPT = (0.98, 0.95)


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What `ferry intents benchmark` prints: shares from 0 to 1, seconds, bytes, microseconds."""

    accuracy: float
    top3: float
    train_seconds: float
    model_bytes: int
    p50_us: float
    p99_us: float
    auroc: float | None = None
    in_scope_at_98: float | None = None
    oos_recall_at_98: float | None = None
    in_scope_at_95: float | None = None
    oos_recall_at_95: float | None = None


def benchmark(
    train: Sequence[Labelled],
    test: Sequence[Labelled],
    oos: Sequence[Labelled],
    progress: Callable[[str], None],
) -> Benchmark:
    """Train on `train`, measure on `test`, and on how well `oos` is told apart from it."""
    material = _material(train)
    began = time.perf_counter()
    release = build(material, progress)
    train_seconds = time.perf_counter() - began
    inside = [each for each in test if each.intent is not None]
    found = np.stack([score(release, each.text) for each in inside])
    names = np.array([target.intent for target in release.targets])
    best = names[np.argsort(-found, axis=1)[:, :3]]
    right = best == np.array([each.intent for each in inside])[:, None]
    times = _times(release, [each.text for each in inside])
    outside = [*oos, *(each for each in test if each.intent is None)]
    result = Benchmark(
        accuracy=_rounded(right[:, 0].mean()),
        top3=_rounded(right.any(axis=1).mean()),
        train_seconds=round(train_seconds, 2),
        model_bytes=release.weights.nbytes + release.terms.nbytes,
        p50_us=times[0],
        p99_us=times[1],
    )
    if not outside:
        return result
    strangers = np.stack([score(release, each.text) for each in outside]).max(axis=1)
    return _with_rejection(
        result, _unseen_best(material), found.max(axis=1), right[:, 0], strangers
    )


def score(release: Release, text: str) -> NDArray[np.float32]:
    """Return the score of every target for `text`, as serving computes it."""
    question, guessed = mended(release, normalise(text, release.synonyms))
    return weigh(release, vector(release, question.tokens, guessed)).scores


def _material(train: Sequence[Labelled]) -> Material:
    names = list(dict.fromkeys(each.intent for each in train if each.intent is not None))
    texts: dict[str, list[tuple[str, Language]]] = {name: [] for name in names}
    for each in train:
        if each.intent is not None:
            texts[each.intent].append((each.text, Language.EN))
    return Material(
        content="benchmark",
        targets=tuple(Target(Kind.SERVICE, name, name) for name in names),
        examples=tuple(tuple(texts[name]) for name in names),
    )


def _unseen_best(material: Material) -> Floats:
    """Return the best score of each training text by a model that has not seen it."""
    tokens, labels = samples(material)
    columns = Columns.of(material.targets)
    table = linear.tabulate(tokens, labels, readings())
    unseen = score_unseen(table, columns, len(material.targets))
    return np.asarray(unseen.scores.max(axis=1), dtype=np.float32)


def _with_rejection(
    result: Benchmark,
    unseen: Floats,
    known: Floats,
    right: NDArray[np.bool_],
    strangers: Floats,
) -> Benchmark:
    """Add how well strangers are turned away at thresholds that keep 98 and 95 % of the phrases."""
    truth = np.concatenate([np.ones(len(known)), np.zeros(len(strangers))])
    at_98, at_95 = (float(np.quantile(unseen, 1 - share)) for share in SHARES_KEPT)
    return replace(
        result,
        auroc=_rounded(roc_auc_score(truth, np.concatenate([known, strangers]))),
        in_scope_at_98=_rounded((right & (known >= at_98)).mean()),
        oos_recall_at_98=_rounded((strangers < at_98).mean()),
        in_scope_at_95=_rounded((right & (known >= at_95)).mean()),
        oos_recall_at_95=_rounded((strangers < at_95).mean()),
    )


def _times(release: Release, texts: Sequence[str]) -> tuple[float, float]:
    """Return the median and the 99th percentile of asking each text, in microseconds."""
    taken = []
    for text in texts:
        began = time.perf_counter_ns()
        ask(release, text)
        taken.append((time.perf_counter_ns() - began) / 1000)
    return round(float(np.quantile(taken, 0.5)), 1), round(float(np.quantile(taken, 0.99)), 1)


def _rounded(share: float) -> float:
    return round(float(share), 4)
