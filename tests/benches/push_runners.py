"""Those who send: workers of Ferry, or rivals, as processes beside the simulator."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from backend.core.database import Database
from backend.core.jobs import Bell, make_huey
from backend.core.settings import CHECKOUT
from backend.menu.content import read_catalogue
from backend.menu.published import publish
from backend.notifications.outbox.models import open_deliveries
from tests.benches.fcm_h2 import Exchange, cpu_seconds_of
from tests.ports import free_ports
from tests.simulators.desk import PROJECT, wait_until

FERRY = str(Path(sys.executable).with_name("ferry"))
MEGABYTE = 1024 * 1024
START_SECONDS = 60
LONGEST_SECONDS = 3600


@contextmanager
def running_workers(
    folder: Path, url: str, exchange: Exchange, workers: int
) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Run so many `ferry work`, all at their bell; `folder` is their data folder."""
    publish(read_catalogue(CHECKOUT / "catalogue"), folder)
    environment = _environment(folder, url, exchange)
    children = []
    try:
        for number in range(workers):
            with _says(folder, number).open("wb") as says:
                children.append(
                    subprocess.Popen([FERRY, "work"], env=environment, stdout=says, stderr=says)
                )
        said = [_says(folder, number) for number in range(workers)]
        wait_until(lambda: all("at its bell" in each.read_text() for each in said), START_SECONDS)
        yield children
    finally:
        for child in children:
            child.terminate()
        for child in children:
            child.wait()


def _says(folder: Path, number: int) -> Path:
    return folder / f"worker-{number}.err"


def _environment(folder: Path, url: str, exchange: Exchange) -> dict[str, str]:
    [port] = free_ports(1)
    return {
        **os.environ,
        **exchange.environment,
        "FERRY_STAGE": "demo",
        "FERRY_DATA_DIR": str(folder),
        "FERRY_DATABASE_URL": url,
        "FERRY_FCM_PROJECT_ID": PROJECT,
        "FERRY_FCM_ENDPOINT": exchange.url,
        "FERRY_FCM_CREDENTIALS": str(exchange.account),
        "PORT": str(port),  # where no web answers, so that its headroom slows nobody down
    }


def ring(folder: Path) -> None:
    """Wake a worker, which wakes the others."""
    queue = make_huey(None, folder)
    Bell(queue).ring()
    queue.storage.close()


def wait_until_settled(rows: Database, children: list[subprocess.Popen[bytes]]) -> None:
    """Wait until no push is open any more."""

    def is_settled() -> bool:
        assert all(child.poll() is None for child in children), "a worker died"
        with rows.transaction(read_only=True) as db:
            return not db.scalar(open_deliveries())

    wait_until(is_settled, LONGEST_SECONDS)


def cpu_seconds(children: list[subprocess.Popen[bytes]]) -> float:
    """The processor's time that these took so far."""
    return sum(cpu_seconds_of(child.pid) for child in children)


def peak_mb(children: list[subprocess.Popen[bytes]]) -> float:
    """The highest resident memory that one of these had so far (VmHWM), in megabytes."""
    return max(_peak_kb(child.pid) for child in children) * 1024 / MEGABYTE


def _peak_kb(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def run_rivals(rival: str, exchange: Exchange, heaps: list[Path]) -> float:
    """Run a process of a rival for each heap of messages; they begin together.

    Returns the seconds of the processor's time that they took in all.
    """
    command = [sys.executable, "-m", "tests.benches.push_rivals", rival, "--url", exchange.url]
    command += ["--account", str(exchange.account)]
    environment = {**os.environ, **exchange.environment}
    with ExitStack() as stack:
        children = [
            stack.enter_context(
                subprocess.Popen(
                    [*command, "--messages", str(heap)],
                    env=environment,
                    cwd=CHECKOUT,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                )
            )
            for heap in heaps
        ]
        for child in children:
            assert _pipe(child.stdout).readline() == b"ready\n"
        for child in children:
            _pipe(child.stdin).write(b"go\n")
            _pipe(child.stdin).flush()
        took = [_pipe(child.stdout).readline() for child in children]
        assert [child.wait() for child in children] == [0] * len(children), "a rival failed"
    return sum(map(float, took))


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe
