"""Holds the engine to any public set of labelled texts, with thresholds from the training texts alone."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from backend.assistant.measuring.questions import Labelled
from backend.assistant.releases.release import Kind, Release, Target
from backend.assistant.router import ask, weighed
from backend.assistant.scores import from_the_best
from backend.assistant.training import Material, learn, release_of
from backend.assistant.training.enough import ensure_enough
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
    """Train on `train`, measure on `test`, and on how well `oos` is told apart from it.

    TooLittle where `train` has not two intents.
    """
    material = _material(train)
    ensure_enough(material)
    began = time.perf_counter()
    learnt = learn(material, progress)
    release = release_of(material, learnt)
    train_seconds = time.perf_counter() - began
    inside = [each for each in test if each.intent is not None]
    best = [_best(release, each.text) for each in inside]
    known = np.array([highest for _, highest in best])
    right = np.array(
        [names[0] == each.intent for (names, _), each in zip(best, inside, strict=True)]
    )
    near = [each.intent in names for (names, _), each in zip(best, inside, strict=True)]
    times = _times(release, [each.text for each in inside])
    outside = [*oos, *(each for each in test if each.intent is None)]
    result = Benchmark(
        accuracy=_rounded(right.mean()),
        top3=_rounded(sum(near) / len(near)),
        train_seconds=round(train_seconds, 2),
        model_bytes=release.weights.nbytes + release.terms.nbytes,
        p50_us=times[0],
        p99_us=times[1],
    )
    if not outside:
        return result
    strangers = np.array([_best(release, each.text)[1] for each in outside])
    return _with_rejection(result, learnt.unseen.scores.max(axis=1), known, right, strangers)


def _best(release: Release, text: str) -> tuple[list[str], float]:
    """Return the names of the best three intents, best first, and the highest score."""
    scores = score(release, text)
    best = list(islice(from_the_best(scores), 3))
    return [release.targets[target].intent for target in best], float(scores[best[0]])


def score(release: Release, text: str) -> NDArray[np.float32]:
    """Return the score of every target for `text`, as its words alone speak."""
    return weighed(release, text).scored.scores


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
