"""What training hands on, whichever way it learnt: the large parts of a release, and its proof."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.assistant.releases.lookup import Exact, Vocabulary
from backend.assistant.releases.phrasebook import Phrasebook
from backend.assistant.releases.weights import Weights
from backend.assistant.training.thresholds import Unseen


@dataclass(frozen=True, slots=True)
class Learnt:
    """See `Release`; `words` counts each word of the phrases, `unseen` gives the thresholds."""

    vocabulary: Vocabulary
    weights: Weights
    bias: NDArray[np.float32]
    terms: NDArray[np.float32]
    unseen_term: float
    words: Mapping[str, int]
    exact: Exact
    examples: Phrasebook
    unseen: Unseen
