"""The pushes of a bill run: planned with its bills, held for two people, stopped with it."""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from backend.bills.linking.models import AccountLink
from backend.bills.runs import actions
from backend.bills.runs.models import BillRun
from backend.bills.runs.turn import LEASE
from backend.core import clock
from backend.notifications import PushRun, push_run_with
from backend.notifications.outbox.models import Delivery
from backend.notifications.outbox.rules import queue_named
from backend.notifications.sweeping import sweep_push_runs
from tests.bills.runs.files import Death, Office, dying_at, many
from tests.bills.runs.test_running import batches, cancel, checked, resume, tell
from tests.conftest import Caller

PATH = "/v1/department/bill-runs"
MORE_THAN_ONE_MAY = 10_001
Admit = Callable[[str, frozenset[str]], Caller]


def pushes_of(office: Office, run_id: str) -> PushRun:
    with office.rows.transaction(read_only=True) as db:
        return db.scalars(push_run_with(run_id)).one()


def deliveries(office: Office) -> list[Delivery]:
    with office.rows.transaction(read_only=True) as db:
        return list(db.scalars(select(Delivery)))


def sweep(office: Office) -> None:
    while (again := sweep_push_runs(office.rows, office.clock, office.ring)) is not None:
        if again > office.now:
            return


def linked(office: Office, phones: int) -> None:
    """Link the account of one bill of `many` to a resident with phones."""
    resident = office.resident(phones)
    with office.rows.transaction() as db:
        link = {"department_id": "WSD", "account_number": "10001", "created_at": office.now}
        db.add(AccountLink(resident_id=resident, **link))


def test_the_pushes_of_a_file_wait_in_the_queue_of_its_run(office: Office) -> None:
    run = office.handle(many(3, resident_id=office.resident(phones=2)))

    pushes = pushes_of(office, run.id)
    assert (pushes.state, pushes.bills, pushes.planned, pushes.is_whole) == ("going", 3, 6, True)
    assert (pushes.department_id, pushes.started_by) == ("WSD", "command")
    queues = {queue_named(each.queue) for each in deliveries(office)}
    assert {(queue.department_id, queue.run_id) for queue in queues} == {("WSD", run.id)}


def test_a_file_whose_bills_stand_already_plans_none_and_is_done(office: Office) -> None:
    resident = office.resident(phones=1)
    office.handle(many(3, resident_id=resident))

    run = office.handle(many(3, resident_id=resident) + b"\n")

    sweep(office)
    pushes = pushes_of(office, run.id)
    assert (run.already_there, pushes.planned, pushes.state) == (3, 0, "done")


def test_only_what_is_new_in_a_file_is_planned(office: Office) -> None:
    resident = office.resident(phones=2)
    office.handle(many(3, resident_id=resident))

    run = office.handle(many(5, resident_id=resident))

    assert (run.posted, run.already_there) == (2, 3)
    pushes = pushes_of(office, run.id)
    assert (pushes.bills, pushes.planned) == (5, 4)


@pytest.mark.slow
def test_a_worker_that_dies_while_it_posts_plans_each_push_once(office: Office) -> None:
    resident = office.resident(phones=2)
    run_id = checked(office, many(2500, resident_id=resident))
    dice, deaths = random.Random(5), 0
    while office.run(run_id).state == "posting" and deaths < 30:
        try:
            with dying_at(office, dice.randrange(1, 20 + 5 * deaths)):
                office.work_off()
        except Death:
            deaths += 1
            office.wait(LEASE.total_seconds() + 1)
        with office.rows.transaction(read_only=True) as db:
            opened = db.scalars(push_run_with(run_id)).one_or_none()
            there = db.scalar(select(func.count()).select_from(Delivery))
        assert there == (opened.planned if opened else 0)

    assert deaths > 1
    assert office.count(PushRun) == 1
    pushes = pushes_of(office, run_id)
    assert (pushes.planned, pushes.is_whole) == (5000, True)


@pytest.mark.slow
def test_a_pause_and_a_resume_of_the_bills_are_also_of_the_pushes(office: Office) -> None:
    run_id = checked(office, many(2500, resident_id=office.resident(phones=1)))
    batches(office, run_id, 1)

    tell(office, actions.pause_run, run_id)
    assert pushes_of(office, run_id).state == "paused"
    resume(office, run_id)

    assert pushes_of(office, run_id).state == "going"
    office.work_off()
    assert pushes_of(office, run_id).planned == 2500


def test_pushes_that_rest_by_themselves_are_not_woken_by_bills_that_went_on(
    office: Office,
) -> None:
    run_id = checked(office, many(3, resident_id=office.resident(phones=1)))
    batches(office, run_id, 1)
    with office.rows.transaction() as db:
        db.scalars(push_run_with(run_id)).one().state = "paused"
        db.scalars(select(BillRun)).one().state = "posting"  # as after a batch before the last

    resume(office, run_id)

    assert pushes_of(office, run_id).state == "paused"


@pytest.mark.slow
def test_a_cancel_of_the_bills_stops_the_pushes_and_nothing_is_planned_any_more(
    office: Office,
) -> None:
    run_id = checked(office, many(1200, resident_id=office.resident(phones=1)))
    batches(office, run_id, 1)

    cancel(office, run_id)
    office.work_off()
    sweep(office)

    pushes = pushes_of(office, run_id)
    assert (pushes.state, pushes.planned, pushes.dropped) == ("cancelled", 1000, 1000)
    assert (pushes.waiting, pushes.settled_at) == (0, office.now)


def test_a_run_that_is_taken_back_when_it_is_done_pushes_no_more_of_it(office: Office) -> None:
    run = office.handle(many(3, resident_id=office.resident(phones=1)))

    cancel(office, run.id, "A mistake")
    office.work_off()
    sweep(office)

    pushes = pushes_of(office, run.id)
    assert (pushes.state, pushes.dropped, pushes.settled_at) == ("cancelled", 3, office.now)
    told = [each for each in deliveries(office) if each.state == "waiting"]
    assert len(told) == 3  # that the bills need not be paid, outside the run
    assert {queue_named(each.queue).run_id for each in told} == {""}


def test_a_file_that_is_cancelled_before_its_posting_has_no_pushes(office: Office) -> None:
    run_id = checked(office, many(3))

    cancel(office, run_id)
    office.work_off()

    assert office.count(PushRun) == 0


@pytest.mark.slow
def test_one_client_cannot_let_a_large_file_go_alone(
    client: FlaskClient, make_department: Admit, office: Office
) -> None:
    scopes = frozenset({"bills"})
    first, second = make_department("WSD", scopes), make_department("WSD", scopes)
    foreign = make_department("RVD", scopes)
    office.now = clock.now() + timedelta(seconds=1)
    linked(office, phones=2)
    content = many(MORE_THAN_ONE_MAY)
    sent = client.post(PATH, data=content, headers=first.headers, content_type="text/csv")
    pushes = f"{PATH}/{sent.json['id']}/pushes"
    assert client.get(pushes, headers=first.headers).status_code == 404  # nothing is posted yet
    office.work_off()

    def ask(caller: Caller, what: str) -> Any:
        return client.post(f"{pushes}/{what}", headers=caller.headers)

    alone = [ask(first, what) for what in ("approve", "pause", "approve", "resume")]

    assert [reply.status_code for reply in alone] == [403, 200, 403, 200]
    assert {alone[0].json["code"], alone[2].json["code"]} == {"second_person_needed"}
    held = client.get(pushes, headers=first.headers).json
    assert (held["state"], held["needs_approval"], held["bills"]) == ("held", True, 10_001)
    assert (held["planned"], held["waiting"], held["started_by"]) == (2, 2, first.id)
    assert {ask(foreign, what).status_code for what in ("approve", "pause", "cancel")} == {404}
    approved = ask(second, "approve").json
    assert (approved["needs_approval"], approved["approved_by"]) == (False, second.id)
    assert ask(second, "approve").json == approved
    assert ask(second, "cancel").json["state"] == "cancelled"
    assert ask(first, "resume").json["code"] == "push_run_state"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("push_over_hours=0", 202),
        ("push_over_hours=24", 202),
        ("push_over_hours=25", 422),
        ("push_over_hours=-1", 422),
        ("push_over_hours=1.5", 422),
        ("push_over_hours=", 422),
        ("push_over_hours=1&push_over_hours=2", 400),
        ("push_over_days=1", 422),
    ],
)
def test_pushes_may_be_spread_over_a_day_at_most(
    client: FlaskClient, department: Caller, office: Office, query: str, status: int
) -> None:
    headers, content = department.headers, many(1)
    sent = client.post(f"{PATH}?{query}", data=content, headers=headers, content_type="text/csv")

    assert sent.status_code == status
    minutes = [run.push_over_minutes for run in office.runs()]
    assert minutes == ([int(query.partition("=")[2]) * 60] if status == 202 else [])


@pytest.mark.slow
def test_the_pushes_of_a_file_are_spread_from_its_first_batch_on(office: Office) -> None:
    run_id = office.send(many(1500, resident_id=office.resident(phones=1)))
    with office.rows.transaction() as db:
        db.scalars(select(BillRun)).one().push_over_minutes = 120
    office.work_off()

    pushes, begun = pushes_of(office, run_id), office.now
    assert (pushes.over_minutes, pushes.starts_at) == (120, begun)
    moments = sorted(each.due_at - begun for each in deliveries(office))
    assert timedelta(0) <= moments[0] < timedelta(minutes=5)
    assert timedelta(minutes=115) < moments[-1] < timedelta(minutes=120)
