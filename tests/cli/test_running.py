"""`ferry serve` says in a sentence why it does not start."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from backend.cli import ferry


def test_a_server_does_not_start_without_the_encoder_that_its_settings_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("STAGE", "demo"), ("DATA_DIR", tmp_path), ("SENTENCE_ENCODER", "gone")):
        monkeypatch.setenv(f"FERRY_{name}", str(value))

    result = CliRunner().invoke(ferry, ["serve"])

    assert result.exit_code == 1
    assert "FERRY_SENTENCE_ENCODER: There is no usable tokenizer.json" in result.output
