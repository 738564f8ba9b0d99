"""Runs a whole demo city on this machine: simulators, worker and web, watched until Ctrl-C."""

import fcntl
import shutil
import signal
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from backend.cli.children import Child, revive, stop
from backend.cli.settling import BANK_WORDS, settle
from backend.core.settings import Settings, data_dir_of
from backend.gateways.identity_proofing import DEMO_PEOPLE

OURS = (
    "ferry.db*",
    "jobs.db*",
    "fcm.log",
    "fcm-account.json",
    "bank.log",
    "bank.args",
    "receipt-key.pem*",
    "city.json",
    "settings.env",
    "ferry.log",
    "catalogue.json*",
    "releases",
    "metrics",
    "pushes",
    "city.half",
)
PATIENCE_SECONDS = 60


@click.command("demo-city")
@click.option("--fresh", is_flag=True, help="Forget the last city and begin anew.")
def demo_city(fresh: bool) -> None:
    """Start a demo city: web, worker and simulators. Ctrl-C stops all of it."""
    data_dir = data_dir_of()
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)  # people's rows, departments' secrets
    with _only_one(data_dir):
        if fresh:
            forget(data_dir)
        settings = settle(data_dir)
        children = _children(settings)
        with _stopping_by_signal() as is_stopping:
            try:
                for child in children:
                    child.start()
                _wait_until_ready(settings, children, is_stopping)
                if not is_stopping():
                    click.echo(_welcome(settings))
                _watch(children, is_stopping)
            finally:
                stop(children)


def _children(settings: Settings) -> list[Child]:
    """List the processes of a city, in the order in which they start."""
    log = settings.data_dir / "ferry.log"
    bank = settings.bank
    return [
        Child("push simulator", _simulator(settings, "fcm", settings.fcm_endpoint), log),
        *([Child("bank simulator", _bank_simulator(settings, bank.url), log)] if bank else []),
        Child("worker", ["ferry", "work"], log),
        Child("web", ["ferry", "serve"], log),
    ]


def forget(data_dir: Path) -> None:
    """Delete what a city left behind, and nothing else that may stand in the folder."""
    for pattern in OURS:
        for path in data_dir.glob(pattern):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def _simulator(settings: Settings, name: str, address: str | None) -> list[str]:
    """Return the command of a simulator that listens at `address` and keeps `<name>.log`."""
    command = [sys.executable, "-m", f"backend.simulators.{name}"]
    command += ["--port", str(address).rpartition(":")[2]]
    return [*command, "--log", str(settings.data_dir / f"{name}.log")]


def _bank_simulator(settings: Settings, address: str) -> list[str]:
    command = _simulator(settings, "bank", address)
    command += ["--callback-url", f"{_here(settings)}/v1/bank/callbacks"]
    return [*command, f"@{settings.data_dir / BANK_WORDS}"]


@contextmanager
def _only_one(data_dir: Path) -> Iterator[None]:
    with (data_dir / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise click.ClickException(f"A city runs in {data_dir} already.") from error
        yield


@contextmanager
def _stopping_by_signal() -> Iterator[Callable[[], bool]]:
    asked: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda got, _frame: asked.append(got))
    yield lambda: bool(asked)


def _wait_until_ready(
    settings: Settings, children: list[Child], is_stopping: Callable[[], bool]
) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not is_stopping():
        revive(children)
        try:
            urllib.request.urlopen(f"{_here(settings)}/health/ready", timeout=2).close()
            return
        except OSError as error:
            if time.monotonic() > until:
                raise click.ClickException(f"The city does not get ready: {error}") from error
        time.sleep(0.1)


def _watch(children: list[Child], is_stopping: Callable[[], bool]) -> None:
    while not is_stopping():
        revive(children)
        time.sleep(0.2)


def _here(settings: Settings) -> str:
    """Return where the web process listens, whatever name it has outside."""
    return f"http://{settings.host}:{settings.port}"


def _welcome(settings: Settings) -> str:
    base = _here(settings)
    people = "\n".join(f"    {each.subject:<16} {each.name}" for each in DEMO_PEOPLE)
    return f"""
Ferry is running: a demo city with invented people. Nothing here is official.

  API            {base}/v1
  Try the API    {base}/docs
  Pay here       {settings.bank.url if settings.bank else "nowhere"}/
  Pushes sent    {settings.fcm_endpoint}/log
  Log lines      {settings.data_dir / "ferry.log"}

  People who may sign in (provider "demo", their name as proof):
{people}

  For programs: scripts/ferry demo --json      Stop: Ctrl-C
"""
