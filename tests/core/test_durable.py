"""What is written is there whole or not at all, whatever stops it."""

import os
import resource
import stat
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from backend.core.durable import append_durably, replace_whole

APPEND = """
import sys
from pathlib import Path
from backend.core.durable import append_durably
try:
    append_durably(Path(sys.argv[1]), b"x" * 100)
except OSError as error:
    print(type(error).__name__)
"""


def full_disk(*_args: object) -> None:
    raise OSError(28, os.strerror(28))


def test_a_file_is_replaced_and_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    path.chmod(0o600)

    replace_whole(path, b"new")

    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_the_old_file_and_no_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    monkeypatch.setattr("os.fsync", full_disk)

    with pytest.raises(OSError, match="No space"):
        replace_whole(path, b"new")

    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_lines_are_added_at_the_end(tmp_path: Path) -> None:
    append_durably(tmp_path / "a", b"one\n")
    append_durably(tmp_path / "a", b"two\n")

    assert (tmp_path / "a").read_bytes() == b"one\ntwo\n"


@pytest.mark.slow
def test_a_line_that_does_not_fit_whole_is_an_error(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", APPEND, str(tmp_path / "a")],
        preexec_fn=partial(resource.setrlimit, resource.RLIMIT_FSIZE, (40, 40)),
        capture_output=True,
        text=True,
        check=True,
    )

    assert run.stdout == "OSError\n"
