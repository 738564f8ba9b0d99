"""Real workers and a real simulator, some of them killed: no push is lost, none is shown twice."""

import signal
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from backend.core.database import Database
from backend.notifications.outbox.sharing import look
from tests.conftest import Caller
from tests.notifications.processes.works import PATIENCE_SECONDS, Works
from tests.notifications.town import Town
from tests.simulators.desk import Desk, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.processes]


@pytest.fixture
def post(
    client: FlaskClient, department: Caller, database: Database, works: Works
) -> Callable[[str], str]:
    """Post a bill to another resident each time, through the app in this process; return its id."""
    town = Town(database, None)  # type: ignore[arg-type]  # nobody pushes from here

    def posting(number: str) -> str:
        resident_id = town.resident(f"phone-{number}")
        town.choose(resident_id, quiet_from="00:00", quiet_until="00:00")
        bill = {
            "resident_id": resident_id,
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
        return look(db).next_due() is None


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
