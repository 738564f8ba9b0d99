"""The bell: rung after the commit, lost without harm, and never ringing by itself in vain."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from flask.testing import FlaskClient
from huey import Huey

from backend.core import clock, jobs
from backend.core.jobs import Bell, make_huey
from backend.core.settings import Settings
from tests.conftest import Caller
from tests.engines import PostgresqlRoom
from tests.simulators.desk import wait_until

LATER = timedelta(hours=1)


class Drain:
    """What the worker does when it wakes: gives the answers laid down for it, and counts."""

    def __init__(self, *answers: datetime | Exception | None) -> None:
        self.answers = list(answers)
        self.calls = 0

    def __call__(self) -> datetime | None:
        self.calls += 1
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture(params=["sqlite", "postgresql"])
def huey(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Huey]:
    if request.param == "sqlite":
        yield make_huey(None, tmp_path / "not there yet")
        return
    room: PostgresqlRoom = request.getfixturevalue("postgresql_room")
    huey = make_huey(room.url, tmp_path)
    yield huey
    huey.storage.close()
    with psycopg.connect(room.url, autocommit=True) as connection:
        for name in ("kv", "schedule", "task", "counter"):
            connection.execute(f"drop table huey_{name}")


def answer_rings(bell: Bell, most: int = 10) -> int:
    """Do what huey's consumer and the chores' threads do; return how many rings there were."""
    for answered in range(most):
        if not bell.huey.pending_count():
            return answered
        bell.huey.execute(bell.huey.dequeue())
        attend(bell)
    raise AssertionError("the bell rings by itself")


def attend(bell: Bell) -> None:
    for chore in bell.chores:
        if chore.has_its_turn():
            bell.attend(chore)


def test_a_ring_wakes_the_worker(huey: Huey) -> None:
    drain = Drain()
    bell = Bell(huey, {"pushes": drain})

    bell.ring()

    assert answer_rings(bell) == 1
    assert drain.calls == 1
    assert bell.chores[0].next_due is None


def test_many_rings_for_a_worker_that_is_away_are_one(huey: Huey) -> None:
    drain = Drain()
    bell = Bell(huey, {"pushes": drain})
    for _ in range(50):
        bell.ring()

    assert answer_rings(bell) == 1
    bell.ring()

    assert answer_rings(bell) == 1
    assert drain.calls == 2


def test_a_worker_goes_on_while_more_is_due_and_rings_for_nobody(huey: Huey) -> None:
    past = clock.now() - LATER
    drain = Drain(past, past, None)
    bell = Bell(huey, {"pushes": drain})
    bell.ring()

    huey.execute(huey.dequeue())
    attend(bell)

    assert drain.calls == 3
    assert huey.pending_count() == 0


@pytest.mark.slow
@pytest.mark.parametrize("answer", [None, clock.now() + LATER])
def test_a_worker_that_nobody_rings_for_looks_by_itself(
    huey: Huey, answer: datetime | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "IDLE_SECONDS", 0.0)
    drain = Drain(*[answer] * 1000)
    bell = Bell(huey, {"pushes": drain})

    hands = bell.begin()
    wait_until(lambda: drain.calls >= 3)
    bell.is_stopping = True
    for hand in hands:
        hand.join()

    assert huey.pending_count() == 0


def test_what_is_due_later_is_remembered_and_lengthens_no_queue(huey: Huey) -> None:
    due_at = clock.now() + LATER
    bell = Bell(huey, {"pushes": Drain(*[due_at] * 20)})

    for _ in range(20):
        bell.ring()
        answer_rings(bell)

    assert bell.chores[0].next_due == due_at
    assert (huey.pending_count(), huey.scheduled_count(), huey.result_count()) == (0, 0, 0)


def test_a_drain_that_fails_is_tried_again_soon_and_leaves_no_trace_in_the_queue(
    huey: Huey, caplog: pytest.LogCaptureFixture
) -> None:
    bell = Bell(huey, {"pushes": Drain(RuntimeError("no database"))})
    bell.ring()

    answer_rings(bell)

    assert bell.chores[0].next_due is not None
    assert clock.now() < bell.chores[0].next_due < clock.now() + timedelta(seconds=6)
    assert "the chore “pushes” failed" in caplog.text
    assert huey.result_count() == 0


def test_a_worker_that_is_asked_to_stop_ends_after_the_batch(huey: Huey) -> None:
    past = clock.now() - LATER
    drain = Drain(past, past, past)
    bell = Bell(huey, {"pushes": drain})
    bell.is_stopping = True
    bell.ring()

    huey.execute(huey.dequeue())
    attend(bell)

    assert drain.calls == 1


def test_a_lost_ring_is_found_by_the_sweep_of_each_minute(huey: Huey) -> None:
    drain = Drain()
    bell = Bell(huey, {"pushes": drain})
    bell.ring()
    huey.flush()

    for minute in range(3):
        for sweep in huey.read_periodic(datetime(2026, 11, 23, 9, minute)):  # noqa: DTZ001
            huey.execute(sweep)
            attend(bell)

    assert drain.calls == 3


def test_a_web_process_rings_and_does_not_sweep(huey: Huey) -> None:
    web = Bell(huey)

    web.ring()

    assert huey.read_periodic(datetime(2026, 11, 23, 9, 0, tzinfo=UTC)) == []
    assert huey.pending_count() == 1


def test_a_chore_whose_partner_never_answers_holds_up_no_other(huey: Huey) -> None:
    partner, pushes = threading.Event(), Drain()
    stuck = Drain()

    def ask_partner() -> None:
        stuck()
        partner.wait()

    bell = Bell(huey, {"errands": ask_partner, "pushes": pushes})

    hands = bell.begin()
    wait_until(lambda: stuck.calls == 1 and pushes.calls == 1)
    bell.ring()
    huey.execute(huey.dequeue())
    wait_until(lambda: pushes.calls == 2)
    bell.is_stopping = True
    partner.set()
    for hand in hands:
        hand.join()

    assert stuck.calls == 1


@pytest.mark.parametrize("deed", ["the queue is gone", "the queue is torn"])
def test_a_bell_that_does_not_ring_fails_no_request(
    client: FlaskClient,
    settings: Settings,
    resident: Caller,
    department: Caller,
    deed: str,
) -> None:
    queue = settings.data_dir / "jobs.db"
    if deed == "the queue is gone":
        with sqlite3.connect(queue) as rows:
            rows.execute("drop table task")
        rows.close()
    else:
        for path in settings.data_dir.glob("jobs.db*"):
            os.truncate(path, 100)
    bill = {
        "resident_id": resident.id,
        "bill_number": "W-1",
        "kind": "water",
        "amount_cents": 41850,
        "due_on": "2099-12-20",
    }

    headers = {**department.headers, "Idempotency-Key": "k"}
    reply = client.post("/v1/department/bills", json=bill, headers=headers)

    assert reply.status_code == 201
    assert len(client.get("/v1/messages", headers=resident.headers).json["items"]) == 1
