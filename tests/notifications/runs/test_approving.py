"""Two people for reach: nothing of a large run goes before a second credential lets it go."""

from datetime import timedelta

import pytest

from backend.notifications.runs.actions import approve_pushes as pier_approve
from backend.notifications.runs.rules import PushRunNotThere, SecondPersonNeeded
from tests.notifications.runs.pier import FIRST, SECOND, Pier

MANY = 10_001


def test_nothing_of_a_held_run_goes_before_a_second_person_lets_it_go(pier: Pier) -> None:
    run_id = pier.begin("A", 20, bills=MANY)
    pier.begin("B", 5)
    pier.deliver()
    pier.town.wait(3600)
    pier.deliver()

    with pytest.raises(SecondPersonNeeded):
        pier.approve(run_id, FIRST)

    pier.deliver()
    assert len(pier.arrived("A")) == 0
    assert len(pier.arrived("B")) == 5
    run = pier.look(run_id)
    assert (run.state, run.needs_approval, run.waiting) == ("held", True, 20)
    pier.town.wait(300)
    approved = pier.approve(run_id)
    assert (approved.state, approved.approved_by) == ("going", SECOND)
    assert approved.approved_at == approved.starts_at == pier.town.now
    pier.deliver()
    assert len(pier.arrived("A")) == 20


def test_to_pause_and_resume_a_held_run_lets_nothing_go(pier: Pier) -> None:
    run_id = pier.begin("A", 5, bills=MANY)

    pier.pause(run_id)
    resumed = pier.resume(run_id)

    assert (resumed.state, resumed.needs_approval) == ("held", True)
    pier.deliver()
    assert pier.desk.lines() == []


def test_what_is_approved_while_it_is_paused_goes_when_it_is_resumed(pier: Pier) -> None:
    run_id = pier.begin("A", 5, bills=MANY)
    pier.pause(run_id)

    assert pier.approve(run_id).state == "paused"

    pier.deliver()
    assert pier.desk.lines() == []
    assert pier.resume(run_id).state == "going"
    pier.deliver()
    assert len(pier.arrived("A")) == 5


def test_approving_twice_changes_nothing_and_the_starter_is_refused_even_then(pier: Pier) -> None:
    run_id = pier.begin("A", 5, bills=MANY)
    first = pier.approve(run_id)
    pier.town.wait(60)

    again = pier.approve(run_id)
    third = pier.approve(run_id, "cli_third")

    assert (again.approved_by, again.approved_at) == (SECOND, first.approved_at)
    assert (third.approved_by, third.approved_at) == (SECOND, first.approved_at)
    with pytest.raises(SecondPersonNeeded):
        pier.approve(run_id, FIRST)
    pier.deliver()
    pier.sweep()
    assert pier.approve(run_id).state == "done"


def test_a_small_run_needs_nobody_and_its_own_client_may_ask_in_vain(pier: Pier) -> None:
    run_id = pier.begin("A", 5, bills=10_000)

    asked = pier.approve(run_id, FIRST)

    assert (asked.state, asked.approved_by, asked.needs_approval) == ("going", None, False)


def test_a_held_run_that_was_cancelled_cannot_be_let_go(pier: Pier) -> None:
    run_id = pier.begin("A", 5, bills=MANY)
    pier.cancel(run_id)

    with pytest.raises(PushRunNotThere):
        pier.approve(run_id)

    pier.deliver()
    pier.sweep()
    assert pier.look(run_id).dropped == 5
    assert pier.desk.lines() == []


def test_a_large_run_starts_off_the_quarter_of_an_hour_and_a_worker_sees_to_it(pier: Pier) -> None:
    run_id = pier.begin("A", 5, bills=MANY)
    pier.town.wait(600)  # a quarter past

    approved = pier.approve(run_id)

    assert (approved.state, approved.needs_approval) == ("held", False)
    assert timedelta(minutes=2) <= approved.starts_at - pier.town.now <= timedelta(minutes=3)
    pier.deliver()
    assert pier.sweep() == approved.starts_at
    assert pier.desk.lines() == []
    pier.town.wait(180)
    rings = pier.rings
    pier.sweep()
    assert pier.look(run_id).state == "going"
    assert pier.rings == rings + 1
    pier.deliver()
    assert len(pier.arrived("A")) == 5


def test_a_large_run_that_was_resumed_before_its_start_waits_for_it(pier: Pier) -> None:
    run_id = pier.begin("A", 5, bills=MANY)
    pier.town.wait(600)
    pier.approve(run_id)
    pier.pause(run_id)

    assert pier.resume(run_id).state == "held"

    pier.deliver()
    assert pier.desk.lines() == []
    pier.town.wait(180)
    pier.sweep()
    pier.deliver()
    assert len(pier.arrived("A")) == 5


def test_an_operator_is_a_second_person_but_not_of_a_run_that_nobody_put_a_name_to(
    pier: Pier,
) -> None:
    run_id = pier.begin("A", 1, bills=MANY)
    nameless = pier.begin("B", 1, bills=MANY)
    with pier.rows.transaction() as db:
        db.get_one(type(pier.look(nameless)), nameless).started_by = "command"

    def approve(run_id: str) -> str:
        with pier.rows.transaction() as db:
            run = pier_approve(db, None, run_id, "chan", now=pier.town.now, ring=pier.ring)
            return run.state

    assert approve(run_id) == "going"
    with pytest.raises(SecondPersonNeeded):
        approve(nameless)
    assert pier.approve(nameless).state == "going"
