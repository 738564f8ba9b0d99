"""A sentence encoder small enough to read: every word has a vector, and some words share one."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.normalizers import Lowercase
from tokenizers.pre_tokenizers import Whitespace

DIMENSIONS = 24
# IR 8 and opset 13 are read by every onnxruntime of these years.
OPSET, IR = 13, 8


def write_encoder(folder: Path, meanings: list[list[str]]) -> Path:
    """Write an encoder to `folder`: the words of each list mean the same, all others nothing."""
    folder.mkdir(parents=True)
    words = ["[PAD]", "[UNK]", *(word for group in meanings for word in group)]
    of_word = [0, 0, *(place + 1 for place, group in enumerate(meanings) for _ in group)]
    dealer = np.random.default_rng(7)
    vectors = dealer.normal(size=(len(meanings) + 1, DIMENSIONS)).astype(np.float32)
    vectors[0] = 0.01
    _write_tokenizer(folder / "tokenizer.json", words)
    _write_model(folder / "model.onnx", vectors[of_word])
    return folder


def _write_tokenizer(path: Path, words: list[str]) -> None:
    tokenizer = Tokenizer(WordLevel({word: place for place, word in enumerate(words)}, "[UNK]"))
    tokenizer.normalizer = Lowercase()
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.save(str(path))


def _write_model(path: Path, vectors: np.ndarray) -> None:
    axes = ["texts", "tokens"]
    graph = helper.make_graph(
        [helper.make_node("Gather", ["vectors", "input_ids"], ["last_hidden_state"])],
        "looks each word up",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, axes)],
        [
            helper.make_tensor_value_info(
                "last_hidden_state", TensorProto.FLOAT, [*axes, DIMENSIONS]
            )
        ],
        [numpy_helper.from_array(vectors, "vectors")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR)
    onnx.save(model, str(path))
