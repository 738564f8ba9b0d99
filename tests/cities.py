"""A whole demo city as real processes, started the way `scripts/run` starts it."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.ports import free_ports

PATIENCE_SECONDS = 120


@dataclass
class City:
    """A running city: its environment, its process, and who lives there."""

    environment: dict[str, str]
    process: subprocess.Popen[str]
    data_dir: Path

    def ferry(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the `ferry` command beside the city."""
        return subprocess.run(
            ["ferry", *words],
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )

    def people(self) -> dict[str, Any]:
        """Return what `ferry demo --json` prints."""
        told: dict[str, Any] = json.loads(self.ferry("demo", "--json").stdout)
        return told

    def pids(self, word: str) -> list[int]:
        """Return the ids of this city's own processes whose command line holds `word`."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                environment = (folder / "environ").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if word in command and f"FERRY_DATA_DIR={self.data_dir}" in environment:
                found.append(int(folder.name))
        return found

    def pushes(self, word: str) -> list[dict[str, Any]]:
        """Return the simulator's accepted pushes that hold `word`: the oracle."""
        lines = (self.data_dir / "fcm.log").read_text().splitlines()
        logged = [json.loads(line) for line in lines if word in line]
        return [line for line in logged if line["outcome"] == "accepted"]

    def stop(self, number: int = signal.SIGINT) -> int:
        """Ask the city to stop, as Ctrl-C does; return its exit code."""
        self.process.send_signal(number)
        code = self.process.wait(timeout=PATIENCE_SECONDS)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


def start_city(data_dir: Path, port: int, *words: str) -> City:
    """Start a city and wait until it says that it runs."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {"PATH": path, "FERRY_DATA_DIR": str(data_dir), "PORT": str(port)}
    process = subprocess.Popen(
        ["ferry", "demo-city", *words],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    while line := process.stdout.readline():
        if "Ctrl-C" in line:
            return City(environment, process, data_dir)
    raise AssertionError(f"the city stopped with {process.wait()}")


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory, full_releases: Path) -> Iterator[City]:
    """A city that the tests of one file share."""
    data_dir = tmp_path_factory.mktemp("city")
    (data_dir / "releases").symlink_to(full_releases)
    [port] = free_ports(1)
    city = start_city(data_dir, port)
    yield city
    if city.process.poll() is None:
        city.stop()


def call(
    method: str, address: str, body: Any = None, headers: dict[str, str] | None = None
) -> tuple[int, Any]:
    """Send a request over real HTTP; return the status and the JSON that came back."""
    data = None if body is None else json.dumps(body).encode()
    if isinstance(body, str):
        data = body.encode()
    kind = "application/x-www-form-urlencoded" if isinstance(body, str) else "application/json"
    sent = {**({"Content-Type": kind} if data else {}), **(headers or {})}
    request = urllib.request.Request(address, data=data, headers=sent, method=method)
    with urllib.request.urlopen(request, timeout=30) as reply:
        return reply.status, json.loads(reply.read() or b"null")


def eventually(holds: Any, seconds: float = 60) -> Any:
    """Wait until `holds()` is true and return what it gave; fail when patience ends."""
    until = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.05)
    return found
