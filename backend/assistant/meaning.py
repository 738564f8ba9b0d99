"""A second opinion on a question, by what it means: optional, and only where it was seen to help."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from backend.assistant.normalise import Tokens
from backend.assistant.policy import Policy
from backend.core.text import is_chinese


class Encoder(Protocol):
    """Turns texts into (texts, dimensions) unit vectors; `digest` names it."""

    digest: str

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]: ...

    def batches(self, texts: Sequence[str]) -> Iterator[NDArray[np.float32]]: ...


class EncoderMissing(Exception):
    """The encoder cannot be used; the message is a plain sentence."""


class Script(StrEnum):
    """What a question is written in, as far as an encoder cares."""

    LATIN = "latin"
    CHINESE = "chinese"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a release learnt of the vectors of its phrases.

    `weights` is (dimensions + 1, targets), the last row the bias; `shares` says per script how much
    the opinion counts, nought where it did not help; `policy` fits the scores with it.
    """

    encoder: str
    weights: NDArray[np.float32]
    shares: Mapping[Script, float]
    policy: Policy

    def opinion(self, encoder: Encoder, text: str, tokens: Tokens) -> NDArray[np.float32] | None:
        """Return what to add to the scores, (targets,), or None where it has no say."""
        share = self.shares[script_of(tokens)]
        if not share or encoder.digest != self.encoder:
            return None
        vector = encoder.encode([text])[0]
        return np.asarray(share * (vector @ self.weights[:-1] + self.weights[-1]), dtype=np.float32)


def script_of(tokens: Tokens) -> Script:
    """Say which script `tokens` are in; one Chinese character is enough."""
    return Script.CHINESE if any(is_chinese(token[0]) for token in tokens) else Script.LATIN


def load_encoder(folder: Path) -> Encoder:
    """Load the encoder in `folder`, or raise `EncoderMissing`.

    What runs it is imported here and nowhere else: most deployments have neither.
    """
    try:
        found: Encoder = import_module("backend.assistant.encoder").OnnxEncoder(folder)
    except ImportError as error:
        sentence = (
            "A sentence encoder needs more packages: pip install -e '.[semantic]', in the checkout."
        )
        raise EncoderMissing(sentence) from error
    except Exception as error:  # the libraries raise classes of their own for a broken file
        raise EncoderMissing(
            f"There is no usable tokenizer.json and model.onnx in {folder}: {type(error).__name__}."
        ) from error
    return found
