"""The README's tour, copied line by line into a real shell beside a real city."""

import os
import re
import subprocess

import pytest

from backend.core.settings import CHECKOUT
from tests.cities import PATIENCE_SECONDS, City


def steps() -> list[tuple[str, str]]:
    """Return (command, printed lines) of every `console` block, in order."""
    blocks = re.findall(r"```console\n\$ (.*?)```", (CHECKOUT / "README.md").read_text(), re.DOTALL)
    parts = [part for block in blocks for part in block.split("\n$ ")]
    return [(command, printed) for command, _, printed in (part.partition("\n") for part in parts)]


def as_pattern(printed: str) -> str:
    """Let each `…` of the README stand for anything on its line."""
    return ".*".join(re.escape(piece) for piece in printed.strip().split("…"))


@pytest.mark.slow
@pytest.mark.processes
def test_the_tour_prints_what_the_readme_says(city: City) -> None:
    tour = steps()
    mark = "@@ end of a step @@"
    script = "".join(f"{command}\necho; echo '{mark}'\n" for command, _ in tour)

    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=CHECKOUT,
        env={**os.environ, **city.environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )

    printed = done.stdout.split(mark)[:-1]
    assert len(printed) == len(tour), done.stderr
    for (command, expected), got in zip(tour, printed, strict=True):
        assert re.fullmatch(as_pattern(expected), got.strip()), (command, got)
