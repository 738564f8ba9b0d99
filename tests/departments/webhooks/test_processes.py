"""Real workers that tell, one of them killed in the middle: no event is lost."""

import multiprocessing
import signal
from collections import Counter
from multiprocessing.context import SpawnProcess

import pytest

from backend.core import clock
from backend.core.database import Database
from backend.departments.webhooks import telling
from backend.gateways.webhooks import HttpWebhooks
from tests.departments.webhooks.office import Office
from tests.departments.webhooks.receiving import Receiver
from tests.simulators.desk import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.processes]
PATIENCE_SECONDS = 30


def work(database_url: str, batches: int) -> None:
    """What a worker does, in a process of its own."""
    caller = HttpWebhooks(is_demo=True)
    rows = Database(database_url)
    for _ in range(batches):
        telling.tell_waiting(rows, caller, clock.now)
    rows.close()
    caller.close()


def start(database_url: str, batches: int) -> SpawnProcess:
    process = multiprocessing.get_context("spawn").Process(
        target=work, args=(database_url, batches)
    )
    process.start()
    return process


def test_a_worker_killed_in_the_middle_of_a_call_loses_nothing(
    office: Office, receiver: Receiver, database_url: str
) -> None:
    office.now = clock.now()
    office.listen()
    events = office.tell(count=8)
    receiver.script["/hook"] = [{}, {}, {"hold": True}]

    worker = start(database_url, 1)
    wait_until(lambda: len(receiver.received) == 3, PATIENCE_SECONDS)
    worker.kill()
    worker.join()
    receiver.hold.set()
    during = set(office.states().values())
    office.now = clock.now() + telling.LEASE
    office.work_off()

    assert worker.exitcode == -signal.SIGKILL
    assert during == {"waiting"}
    assert set(office.states().values()) == {"told"}
    told = Counter(receiver.ids())
    assert set(told) == set(events)
    assert max(told.values()) == 2  # a repeat carries the same id, by which a department knows it


def test_two_workers_in_processes_of_their_own_tell_each_event_once(
    office: Office, receiver: Receiver, database_url: str
) -> None:
    office.now = clock.now()
    office.listen()
    office.listen("RVD")
    events = office.tell(count=40) + office.tell("RVD", count=40)

    workers = [start(database_url, 6) for _ in range(2)]
    for worker in workers:
        worker.join(PATIENCE_SECONDS)

    assert [worker.exitcode for worker in workers] == [0, 0]
    assert Counter(receiver.ids()) == Counter(events)
