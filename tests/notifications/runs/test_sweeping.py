"""The sweep of push runs: killed at any statement, by several at once, the counts stay exact."""

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select

from backend.core import database
from backend.notifications import MessageKind, call_off, sweeping
from backend.notifications.models import Message
from backend.notifications.outbox.dropping import unsent_about
from backend.notifications.outbox.models import Delivery
from backend.notifications.runs.models import PushRun
from backend.notifications.sweeping import runs_now, sweep_push_runs
from tests.bills.runs.files import Death, dying_at
from tests.core.together import Beside, together
from tests.notifications.runs.pier import Pier

LEFT = 12


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "DROPPED_A_BATCH", 5)
    monkeypatch.setattr(database, "SQLITE_LOOKS_AGAIN_SECONDS", 0)


def exact(pier: Pier, run_id: str) -> PushRun:
    """Return a run, whose counts are those of its rows."""
    run, rows = pier.look(run_id), pier.rows_of(run_id)
    assert run.planned == rows.total()
    assert (run.sent, run.failed, run.dropped) == (rows["sent"], rows["failed"], rows["dropped"])
    return run


@pytest.mark.slow
def test_a_worker_that_dies_in_the_sweep_loses_no_count(pier: Pier) -> None:
    died, statement = 0, 0
    while died == statement:
        statement += 1
        run_id = pier.begin(f"A{statement}", LEFT)
        pier.cancel(run_id)
        try:
            with dying_at(pier, statement):  # type: ignore[arg-type]
                pier.sweep()
        except Death:
            died += 1
        exact(pier, run_id)
        pier.sweep()
        run = exact(pier, run_id)
        assert (run.dropped, run.waiting) == (LEFT, 0)
        assert run.settled_at is not None

    assert died > 10


def test_many_sweep_at_once_and_drop_each_push_once(pier: Pier) -> None:
    run_id = pier.begin("A", 40)
    pier.cancel(run_id)

    together(3, lambda _: pier.sweep())
    pier.sweep()

    assert exact(pier, run_id).dropped == 40


def test_the_reason_stands_with_each_push_that_was_dropped(pier: Pier) -> None:
    run_id = pier.begin("A", 3)
    pier.cancel(run_id)

    pier.sweep()

    assert set(pier.town.states()) == {("dropped", "run cancelled")}


def two_bills_of(pier: Pier, run_id: str) -> list[str]:
    abouts = (
        select(Message.about_id)
        .join(Delivery, Delivery.message_id == Message.id)
        .where(Delivery.queue.endswith(f":{run_id}"))
    )
    with pier.rows.transaction(read_only=True) as db:
        return list(db.scalars(abouts.order_by(Delivery.id).limit(2)))


@pytest.mark.slow
@pytest.mark.parametrize("has_counted", [True, False])
def test_a_sweep_and_a_taking_back_do_not_wait_for_each_other(
    pier: Pier, *, has_counted: bool
) -> None:
    """Who takes bills back holds a push, then the run, then the next push; the sweep comes between."""
    run_id = pier.begin("A", LEFT)
    pier.cancel(run_id)
    first, second = two_bills_of(pier, run_id)

    with pier.rows.transaction() as db:
        if has_counted:
            call_off(db, first, pier.town.now)
        else:
            db.execute(unsent_about([first], list(MessageKind))).all()
        beside = Beside(pier.sweep)
        beside.is_waiting()
        call_off(db, first, pier.town.now)
        call_off(db, second, pier.town.now)
    beside.result()
    pier.sweep()

    run = exact(pier, run_id)
    assert (run.dropped, run.waiting) == (LEFT, 0)


def test_another_run_of_the_department_is_left_alone(pier: Pier) -> None:
    run_id, other_id = pier.begin("A", LEFT), pier.begin("B", LEFT)
    pier.cancel(run_id)

    pier.sweep()

    assert exact(pier, run_id).dropped == LEFT
    assert exact(pier, other_id).waiting == LEFT


def test_a_worker_comes_again_while_something_goes_and_not_for_what_stands_still(
    pier: Pier,
) -> None:
    assert pier.sweep() is None
    run_id = pier.begin("A", 3)
    assert pier.sweep() == pier.town.now + timedelta(seconds=2)
    pier.pause(run_id)
    held = pier.begin("B", 3, bills=10_001)

    assert pier.sweep() is None

    pier.cancel(held)
    pier.deliver()
    assert pier.sweep() is None
    assert exact(pier, held).settled_at is not None


def test_runs_are_counted_by_their_state(pier: Pier) -> None:
    pier.begin("A", 1)
    pier.pause(pier.begin("B", 1))
    pier.begin("C", 1, bills=10_001)

    sweep_push_runs(pier.rows, pier.town.clock, pier.ring)

    states = ("held", "going", "paused", "cancelled")
    counts = Counter({state: int(runs_now.labels(state)._value.get()) for state in states})
    assert counts == {"held": 1, "going": 1, "paused": 1, "cancelled": 0}
