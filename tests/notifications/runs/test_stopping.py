"""Pausing, resuming and cancelling while workers deliver: silence, exact counts, no doubles."""

import random
import time
from collections import Counter
from datetime import timedelta

import pytest

from backend.gateways.push import FirebasePush
from backend.notifications.outbox.claiming import House
from backend.notifications.outbox.replaying import replay
from backend.notifications.runs import actions
from backend.notifications.runs.rules import PushRunNotFound, PushRunNotThere
from tests.notifications.runs.pier import Pier, working
from tests.simulators.desk import wait_until

PUSHES = 400
SLOWLY = House(per_second=6000)  # so 300 a second on the first steps of the ramp


@pytest.mark.slow
def test_after_a_cancel_at_any_moment_nothing_of_the_run_is_claimed(
    pier: Pier, sender: FirebasePush, second_sender: FirebasePush
) -> None:
    pier.town.house = SLOWLY
    run_id, other_id = pier.begin("A", PUSHES), pier.begin("B", 100, department_id="RVD")

    with working(pier, sender, second_sender) as workers:
        time.sleep(random.uniform(0, 0.8))
        pier.cancel(run_id)
        workers.let_turns_end()
        gone = pier.arrived("A")
        wait_until(lambda: len(pier.arrived("B")) == 100)
        workers.let_turns_end()
        pier.sweep()

    assert pier.arrived("A") == gone
    assert max(gone.values(), default=1) == 1
    run = pier.look(run_id)
    assert (run.state, run.planned, run.waiting) == ("cancelled", PUSHES, 0)
    assert (run.sent, run.failed, run.dropped) == (len(gone), 0, PUSHES - len(gone))
    assert pier.rows_of(run_id) == +Counter(sent=run.sent, dropped=run.dropped)
    assert run.settled_at is not None
    assert pier.look(other_id).sent == 100


@pytest.mark.slow
def test_a_run_that_is_paused_is_silent_and_goes_on_without_doubles(
    pier: Pier, sender: FirebasePush, second_sender: FirebasePush
) -> None:
    pier.town.house = SLOWLY
    run_id = pier.begin("A", PUSHES)

    with working(pier, sender, second_sender) as workers:
        for _ in range(2):
            time.sleep(random.uniform(0, 0.3))
            pier.pause(run_id)
            workers.let_turns_end()
            gone, counted = pier.arrived("A"), pier.look(run_id)
            workers.let_turns_end()
            assert pier.arrived("A") == gone
            assert (counted.sent, counted.waiting) == (len(gone), PUSHES - len(gone))
            pier.resume(run_id)
        wait_until(lambda: pier.look(run_id).waiting == 0)

    assert len(pier.arrived("A")) == pier.arrived("A").total() == PUSHES
    pier.sweep()
    run = pier.look(run_id)
    assert (run.state, run.sent, run.settled_at) == ("done", PUSHES, pier.town.now)


def test_what_a_worker_has_in_hand_is_counted_by_it_after_the_cancel(pier: Pier) -> None:
    run_id = pier.begin("A", 5)
    claimed = pier.town.claim()
    assert len(claimed) == 5

    pier.cancel(run_id)
    pier.sweep()

    held = pier.look(run_id)
    assert (held.waiting, held.dropped, held.settled_at) == (5, 0, None)
    pier.town.wait(31)  # the worker has died: its lease runs out, and nobody sends what it held
    pier.town.work_off()
    pier.sweep()
    run = pier.look(run_id)
    assert (run.dropped, run.waiting, run.settled_at) == (5, 0, pier.town.now)
    assert pier.desk.lines() == []


def test_what_is_to_go_hours_from_now_is_dropped_as_well(pier: Pier) -> None:
    run_id = pier.begin("A", 20, over_minutes=600)
    pier.deliver(1)
    assert 0 <= len(pier.arrived("A")) < 20

    pier.cancel(run_id)
    pier.sweep()

    run = pier.look(run_id)
    assert (run.waiting, run.sent + run.dropped) == (0, 20)
    assert run.settled_at is not None


def test_the_pushes_of_a_run_are_spread_over_the_time_that_is_asked_for(pier: Pier) -> None:
    run_id = pier.begin("A", 30, over_minutes=60)
    pier.deliver(1)
    assert len(pier.arrived("A")) < 10

    pier.town.wait(3600)
    pier.deliver()

    assert len(pier.arrived("A")) == 30
    assert pier.look(run_id).sent == 30


def test_a_cancelled_run_stays_open_while_its_bills_are_posted(pier: Pier) -> None:
    plan = actions.RunPlan("run_of_two_batches", "WSD", 10)
    pier.batch(plan, "A", 5, is_last=False)
    pier.cancel(plan.run_id)
    pier.sweep()
    assert pier.look(plan.run_id).settled_at is None

    pier.batch(plan, "A", 5)
    pier.deliver()
    pier.sweep()

    run = pier.look(plan.run_id)
    assert (run.planned, run.dropped, run.sent) == (10, 10, 0)
    assert run.settled_at is not None
    assert pier.desk.lines() == []


def test_a_run_whose_bills_are_not_all_posted_is_not_done(pier: Pier) -> None:
    plan = actions.RunPlan("run_of_two_batches", "WSD", 10)
    pier.batch(plan, "A", 5, is_last=False)
    pier.deliver()
    again = pier.sweep()

    assert pier.look(plan.run_id).state == "going"
    assert again is not None
    pier.batch(plan, "A", 5)
    pier.deliver()
    assert pier.sweep() is None
    run = pier.look(plan.run_id)
    assert (run.state, run.sent) == ("done", 10)


def test_what_failed_in_a_cancelled_run_does_not_go_when_it_is_replayed(pier: Pier) -> None:
    run_id = pier.begin("A", 5)
    pier.desk.answer(*[{"status": 400}] * 2)
    pier.deliver()
    pier.cancel(run_id)
    pier.sweep()
    settled = pier.look(run_id)
    assert (settled.state, settled.sent, settled.failed) == ("cancelled", 3, 2)

    assert sum(replay(pier.rows, None, pier.town.now, pier.ring)) == 2

    pier.deliver()
    pier.sweep()
    run = pier.look(run_id)
    assert (run.state, run.sent, run.failed, run.dropped) == ("cancelled", 3, 0, 2)
    assert run.settled_at is not None
    assert len(pier.arrived("A")) == 3


def test_what_is_over_can_neither_be_paused_nor_resumed(pier: Pier) -> None:
    cancelled, done = pier.begin("A", 1), pier.begin("B", 1)
    pier.cancel(cancelled)
    pier.deliver()
    pier.sweep()

    assert pier.cancel(cancelled).state == "cancelled"
    assert pier.look(done).state == "done"
    for run_id, deed in (
        (cancelled, pier.pause),
        (cancelled, pier.resume),
        (done, pier.pause),
        (done, pier.resume),
        (done, pier.cancel),
    ):
        with pytest.raises(PushRunNotThere):
            deed(run_id)


def test_another_departments_run_is_no_run(pier: Pier) -> None:
    run_id = pier.begin("A", 3, department_id="RVD")

    for deed in (pier.pause, pier.resume, pier.cancel, pier.approve):
        with pytest.raises(PushRunNotFound):
            deed(run_id)
    assert pier.look(run_id).state == "going"


def test_a_resume_wakes_the_workers_and_a_paused_run_wakes_nobody(pier: Pier) -> None:
    run_id = pier.begin("A", 3)
    pier.pause(run_id)
    assert pier.sweep() is None
    assert pier.town.work() is None

    pier.resume(run_id)

    assert pier.rings == 1
    assert pier.sweep() == pier.town.now + timedelta(seconds=2)
