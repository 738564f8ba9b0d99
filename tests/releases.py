"""Releases for the tests: a few real intents, trained in a moment, and all of them."""

import shutil
import subprocess
import sys
from pathlib import Path

from backend.assistant.content.loading import load_content
from backend.assistant.releases.store import make_current, save
from backend.assistant.training import train
from backend.core.settings import CHECKOUT

FOLDERS = ("bills", "crisis", "talk")


def publish_some(folder: Path) -> None:
    """Train from some of the checkout's intents and make it the current release of `folder`."""
    some = write_some(folder.parent)
    make_current(save(train(load_content(some), lambda _line: None), folder))


def write_some(parent: Path) -> Path:
    """Copy some of the checkout's intents into a folder of `parent` and return it."""
    some = parent / "some-intents"
    for name in FOLDERS:
        shutil.copytree(CHECKOUT / "intents" / name, some / name)
    return some


def publish_all(folder: Path) -> Path:
    """Train from all of the checkout's intents, in a process of its own; return its releases."""
    ferry = Path(sys.executable).parent / "ferry"
    command = [str(ferry), "intents", "publish", "--to", str(folder)]
    published = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    assert published.returncode == 0, published.stderr
    return folder
