"""Releases for the tests: a few real intents, trained in a moment, and all of them."""

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Training:
    """All of the checkout's intents being published, in a process of its own."""

    folder: Path
    process: subprocess.Popen[str]

    @classmethod
    def start(cls) -> "Training":
        folder = Path(tempfile.mkdtemp(prefix="ferry-releases-"))
        command = [str(Path(sys.executable).parent / "ferry"), "intents", "publish", "--to"]
        process = subprocess.Popen(
            [*command, str(folder)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        return cls(folder, process)

    def wait(self) -> Path:
        """Return the folder once the release stands in it."""
        _, said = self.process.communicate(timeout=600)
        assert self.process.returncode == 0, said
        return self.folder

    def clear(self) -> None:
        """Stop what still runs and leave nothing behind."""
        self.process.kill()
        self.process.communicate()
        shutil.rmtree(self.folder, ignore_errors=True)
