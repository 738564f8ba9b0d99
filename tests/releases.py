"""Releases for the tests: a few real intents, trained in a moment, and all of them."""

import shutil
from pathlib import Path

from backend.assistant.loading import load_content
from backend.assistant.store import make_current, save
from backend.assistant.training import train
from backend.core.settings import CHECKOUT

FOLDERS = ("bills", "crisis")


def publish_some(folder: Path) -> None:
    """Train from some of the checkout's intents and make it the current release of `folder`."""
    some = folder.parent / "some-intents"
    for name in FOLDERS:
        shutil.copytree(CHECKOUT / "intents" / name, some / name)
    make_current(save(train(load_content(some), lambda _line: None), folder))


def publish_all(folder: Path) -> None:
    """Train from all of the checkout's intents and make it the current release of `folder`."""
    content = load_content(CHECKOUT / "intents")
    make_current(save(train(content, lambda _line: None), folder))
