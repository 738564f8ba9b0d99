"""`ferry serve` says in a sentence why it does not start."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
@pytest.mark.processes
def test_a_server_does_not_start_without_the_encoder_that_its_settings_name(tmp_path: Path) -> None:
    settings = {"STAGE": "demo", "DATA_DIR": str(tmp_path), "SENTENCE_ENCODER": "gone"}
    ferry = Path(sys.executable).parent / "ferry"

    served = subprocess.run(
        [str(ferry), "serve"],
        env={**os.environ, **{f"FERRY_{name}": value for name, value in settings.items()}},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert served.returncode == 1
    assert "FERRY_SENTENCE_ENCODER: There is no usable tokenizer.json" in served.stderr
    assert "Traceback" not in served.stderr
