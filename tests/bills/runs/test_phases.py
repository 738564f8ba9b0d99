"""A run in each of its phases: what may be asked of it, and a worker that is killed in it."""

import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import func, select

from backend.bills import BillState
from backend.bills.runs import actions, working
from backend.bills.runs.checking import check
from backend.bills.runs.models import BillRun
from backend.bills.runs.posting import post
from backend.bills.runs.rules import (
    CHECKED_A_BATCH,
    RunNotThere,
    RunState,
    cancelling,
    pausing,
    resuming,
)
from backend.bills.runs.turn import LEASE, claim
from backend.notifications import MessageKind
from backend.notifications.models import Message
from tests.bills.runs.files import HEADER, Death, Office, csv_file, dying_at, many, start_worker
from tests.core.together import together
from tests.simulators.desk import wait_until

NOT_THERE = None
# state -> what it is after a pause, a resume (checked before), a cancel, a taking back
AFTER: dict[RunState, tuple[RunState | None, ...]] = {
    RunState.RECEIVING: (NOT_THERE, NOT_THERE, NOT_THERE, NOT_THERE),
    RunState.CHECKING: (
        RunState.PAUSED,
        RunState.CHECKING,
        RunState.CANCELLED,
        RunState.CANCELLED,
    ),
    RunState.POSTING: (RunState.PAUSED, RunState.POSTING, RunState.CANCELLED, RunState.CANCELLED),
    RunState.PAUSED: (RunState.PAUSED, RunState.POSTING, RunState.CANCELLED, RunState.CANCELLED),
    RunState.REFUSED: (NOT_THERE, NOT_THERE, NOT_THERE, NOT_THERE),
    RunState.DONE: (NOT_THERE, NOT_THERE, NOT_THERE, RunState.CANCELLED),
    RunState.CANCELLED: (NOT_THERE, NOT_THERE, RunState.CANCELLED, RunState.CANCELLED),
}


def after(deed: Callable[[], RunState]) -> RunState | None:
    try:
        return deed()
    except RunNotThere:
        return NOT_THERE


@pytest.mark.parametrize("state", RunState)
def test_what_may_be_asked_of_a_run_depends_on_its_state(state: RunState) -> None:
    found = (
        after(lambda: pausing(state)),
        after(lambda: resuming(state, is_checked=True)),
        after(lambda: cancelling(state, withdraw_posted=False)),
        after(lambda: cancelling(state, withdraw_posted=True)),
    )

    assert found == AFTER[state]
    assert after(lambda: resuming(RunState.PAUSED, is_checked=False)) is RunState.CHECKING


def ask(office: Office, run_id: str, deed: str, withdrawal: str | None = None) -> BillRun:
    """Do what a department asks of its run."""
    with office.rows.transaction() as db:
        if deed == "pause":
            return actions.pause_run(db, "WSD", run_id)
        if deed == "resume":
            return actions.resume_run(db, "WSD", run_id, office.now, office.ring)
        return actions.cancel_run(db, "WSD", run_id, withdrawal, now=office.now, ring=office.ring)


def steps_of(office: Office, run_id: str) -> Iterator[int]:
    """Claim a run, and give the batches of its phase one by one."""
    turn = claim(office.rows, office.clock, run_id)
    assert turn is not None
    return check(turn) if turn.state is RunState.CHECKING else post(turn, office.ring)


def checked(office: Office, content: bytes) -> str:
    run_id = office.send(content)
    while office.run(run_id).state == RunState.CHECKING:
        list(steps_of(office, run_id))
        office.wait(LEASE.total_seconds() + 1)
    return run_id


@pytest.mark.slow
@pytest.mark.parametrize("deed", ["pause", "cancel"])
def test_a_worker_in_its_check_stops_before_the_next_batch(office: Office, deed: str) -> None:
    run_id = office.send(many(2 * CHECKED_A_BATCH + 10))
    steps = steps_of(office, run_id)
    next(steps)

    asked = ask(office, run_id, deed)

    assert len(list(steps)) == 1
    run = office.run(run_id)
    assert (run.state, run.checked) == (asked.state, CHECKED_A_BATCH)
    assert office.bills() == []


def test_a_run_that_is_cancelled_before_its_check_posts_nothing(office: Office) -> None:
    run_id = office.send(many(10))

    ask(office, run_id, "cancel")
    office.work_off()

    run = office.run(run_id)
    assert (run.state, run.posted, run.settled_at) == (RunState.CANCELLED, 0, office.now)
    assert office.bills() == []
    assert office.left_over() == 0
    again = office.handle(many(10))
    assert (again.id != run_id, again.state, again.posted) == (True, RunState.DONE, 10)


@pytest.mark.slow
def test_a_worker_that_posts_stops_at_a_cancel_before_the_next_batch(office: Office) -> None:
    run_id = checked(office, many(3000))
    steps = steps_of(office, run_id)
    next(steps)

    ask(office, run_id, "cancel")

    assert len(list(steps)) == 1
    office.wait(LEASE.total_seconds() + 1)
    office.work_off()
    run = office.run(run_id)
    assert (run.state, run.posted, run.withdrawn) == (RunState.CANCELLED, 1000, 0)
    assert len(office.bills()) == 1000
    assert office.left_over() == 0


def test_a_paused_run_may_be_cancelled_and_then_never_goes_on(office: Office) -> None:
    run_id = checked(office, many(10))
    ask(office, run_id, "pause")

    ask(office, run_id, "cancel")
    for deed in ("pause", "resume"):
        with pytest.raises(RunNotThere):
            ask(office, run_id, deed)
    office.work_off()

    assert office.run(run_id).state == RunState.CANCELLED
    assert office.bills() == []
    assert office.left_over() == 0


def test_one_wrong_line_of_two_thousand_refuses_them_all(office: Office) -> None:
    lines = [f"W-{n},water,100,2099-12-20,A{n}" for n in range(2000)]
    lines[1990] = "W-1990,water,100,2099-13-20,A1990"
    lines[1995] = "W-1995,water,1.00,2099-12-20,A1995"

    run = office.handle(csv_file(lines, 2000, 200_000, HEADER))

    assert (run.state, run.problem_count, run.posted) == (RunState.REFUSED, 2, 0)
    assert [(each["line"], each["column"]) for each in run.problems] == [
        (1992, "due_on"),
        (1997, "amount_cents"),
    ]
    assert office.bills() == []
    assert office.left_over() == 0


def test_two_runs_that_contradict_each_other_post_each_number_once(office: Office) -> None:
    resident = office.resident(phones=1)
    first = checked(office, many(10, 0, resident, cents=100))
    second = checked(office, many(10, 5, resident, cents=200))

    together(2, lambda _number: office.work_off())
    office.wait(2)
    office.work_off()

    runs = [office.run(first), office.run(second)]
    assert [run.state for run in runs] == [RunState.DONE] * 2
    assert sorted(run.posted for run in runs) == [5, 10]
    assert [run.handled for run in runs] == [10, 10]
    late = min(runs, key=lambda run: run.posted)
    assert {problem["code"] for problem in late.problems} == {"bill_number_taken"}
    assert late.problem_count == 5
    assert len(office.bills()) == 15
    assert office.told() == (15, 15)


def withdrawn(office: Office) -> int:
    """Count the messages that a bill was taken back."""
    with office.rows.transaction(read_only=True) as db:
        told = select(func.count()).where(Message.kind == MessageKind.BILL_WITHDRAWN)
        return db.scalars(told).one()


@pytest.mark.slow
def test_a_worker_that_dies_while_it_takes_back_tells_of_each_bill_once(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "TAKEN_BACK_A_BATCH", 4)
    run_id = office.handle(many(20, resident_id=office.resident(phones=1))).id
    ask(office, run_id, "cancel", "The wrong month.")

    deaths = 0
    for statement in range(1, 200, 4):
        try:
            with dying_at(office, statement):
                office.work()
        except Death:
            deaths += 1
        assert withdrawn(office) == office.run(run_id).withdrawn
        office.wait(LEASE.total_seconds() + 1)

    run = office.run(run_id)
    assert deaths > 10
    assert (run.state, run.withdrawn, withdrawn(office)) == (RunState.CANCELLED, 20, 20)
    assert {bill.state for bill in office.bills()} == {BillState.WITHDRAWN}


def is_checking(run: BillRun) -> bool:
    return run.state == RunState.CHECKING and run.checked > 0


def is_posting(run: BillRun) -> bool:
    return run.state == RunState.POSTING and run.posted > 0


def is_taking_back(run: BillRun) -> bool:
    return run.state == RunState.CANCELLED and 0 < run.withdrawn < run.posted


@pytest.mark.slow
@pytest.mark.processes
@pytest.mark.parametrize(
    ("phase", "count"), [(is_checking, 12_000), (is_posting, 3_000), (is_taking_back, 350)]
)
def test_a_run_survives_a_worker_that_is_killed_in_this_phase(
    office: Office, database_url: str, phase: Callable[[BillRun], bool], count: int
) -> None:
    resident = office.resident()
    run_id = office.send(many(count, resident_id=resident))
    withdrawal = None
    if phase is is_taking_back:
        office.work_off()
        withdrawal = "The wrong month."
        ask(office, run_id, "cancel", withdrawal)

    killed = kill_in(office, database_url, run_id, phase)
    last: Any = start_worker(database_url, 7200)
    last.communicate(timeout=60)

    run = office.run(run_id)
    assert phase(killed)
    assert (run.posted, run.already_there, len(office.bills())) == (count, 0, count)
    assert run.state == (RunState.CANCELLED if withdrawal else RunState.DONE)
    assert (run.withdrawn, withdrawn(office)) == ((count, count) if withdrawal else (0, 0))
    assert office.count(Message) == count + withdrawn(office)
    assert office.left_over() == 0


def kill_in(
    office: Office, database_url: str, run_id: str, phase: Callable[[BillRun], bool]
) -> BillRun:
    """Let a worker go on until the run is in a phase, and kill it there; return the run."""
    worker: subprocess.Popen[bytes] = start_worker(database_url, 3600)
    wait_until(lambda: phase(office.run(run_id)), 60)
    time.sleep(0.02)  # into the next batch
    worker.kill()
    worker.communicate()
    return office.run(run_id)
