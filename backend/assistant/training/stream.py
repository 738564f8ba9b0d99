"""Reads very many phrases once, into plain arrays: no text of them stays in memory twice."""

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from backend.assistant import features
from backend.assistant.normalise import Synonyms, Tokens, normalise
from backend.assistant.releases.lookup import Exact, hash_of, phrase_hash
from backend.assistant.releases.phrasebook import Examples, Phrasebook
from backend.core.languages import Language

Phrases = Sequence[tuple[str, Language]]


@dataclass(frozen=True, slots=True)
class Stream:
    """Phrases as runs of feature hashes; those of phrase `i` are `hashes[starts[i]:starts[i + 1]]`.

    `blocks` says of each cell which of `block_weights` it has; phrases stand in the order of their
    targets, `labels` (phrases,).
    """

    hashes: NDArray[np.uint32]
    blocks: NDArray[np.uint8]
    block_weights: NDArray[np.float32]
    starts: NDArray[np.int64]
    labels: NDArray[np.int32]
    words: Mapping[str, int]
    exact: Exact
    examples: Phrasebook


@dataclass(slots=True)
class Reader:
    """Collects a `Stream`, one target after the other."""

    synonyms: Synonyms
    readings: Mapping[str, str]
    hashes: "array[int]" = field(default_factory=lambda: array("I"))
    blocks: "array[int]" = field(default_factory=lambda: array("B"))
    starts: "array[int]" = field(default_factory=lambda: array("q", [0]))
    labels: "array[int]" = field(default_factory=lambda: array("i"))
    phrases: "array[int]" = field(default_factory=lambda: array("Q"))
    words: Counter[str] = field(default_factory=Counter)
    weights: dict[float, int] = field(default_factory=dict)
    known: dict[str, tuple["array[int]", "array[int]"]] = field(default_factory=dict)

    def read(self, every: Iterable[Phrases]) -> Stream:
        """Read the phrases of every target, in the order of the targets."""
        examples = Phrasebook.of(self._read(label, each) for label, each in enumerate(every))
        labels = np.frombuffer(self.labels, dtype=np.int32)
        return Stream(
            np.frombuffer(self.hashes, dtype=np.uint32),
            np.frombuffer(self.blocks, dtype=np.uint8),
            np.array(list(self.weights), dtype=np.float32),
            np.frombuffer(self.starts, dtype=np.int64),
            labels,
            self.words,
            Exact.of(np.frombuffer(self.phrases, dtype=np.uint64), labels),
            examples,
        )

    def _read(self, label: int, phrases: Phrases) -> Examples:
        """Take in the phrases of one target, each distinct one once."""
        rows = [
            (text, normalise(text, self.synonyms), language)
            for text, language in dict(phrases).items()
        ]
        for tokens in dict.fromkeys(question.tokens for _, question, _ in rows):
            if tokens:
                self._take(label, tokens)
        return Examples.of((text, question.text, language) for text, question, language in rows)

    def _take(self, label: int, tokens: Tokens) -> None:
        for token in dict.fromkeys(tokens):
            hashes, blocks = self._of_token(token)
            self.hashes.extend(hashes)
            self.blocks.extend(blocks)
        for first, second in dict.fromkeys(pairwise(tokens)):
            for feature, weight in features.of_pair(first, second, self.readings):
                self.hashes.append(hash_of(feature))
                self.blocks.append(self._block(weight))
        self.words.update(tokens)
        self.labels.append(label)
        self.phrases.append(phrase_hash(tokens))
        self.starts.append(len(self.hashes))

    def _of_token(self, token: str) -> tuple["array[int]", "array[int]"]:
        found = self.known.get(token)
        if found is None:
            cells = features.of_token(token, self.readings)
            hashes = array("I", (hash_of(feature) for feature, _ in cells))
            found = hashes, array("B", (self._block(weight) for _, weight in cells))
            self.known[token] = found
        return found

    def _block(self, weight: float) -> int:
        return self.weights.setdefault(weight, len(self.weights))
