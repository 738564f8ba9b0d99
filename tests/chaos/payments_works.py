"""A Ferry and its bank as real processes, to be killed and begun again: web, workers, simulator."""

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.payments_ground import RECEIPT_KEY, VOID_PAYEE, Ground
from tests.ports import free_ports
from tests.simulators.bank_desk import BankDesk
from tests.simulators.bank_keys import API_KEY, CALLBACK_KEYS
from tests.simulators.desk import PROJECT, one_account, wait_until

PATIENCE_SECONDS = 90
FERRY = str(Path(sys.executable).with_name("ferry"))


@dataclass
class Part:
    """One process of the works, with its own children; it may die and be begun again."""

    name: str
    command: Sequence[str]
    environment: dict[str, str]
    lines: Path  # what it says
    port: int | None = None  # where it listens, if it does
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin it, as the head of a group of its own; what the one before said is dropped."""
        with self.lines.open("wb") as lines:
            self.process = subprocess.Popen(
                self.command,
                env=self.environment,
                stdout=lines,
                stderr=lines,
                start_new_session=True,
            )

    def is_up(self) -> bool:
        """Say whether it has begun its work."""
        if self.process is None or self.process.poll() is not None:
            return False
        if self.port is None:
            return "at its bell" in self.lines.read_text(errors="replace")
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def children(self) -> list[int]:
        """The ids of the processes that it started."""
        assert self.process is not None
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in listed.read_text().split()] if listed.exists() else []

    def kill(self) -> None:
        """Kill it and its children, without a word of warning, if it is still there."""
        if self.process is None or self.process.poll() is not None:
            return  # its number may be another's by now
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@dataclass
class Works:
    """All the parts, the desk of the bank, and where the web is reached."""

    database_url: str
    url: str
    desk: BankDesk
    web: Part
    bank: Part
    workers: list[Part] = field(default_factory=list)

    @property
    def parts(self) -> list[Part]:
        return [self.bank, self.web, *self.workers]

    def wait_until_up(self) -> None:
        """Wait until every part has begun its work."""
        wait_until(lambda: all(part.is_up() for part in self.parts), PATIENCE_SECONDS)
        wait_until(lambda: _is_ready(self.url), PATIENCE_SECONDS)

    def kill_one(self, chance: random.Random) -> str:
        """Kill one part, or one child of the web, at random; begin it again at once."""
        victim = chance.choice([*self.parts, self.web])
        wait_until(victim.is_up, PATIENCE_SECONDS)
        children = self.web.children()
        if victim is self.web and children and chance.random() < 0.5:
            os.kill(chance.choice(children), signal.SIGKILL)  # the web itself forks another
            return "web process"
        victim.kill()
        victim.start()
        return victim.name

    def kill_ferry(self) -> None:
        """Kill web and workers for good; the bank stays."""
        for part in (self.web, *self.workers):
            part.kill()


@contextmanager
def running_works(ground: Ground, workers: int) -> Iterator[Works]:
    """Run web (two processes), so many workers and the bank, on an empty database."""
    url = ground.new_database()
    web_port, bank_port = free_ports(2)
    folder = ground.folder
    environment = _environment(folder, url, web_port, bank_port)
    web = Part("web", [FERRY, "serve", "--workers", "2"], environment, folder / "web.err", web_port)
    bank_log = folder / "bank.log"
    bank_log.unlink(missing_ok=True)
    bank = Part(
        "bank",
        _bank_command(folder, bank_port, bank_log, f"http://127.0.0.1:{web_port}"),
        environment,
        folder / "bank.err",
        bank_port,
    )
    desk = BankDesk(f"http://127.0.0.1:{bank_port}", bank_log)
    works = Works(url, f"http://127.0.0.1:{web_port}", desk, web, bank)
    for number in range(workers):
        name = f"worker {number + 1}"
        lines = folder / f"worker-{number}.err"
        works.workers.append(Part(name, [FERRY, "work"], environment, lines))
    try:
        for part in works.parts:
            part.start()
        works.wait_until_up()
        yield works
    finally:
        for part in works.parts:
            part.kill()
        shutil.rmtree(folder / "metrics", ignore_errors=True)


def _environment(folder: Path, url: str, web_port: int, bank_port: int) -> dict[str, str]:
    account = folder / "fcm-account.json"
    account.write_text(json.dumps(one_account()))
    keys = ",".join(f"{name}:{secret}" for name, secret in CALLBACK_KEYS.items())
    return {
        **os.environ,
        "FERRY_STAGE": "demo",
        "FERRY_DATA_DIR": str(folder),
        "FERRY_DATABASE_URL": url,
        "PORT": str(web_port),
        "FERRY_FCM_PROJECT_ID": PROJECT,
        "FERRY_FCM_ENDPOINT": "http://127.0.0.1:9",  # nobody has a phone here
        "FERRY_FCM_CREDENTIALS": str(account),
        "FERRY_BANK_URL": f"http://127.0.0.1:{bank_port}",
        "FERRY_BANK_KEY": API_KEY,
        "FERRY_BANK_CALLBACK_KEYS": keys,
        "FERRY_FPS_PAYEE": VOID_PAYEE,
        "FERRY_FPS_PAYEE_NAME": "DEMO",
        "FERRY_RECEIPT_KEY": str(folder / RECEIPT_KEY),
        "FERRY_REQUESTS_PER_MINUTE": "1000000",
        "FERRY_ACCESS_TOKEN_MINUTES": "1440",
    }


def _bank_command(folder: Path, port: int, log: Path, callback_to: str) -> list[str]:
    words = folder / "bank.args"
    keys = [f"--callback-key={name}:{secret}" for name, secret in CALLBACK_KEYS.items()]
    words.write_text("\n".join([f"--key={API_KEY}", *keys]) + "\n")
    command = [sys.executable, "-m", "backend.simulators.bank", f"@{words}"]
    command += ["--port", str(port), "--log", str(log)]
    command += ["--callback-url", f"{callback_to}/v1/bank/callbacks"]
    return [*command, "--first-wait-seconds", "0.2"]


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health/ready", timeout=5):
            return True
    except OSError:
        return False
