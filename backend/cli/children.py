"""The processes of a demo city: started, started again when they die, stopped in their order."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import click

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def _end_with_the_city() -> None:
    """Ask Linux to stop this process when the city's own is killed, so that no orphan stays."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Child:
    """One process of the city."""

    name: str
    command: list[str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    starts: list[float] = field(default_factory=list)

    def start(self) -> None:
        self.starts.append(time.monotonic())
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_end_with_the_city,  # noqa: PLW1509  # the city has one thread
            )

    def has_died(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def keeps_dying(self) -> bool:
        recent = [start for start in self.starts if time.monotonic() - start < 30]
        return len(recent) > 5


def revive(children: list[Child]) -> None:
    """Start again whatever died; give up on what keeps dying."""
    for child in children:
        if not child.has_died():
            continue
        if child.keeps_dying():
            raise click.ClickException(f"The {child.name} keeps dying; {child.log} says why.")
        say(f"the {child.name} died; starting it again")
        child.start()


def stop(children: list[Child]) -> None:
    """Stop in the order of the stream: first who takes requests, last who is asked."""
    say("stopping …")
    for child in reversed(children):
        if child.process is None or child.has_died():
            continue
        child.process.terminate()
        try:
            child.process.wait(timeout=25)
        except subprocess.TimeoutExpired:
            os.killpg(child.process.pid, signal.SIGKILL)
    say("stopped. The data stays; scripts/run goes on where it was.")


def say(sentence: str) -> None:
    """Tell whoever started the city."""
    click.echo(f"  {sentence}", err=True)
