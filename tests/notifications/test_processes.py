"""Real workers and a real simulator, some of them killed: no push is lost, none is shown twice."""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from backend.core.database import Database
from backend.core.settings import Settings
from backend.notifications.models import next_due
from tests.conftest import Caller
from tests.simulators.desk import PROJECT, Desk, running_fcm, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.processes]

PATIENCE_SECONDS = 30
PHONE = "an-address-of-the-phone"
Process = subprocess.Popen[bytes]


@dataclass
class Works:
    """Starts processes beside the test and ends those that are left."""

    settings: Settings
    desk: Desk
    started: list[Process] = field(default_factory=list)

    def start_simulator(self) -> Process:
        port = self.desk.url.rpartition(":")[2]
        words = ["-m", "backend.simulators.fcm", "--port", port, "--log", str(self.desk.log)]
        simulator = self._start([sys.executable, *words], dict(os.environ), "simulator.err")
        wait_until(self._is_up, PATIENCE_SECONDS)
        return simulator

    def start_worker(self, lease_seconds: int = 30) -> Process:
        """Start `ferry work` and wait until it is at its bell."""
        return self.start_workers(1, lease_seconds)[0]

    def start_workers(self, count: int, lease_seconds: int = 30) -> list[Process]:
        """Start workers at the same moment and wait until all are at their bell."""
        environment = {
            **os.environ,
            "FERRY_STAGE": "demo",
            "FERRY_DATA_DIR": str(self.settings.data_dir),
            "FERRY_DATABASE_URL": self.settings.database_url,
            "FERRY_FCM_PROJECT_ID": PROJECT,
            "FERRY_FCM_ENDPOINT": self.desk.url,
            "FERRY_FCM_CREDENTIALS": str(self.desk.account(self.settings.data_dir)),
            "FERRY_LEASE_SECONDS": str(lease_seconds),
        }
        command = [str(Path(sys.executable).with_name("ferry")), "work"]
        names = [f"worker-{len(self.started)}-{number}.err" for number in range(count)]
        workers = [self._start(command, environment, name) for name in names]
        for name in names:
            lines = self.settings.data_dir / name
            wait_until(lambda lines=lines: "at its bell" in lines.read_text(), PATIENCE_SECONDS)
        return workers

    def kill(self, process: Process) -> None:
        process.kill()
        process.wait()

    def end(self) -> None:
        for process in self.started:
            if process.poll() is None:
                self.kill(process)

    def _start(self, command: list[str], environment: dict[str, str], name: str) -> Process:
        with (self.settings.data_dir / name).open("wb") as lines:
            process = subprocess.Popen(command, env=environment, stderr=lines)
        self.started.append(process)
        return process

    def _is_up(self) -> bool:
        try:
            return self.desk.holding() == 0
        except OSError:
            return False


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """The desk of a simulator that runs as a process of its own."""
    with running_fcm(tmp_path / "spare.log") as spare:
        pass
    return Desk(spare.url, tmp_path / "fcm.log")


@pytest.fixture
def works(settings: Settings, desk: Desk) -> Iterator[Works]:
    works = Works(settings, desk)
    yield works
    works.end()


@pytest.fixture
def post(
    client: FlaskClient, department: Caller, resident: Caller, works: Works
) -> Callable[[str], str]:
    """Post a bill through the app in this process; return its id."""
    address = {"kind": "token", "value": PHONE}
    phone = {"platform": "android", "address": address}
    reply = client.put("/v1/devices/my-own-phone", json=phone, headers=resident.headers)
    assert reply.status_code < 300

    def posting(number: str) -> str:
        bill = {
            "resident_id": resident.id,
            "bill_number": number,
            "kind": "water",
            "amount_cents": 41850,
            "due_on": "2099-12-20",
        }
        headers = {**department.headers, "Idempotency-Key": f"key-{number}"}
        reply: Any = client.post("/v1/department/bills", json=bill, headers=headers)
        bill_id: str = reply.json["id"]
        return bill_id

    return posting


def pushed(desk: Desk) -> Counter[str]:
    """How often each bill's push was accepted."""
    if not desk.log.exists():
        return Counter()
    return Counter(line["message"]["android"]["collapse_key"] for line in desk.accepted())


def test_workers_that_are_killed_or_stopped_lose_no_push_and_show_none_twice(
    works: Works, desk: Desk, post: Callable[[str], str], database: Database
) -> None:
    works.start_simulator()

    # Killed between the commit and the claim: exactly one push.
    worker = works.start_worker()
    worker.send_signal(signal.SIGSTOP)
    unclaimed = [post(f"unclaimed-{number}") for number in range(3)]
    works.kill(worker)
    worker = works.start_worker(lease_seconds=2)
    wait_until(lambda: len(pushed(desk)) == 3, PATIENCE_SECONDS)
    wait_until(lambda: nothing_is_open(database), PATIENCE_SECONDS)
    assert pushed(desk) == Counter(unclaimed)

    # Killed while FCM holds the request: FCM may have it or not, so it is sent again.
    desk.answer({"hold": True})
    in_flight = post("in-flight")
    wait_until(lambda: desk.holding() == 1, PATIENCE_SECONDS)
    works.kill(worker)
    desk.release()
    worker = works.start_worker()
    wait_until(lambda: pushed(desk)[in_flight] == 2, PATIENCE_SECONDS)
    assert len({shown_as(line) for line in desk.accepted()}) == 4

    # Asked to stop with a batch in hand: the batch is finished and written down.
    desk.answer({"hold": True, "delay_seconds": 0.5})
    last = post("last")
    wait_until(lambda: desk.holding() == 1, PATIENCE_SECONDS)
    worker.send_signal(signal.SIGTERM)
    desk.release()
    assert worker.wait(PATIENCE_SECONDS) == 0
    assert pushed(desk) == Counter([*unclaimed, in_flight, in_flight, last])
    assert nothing_is_open(database)


def nothing_is_open(database: Database) -> bool:
    with database.transaction(read_only=True) as db:
        return db.scalar(next_due()) is None


def shown_as(line: dict[str, Any]) -> tuple[str, ...]:
    """What decides whether a phone shows a push anew or in the place of another."""
    message = line["message"]
    return (
        line["address"],
        message["android"]["collapse_key"],
        message["android"]["notification"]["tag"],
        message["apns"]["headers"]["apns-collapse-id"],
        message["webpush"]["notification"]["tag"],
    )


def test_two_workers_share_the_pushes_and_both_stop_when_asked(
    works: Works, desk: Desk, post: Callable[[str], str]
) -> None:
    works.start_simulator()
    bills = [post(f"before-{number}") for number in range(25)]

    workers = works.start_workers(2)
    bills += [post(f"after-{number}") for number in range(25)]
    wait_until(lambda: len(pushed(desk)) == 50, PATIENCE_SECONDS)
    workers[0].send_signal(signal.SIGTERM)
    workers[1].send_signal(signal.SIGINT)

    assert [worker.wait(PATIENCE_SECONDS) for worker in workers] == [0, 0]
    assert pushed(desk) == Counter(bills)
