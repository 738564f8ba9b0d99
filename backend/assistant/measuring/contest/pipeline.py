"""What a good textbook does: scikit-learn, words and characters weighed by tf-idf, a linear SVM."""

import pickle
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline, make_union
from sklearn.svm import LinearSVC

from backend.assistant.measuring.contest.child import Ask, Found, take_part
from backend.assistant.measuring.questions import Labelled

MODEL = "pipeline.pickle"


def train(lines: Sequence[Labelled], folder: Path) -> float:
    """Fit the pipeline and keep it."""
    pipeline = make_pipeline(
        make_union(
            TfidfVectorizer(ngram_range=(1, 2)),
            TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5)),
        ),
        LinearSVC(),
    )
    began = time.perf_counter()
    pipeline.fit([line.text for line in lines], [line.intent for line in lines])
    seconds = time.perf_counter() - began
    with (folder / MODEL).open("wb") as file:
        pickle.dump(pipeline, file, protocol=pickle.HIGHEST_PROTOCOL)
    return seconds


def open_pipeline(folder: Path) -> Ask:
    """Load the pipeline; one call scores every intent, as `predict` does inside."""
    with (folder / MODEL).open("rb") as file:
        pipeline = pickle.load(file)  # noqa: S301 - written a moment ago by `train`
    names = pipeline.classes_

    def asked(text: str) -> Found:
        scores = pipeline.decision_function([text])[0]
        if scores.ndim == 0:
            # Of two classes scikit-learn scores the second alone.
            scores = np.array([-scores, scores])
        best = scores.argsort()[::-1][:3]
        return Found(tuple(names[best].tolist()), float(scores[best[0]]))

    return asked


if __name__ == "__main__":
    take_part(train, open_pipeline, sys.argv[1:])
