"""A running FCM simulator, and the desk from which a test scripts it and reads its log."""

import json
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from backend.gateways.push import FirebasePush
from backend.simulators.fcm import make_fcm_server, make_service_account

PROJECT = "ferry-test"


@dataclass(frozen=True)
class Desk:
    """The simulator at `url`; what it accepted and refused stands in `log`."""

    url: str
    log: Path

    def answer(self, *answers: dict[str, Any], address: str = "*") -> None:
        """Lay down what is answered next, in turn."""
        self._ask("POST", "/control", {"address": address, "answers": answers})

    def release(self) -> None:
        """Let the held requests go."""
        self._ask("POST", "/control/release", {})

    def holding(self) -> int:
        """How many requests are held at this moment."""
        number: int = self._ask("GET", "/control")["holding"]
        return number

    def forget(self) -> None:
        """Forget what was laid down."""
        self._ask("DELETE", "/control")

    def begin_anew(self) -> None:
        """Forget the script and empty the log."""
        self.forget()
        self.log.write_bytes(b"")

    def lines(self) -> list[dict[str, Any]]:
        """Every push that arrived, accepted or refused."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def accepted(self) -> list[dict[str, Any]]:
        """The pushes that FCM took."""
        return [line for line in self.lines() if line["outcome"] == "accepted"]

    def addresses(self, outcome: str = "accepted") -> list[str]:
        """Where they went, in order."""
        return [line["address"] for line in self.lines() if line["outcome"] == outcome]

    def account(self, folder: Path, **changes: str) -> Path:
        """Write a service account of this simulator; return its path."""
        path = folder / "account.json"
        content = {**one_account(), "token_uri": f"{self.url}/token", **changes}
        path.write_text(json.dumps(content))
        return path

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        asked = urllib.request.Request(f"{self.url}{path}", data, headers, method=method)
        with urllib.request.urlopen(asked, timeout=5) as reply:
            return json.load(reply)


@cache
def one_account() -> dict[str, str]:
    """Making an RSA key takes its time, so the tests share one."""
    return make_service_account("http://127.0.0.1", PROJECT)


@contextmanager
def running_fcm(log: Path, port: int = 0) -> Iterator[Desk]:
    """Run a simulator in a thread of this process."""
    server = make_fcm_server(log, port)
    thread = threading.Thread(target=server.serve_forever, args=[0.01], daemon=True)
    thread.start()
    try:
        yield Desk(f"http://127.0.0.1:{server.server_port}", log)
    finally:
        server.shutdown()
        thread.join()


def wait_until(holds: Callable[[], object], seconds: float = 20) -> None:
    """Wait until something holds that another thread or process brings about."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.02)


@pytest.fixture(scope="session")
def running_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with running_fcm(tmp_path_factory.mktemp("fcm") / "fcm.log") as desk:
        yield desk


@pytest.fixture
def desk(running_desk: Desk) -> Desk:
    running_desk.begin_anew()
    return running_desk


@pytest.fixture(scope="session")
def running_sender(
    running_desk: Desk, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FirebasePush]:
    account = running_desk.account(tmp_path_factory.mktemp("account"))
    sender = FirebasePush(PROJECT, account, running_desk.url)
    yield sender
    sender.close()


@pytest.fixture
def sender(running_sender: FirebasePush) -> FirebasePush:
    """The client, with nothing left from the test before."""
    running_sender.failures, running_sender.quiet_until = 0, 0.0
    return running_sender
