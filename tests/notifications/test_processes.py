"""Real workers and a real simulator, some of them killed: no push is lost, none is shown twice."""

import os
import signal
import subprocess
import sys
import urllib.error
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from backend.core.settings import Settings
from tests.conftest import Caller
from tests.hearing import HeardClient
from tests.simulators.desk import PROJECT, Desk, running_fcm, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.processes]

LEASE_SECONDS = 2
PATIENCE_SECONDS = 30
Worker = subprocess.Popen[bytes]


@dataclass
class Works:
    """Starts processes beside the test and ends those that are left."""

    settings: Settings
    desk: Desk
    log: Path
    started: list[Worker] = field(default_factory=list)

    def start_simulator(self) -> None:
        port = self.desk.url.rpartition(":")[2]
        words = ["-m", "backend.simulators.fcm", "--port", port, "--log", str(self.desk.log)]
        self.started.append(subprocess.Popen([sys.executable, *words]))
        wait_until(self._is_up)

    def start_worker(self) -> Worker:
        """Start `ferry work`; it is at its bell as soon as it has said so."""
        ferry = Path(sys.executable).with_name("ferry")
        environment = {
            **os.environ,
            "FERRY_STAGE": "demo",
            "FERRY_DATA_DIR": str(self.settings.data_dir),
            "FERRY_DATABASE_URL": self.settings.database_url,
            "FERRY_FCM_PROJECT_ID": PROJECT,
            "FERRY_FCM_ENDPOINT": self.desk.url,
            "FERRY_FCM_CREDENTIALS": str(self.desk.account(self.settings.data_dir)),
            "FERRY_LEASE_SECONDS": str(LEASE_SECONDS),
        }
        with self.log.open("ab") as log:
            worker = subprocess.Popen([ferry, "work"], env=environment, stderr=log)
        self.started.append(worker)
        return worker

    def end(self) -> None:
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.wait()

    def _is_up(self) -> bool:
        try:
            return self.desk.holding() == 0
        except urllib.error.URLError:
            return False


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """The desk of a simulator that runs as a process of its own."""
    with running_fcm(tmp_path / "spare.log") as spare:
        pass
    return Desk(spare.url, tmp_path / "fcm.log")


@pytest.fixture
def works(settings: Settings, desk: Desk, tmp_path: Path) -> Iterator[Works]:
    works = Works(settings, desk, tmp_path / "worker.log")
    works.start_simulator()
    yield works
    works.end()


@pytest.fixture
def post(
    client: HeardClient, department: Caller, resident: Caller, works: Works
) -> Callable[[str], str]:
    """Post a bill through the app in this process; return its id."""
    address = {"kind": "token", "value": "phone"}
    phone = {"platform": "android", "address": address}
    client.put("/v1/devices/my-own-phone", json=phone, headers=resident.headers)

    def posting(number: str) -> str:
        bill = {
            "resident_id": resident.id,
            "bill_number": number,
            "kind": "water",
            "amount_cents": 41850,
            "due_on": "2099-12-20",
        }
        headers = {**department.headers, "Idempotency-Key": number}
        reply: Any = client.post("/v1/department/bills", json=bill, headers=headers)
        bill_id: str = reply.json["id"]
        return bill_id

    return posting


def pushed(desk: Desk) -> Counter[str]:
    """How often each bill's push was accepted."""
    if not desk.log.exists():
        return Counter()
    return Counter(line["message"]["android"]["collapse_key"] for line in desk.accepted())


def test_a_worker_killed_before_it_claims_loses_nothing_and_repeats_nothing(
    works: Works, desk: Desk, post: Callable[[str], str]
) -> None:
    worker = works.start_worker()
    warm_up = post("warm up")
    wait_until(lambda: pushed(desk)[warm_up])
    worker.send_signal(signal.SIGSTOP)

    bills = [post(f"W-{number}") for number in range(3)]
    worker.kill()
    worker.wait()
    works.start_worker()
    wait_until(lambda: len(pushed(desk)) == 4)
    works.start_worker().terminate()

    assert pushed(desk) == Counter([warm_up, *bills])


def test_a_worker_killed_with_a_push_in_flight_loses_nothing_and_shows_it_once(
    works: Works, desk: Desk, post: Callable[[str], str]
) -> None:
    worker = works.start_worker()
    desk.answer({"hold": True})
    bill = post("in flight")
    wait_until(lambda: desk.holding() == 1)

    worker.kill()
    worker.wait()
    desk.release()
    works.start_worker()
    wait_until(lambda: pushed(desk)[bill] == 2)

    shown = {
        (
            line["address"],
            line["message"]["android"]["collapse_key"],
            line["message"]["android"]["notification"]["tag"],
            line["message"]["apns"]["headers"]["apns-collapse-id"],
            line["message"]["webpush"]["notification"]["tag"],
        )
        for line in desk.accepted()
    }
    assert shown == {("phone", bill, bill, bill, bill)}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_asked_to_stop_finishes_its_batch_and_writes_it_down(
    works: Works, desk: Desk, post: Callable[[str], str], number: signal.Signals
) -> None:
    worker = works.start_worker()
    desk.answer({"delay_seconds": 0.8, "hold": True})
    bill = post("last")
    wait_until(lambda: desk.holding() == 1)

    worker.send_signal(number)
    desk.release()
    code = worker.wait(PATIENCE_SECONDS)

    assert code == 0
    assert pushed(desk) == {bill: 1}
    works.start_worker()
    after = post("after")
    wait_until(lambda: pushed(desk)[after])
    assert pushed(desk) == {bill: 1, after: 1}


def test_two_workers_that_start_together_push_each_bill_once(
    works: Works, desk: Desk, post: Callable[[str], str]
) -> None:
    bills = [post(f"W-{number}") for number in range(25)]

    workers = [works.start_worker(), works.start_worker()]
    bills += [post(f"V-{number}") for number in range(25)]
    wait_until(lambda: len(pushed(desk)) == 50)
    for worker in workers:
        worker.terminate()

    assert [worker.wait(PATIENCE_SECONDS) for worker in workers] == [0, 0]
    assert pushed(desk) == Counter(bills)


def test_a_worker_outlives_a_simulator_that_is_killed_and_comes_back(
    works: Works, desk: Desk, post: Callable[[str], str]
) -> None:
    worker = works.start_worker()
    first = post("before")
    wait_until(lambda: pushed(desk)[first])
    works.started[0].kill()
    works.started[0].wait()

    bill = post("while it was away")
    works.start_simulator()
    wait_until(lambda: pushed(desk)[bill])

    assert pushed(desk) == {first: 1, bill: 1}
    assert worker.poll() is None
