"""Lays out the large parts of a release as plain arrays, one file each, and picks them up again."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backend.assistant.releases.lookup import Exact, Vocabulary
from backend.assistant.releases.phrasebook import Phrasebook
from backend.assistant.releases.release import Release
from backend.assistant.releases.weights import Weights

Array: TypeAlias = NDArray[Any]
ENDING = ".npy"
# The files of a release beside its header; the names are those of `lay_out`.
NAMES = (
    *("numbers", "common", "starts", "owners", "cells"),
    *("features", "rows", "phrases", "phrase_targets", "examples", "example_starts", "meaning"),
)
NO_MEANING = np.zeros((0, 0), dtype=np.float32)
FILES = tuple(name + ENDING for name in NAMES)


@dataclass(frozen=True, slots=True)
class Parts:
    """The large parts of a release; see `Release`."""

    vocabulary: Vocabulary
    weights: Weights
    bias: NDArray[np.float32]
    terms: NDArray[np.float32]
    exact: Exact
    examples: Phrasebook
    meaning: NDArray[np.float32]


def lay_out(release: Release) -> dict[str, Array]:
    """Return every array of `release` by its name."""
    weights = release.weights
    return {
        "numbers": np.concatenate([release.bias, release.terms, weights.scales]),
        "common": weights.common,
        "starts": weights.starts,
        "owners": weights.owners,
        "cells": weights.cells,
        "features": release.vocabulary.hashes,
        "rows": release.vocabulary.rows,
        "phrases": release.exact.hashes,
        "phrase_targets": release.exact.targets,
        "examples": release.examples.packed,
        "example_starts": release.examples.starts,
        "meaning": release.meaning.weights if release.meaning else NO_MEANING,
    }


def pick_up(arrays: Mapping[str, Array], targets: int) -> Parts:
    """Make the parts of a release with so many targets, or raise ValueError if they do not fit."""
    bias, terms, scales = np.split(
        arrays["numbers"], [targets, targets + (len(arrays["numbers"]) - targets) // 2]
    )
    weights = Weights(arrays["common"], arrays["starts"], arrays["owners"], arrays["cells"], scales)
    examples = Phrasebook(arrays["examples"], arrays["example_starts"])
    rare = len(weights.starts) - 1
    fits = (
        weights.shape[1] == targets == len(examples)
        and len(weights.common) + rare == len(scales) == len(terms)
        and len(weights.owners) == len(weights.cells) == weights.starts[-1]
    )
    if not fits:
        raise ValueError
    vocabulary = Vocabulary(arrays["features"], arrays["rows"])
    exact = Exact(arrays["phrases"], arrays["phrase_targets"])
    return Parts(vocabulary, weights, bias, terms, exact, examples, arrays["meaning"])


def write(arrays: Mapping[str, Array], folder: Path) -> None:
    """Write each array into its file in `folder`, down to the disk."""
    for name, array in arrays.items():
        with (folder / (name + ENDING)).open("wb") as file:
            np.save(file, array, allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())


def read(folder: Path) -> dict[str, Array]:
    """Map every array in `folder`; what is empty cannot be mapped, and is read."""
    return {name: _mapped(folder / (name + ENDING)) for name in NAMES}


def _mapped(path: Path) -> Array:
    # A plain view of the mapped file: numpy's own subclass costs on every look-up.
    return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
