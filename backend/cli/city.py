"""Runs a whole demo city on this machine: simulators, worker and web, watched until Ctrl-C."""

import ctypes
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import click

from backend.cli.demo import seed_city
from backend.cli.running import settings_or_stop
from backend.core import migrations
from backend.core.database import Database
from backend.core.settings import CHECKOUT, Settings, data_dir_of
from backend.gateways.identity_proofing import DEMO_PEOPLE
from backend.menu.commands import read_or_stop
from backend.menu.published import publish
from backend.simulators.fcm import make_service_account

OURS = (
    "ferry.db*",
    "jobs.db*",
    "fcm.log",
    "fcm-account.json",
    "city.json",
    "settings.env",
    "ferry.log",
    "catalogue.json*",
    "releases",
    "metrics",
    "city.half",
)
PATIENCE_SECONDS = 60
PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
NEIGHBOURS = 100  # ports above the city's own, one of them for the simulator
HIGHEST_PORT = 65535 - NEIGHBOURS


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


@click.command("demo-city")
@click.option("--fresh", is_flag=True, help="Forget the last city and begin anew.")
def demo_city(fresh: bool) -> None:
    """Start a demo city: web, worker and simulators. Ctrl-C stops all of it."""
    data_dir = data_dir_of()
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)  # people's rows, departments' secrets
    with _only_one(data_dir):
        if fresh:
            forget(data_dir)
        settings = _settle(data_dir)
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
                _stop(children)


def _children(settings: Settings) -> list[Child]:
    """List the processes of a city, in the order in which they start."""
    log = settings.data_dir / "ferry.log"
    simulator = [sys.executable, "-m", "backend.simulators.fcm"]
    simulator += ["--port", str(settings.fcm_endpoint).rpartition(":")[2]]
    simulator += ["--log", str(settings.data_dir / "fcm.log")]
    return [
        Child("push simulator", simulator, log),
        Child("worker", ["ferry", "work"], log),
        Child("web", ["ferry", "serve"], log),
    ]


def _settle(data_dir: Path) -> Settings:
    """Prepare all that the processes read: settings, tables, content, people."""
    port = _port()
    if not _is_free(port):
        raise click.ClickException(f"Port {port} is taken. Choose another: PORT=8080 scripts/run")
    endpoint = f"http://127.0.0.1:{_simulator_port(port)}"
    _write_account(data_dir / "fcm-account.json", endpoint)
    _write_settings(data_dir, port, endpoint)
    settings = settings_or_stop()
    if not settings.is_demo:
        raise click.ClickException("FERRY_STAGE says production, which has no demo city.")
    _say("bringing the tables up to date …")
    rows = Database(settings.database_url)
    migrations.upgrade(rows)
    rows.close()
    publish(read_or_stop(CHECKOUT / "catalogue"), data_dir)
    _say("publishing the assistant's intents (half a minute when they changed) …")
    _publish_intents()
    seed_city(settings)
    shutil.rmtree(data_dir / "metrics", ignore_errors=True)
    return settings


def _publish_intents() -> None:
    """Train in a process of its own, which takes its memory with it when it ends."""
    # A demo shows what the checkout holds, better or worse than what it showed before.
    words = ["ferry", "intents", "publish", "--if-changed", "--anyway"]
    published = subprocess.run(words, check=False)
    if published.returncode:
        raise click.ClickException("The intents could not be published; see the lines above.")


def _write_settings(data_dir: Path, port: int, endpoint: str) -> None:
    lines = {
        "FERRY_STAGE": "demo",
        "PORT": str(port),
        "FERRY_FCM_ENDPOINT": endpoint,
        "FERRY_FCM_CREDENTIALS": str(data_dir / "fcm-account.json"),
        "FERRY_ACCESS_TOKEN_MINUTES": "60",
        "FERRY_REQUESTS_PER_MINUTE": "60000",
        "FERRY_LEASE_SECONDS": "15",
    }
    head = "# Written by scripts/run for its demo city; the environment wins over these lines.\n"
    text = head + "".join(f"{name}={value}\n" for name, value in lines.items())
    (data_dir / "settings.env").write_text(text)


def _write_account(path: Path, endpoint: str) -> None:
    account = make_service_account(endpoint, "ferry-demo")
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(account, file)


def _port() -> int:
    """Return the port that is asked for; the simulator takes one above it."""
    text = os.environ.get("PORT") or "8000"
    if not (
        text.isascii() and text.isdecimal() and len(text) < 6 and 0 < int(text) <= HIGHEST_PORT
    ):
        raise click.ClickException(f"PORT must be a whole number from 1 to {HIGHEST_PORT}.")
    return int(text)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _simulator_port(port: int) -> int:
    return next(
        candidate for candidate in range(port + 1, port + NEIGHBOURS) if _is_free(candidate)
    )


def forget(data_dir: Path) -> None:
    """Delete what a city left behind, and nothing else that may stand in the folder."""
    for pattern in OURS:
        for path in data_dir.glob(pattern):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


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
        _revive(children)
        try:
            urllib.request.urlopen(f"{_base_url(settings)}/health/ready", timeout=2).close()
            return
        except OSError as error:
            if time.monotonic() > until:
                raise click.ClickException(f"The city does not get ready: {error}") from error
        time.sleep(0.1)


def _watch(children: list[Child], is_stopping: Callable[[], bool]) -> None:
    while not is_stopping():
        _revive(children)
        time.sleep(0.2)


def _revive(children: list[Child]) -> None:
    """Start again whatever died; give up on what keeps dying."""
    for child in children:
        if not child.has_died():
            continue
        if child.keeps_dying():
            raise click.ClickException(f"The {child.name} keeps dying; {child.log} says why.")
        _say(f"the {child.name} died; starting it again")
        child.start()


def _stop(children: list[Child]) -> None:
    """Stop in the order of the stream: first who takes requests, last who is asked."""
    _say("stopping …")
    for child in reversed(children):
        if child.process is None or child.has_died():
            continue
        child.process.terminate()
        try:
            child.process.wait(timeout=25)
        except subprocess.TimeoutExpired:
            os.killpg(child.process.pid, signal.SIGKILL)
    _say("stopped. The data stays; scripts/run goes on where it was.")


def _base_url(settings: Settings) -> str:
    return f"http://{settings.host}:{settings.port}"


def _say(sentence: str) -> None:
    click.echo(f"  {sentence}", err=True)


def _welcome(settings: Settings) -> str:
    base = _base_url(settings)
    people = "\n".join(f"    {each.subject:<16} {each.name}" for each in DEMO_PEOPLE)
    return f"""
Ferry is running: a demo city with invented people. Nothing here is official.

  API            {base}/v1
  Try the API    {base}/docs
  Pushes sent    {settings.fcm_endpoint}/log
  Log lines      {settings.data_dir / "ferry.log"}

  People who may sign in (provider "demo", their name as proof):
{people}

  For programs: scripts/ferry demo --json      Stop: Ctrl-C
"""
