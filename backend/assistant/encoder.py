"""An optional sentence encoder: a folder with `tokenizer.json` and `model.onnx`, run on the processor.

Loaded only where `FERRY_SENTENCE_ENCODER` names one; the package's extra `semantic` brings what runs
it. Any encoder whose tokens are averaged will do, such as all-MiniLM-L6-v2 for English.
"""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

MOST_TOKENS = 128
AT_ONCE = 32


class OnnxEncoder:
    """Turns texts into unit vectors, near each other where they mean the same.

    `digest` names the encoder by the hash of its files: a release knows which one it was built with.
    """

    def __init__(self, folder: Path) -> None:
        tokenizer, model = folder / "tokenizer.json", folder / "model.onnx"
        self.digest = hashlib.sha256(tokenizer.read_bytes() + model.read_bytes()).hexdigest()
        self.tokenizer = Tokenizer.from_file(str(tokenizer))
        self.tokenizer.enable_truncation(MOST_TOKENS)
        self.tokenizer.enable_padding()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(
            model.read_bytes(), options, providers=["CPUExecutionProvider"]
        )
        self.inputs = {each.name for each in self.session.get_inputs()}

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return (texts, dimensions) unit vectors."""
        return np.concatenate(list(self.batches(texts)))

    def batches(self, texts: Sequence[str]) -> Iterator[NDArray[np.float32]]:
        """Encode `texts` a batch at a time, in their order."""
        for start in range(0, len(texts), AT_ONCE):
            yield self._batch(texts[start : start + AT_ONCE])

    def _batch(self, texts: Sequence[str]) -> NDArray[np.float32]:
        encoded = self.tokenizer.encode_batch(list(texts))
        mask = np.array([each.attention_mask for each in encoded], dtype=np.int64)
        ids = np.array([each.ids for each in encoded], dtype=np.int64)
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        asked = {name: value for name, value in given.items() if name in self.inputs}
        of_tokens = self.session.run(None, asked)[0]
        whole = (of_tokens * mask[..., None]).sum(axis=1) / np.maximum(mask.sum(axis=1), 1)[:, None]
        length = np.linalg.norm(whole, axis=1, keepdims=True)
        return np.asarray(whole / np.maximum(length, 1e-9), dtype=np.float32)
