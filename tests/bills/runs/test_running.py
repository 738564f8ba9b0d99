"""A run from its file to its last bill: checked whole, posted once, paused, resumed, taken back."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import update

from backend.bills import Bill, BillState
from backend.bills.actions import post_bill
from backend.bills.linking.models import AccountLink
from backend.bills.runs import actions, receiving
from backend.bills.runs.checking import check
from backend.bills.runs.models import BillRun, BillRunChunk
from backend.bills.runs.posting import post
from backend.bills.runs.rules import (
    CHECKED_A_BATCH,
    RECEIVING_FOR,
    FileFormat,
    RunNotFound,
    RunNotThere,
    RunState,
    RunsWaiting,
    UploadForgotten,
)
from backend.bills.runs.stated import facts_from
from backend.bills.runs.turn import LEASE, claim
from backend.bills.runs.working import TAKEN_BACK_A_BATCH
from backend.bills.schemas import BillPostShape
from backend.notifications import MessageKind
from backend.notifications.models import Message
from tests.bills.posting import FULL
from tests.bills.runs.files import HEADER, NOON, Office, csv_file, many, ndjson_file
from tests.core.together import together


def tell(
    office: Office, deed: Callable[..., BillRun], run_id: str, *words: Any, **more: Any
) -> BillRun:
    """Do what a department asks of its run."""
    with office.rows.transaction() as db:
        return deed(db, "WSD", run_id, *words, **more)


def cancel(office: Office, run_id: str, withdrawal: str | None = None) -> BillRun:
    return tell(office, actions.cancel_run, run_id, withdrawal, now=office.now, ring=office.ring)


def resume(office: Office, run_id: str) -> BillRun:
    return tell(office, actions.resume_run, run_id, office.now, office.ring)


def batches(office: Office, run_id: str, count: int) -> None:
    """Let a worker do so many batches, and give the run back."""
    turn = claim(office.rows, office.clock, run_id)
    assert turn is not None
    steps = check(turn) if turn.state is RunState.CHECKING else post(turn, office.ring)
    for _ in range(count):
        next(steps)
    turn.end()


def checked(office: Office, content: bytes) -> str:
    """Send a file and let it be checked, not posted."""
    run_id = office.send(content)
    while office.run(run_id).state == RunState.CHECKING:
        batches(office, run_id, 1)
    return run_id


@pytest.mark.slow
def test_a_sound_file_is_posted_whole_and_told(office: Office) -> None:
    resident = office.resident(phones=2)

    run = office.handle(many(2500, resident_id=resident))

    assert (run.state, run.lines, run.checked, run.handled) == (RunState.DONE, 2500, 2500, 2500)
    assert (run.posted, run.already_there, run.total_cents) == (2500, 0, 250_000)
    assert run.settled_at == NOON
    bills = office.bills()
    assert {bill.run_id for bill in bills} == {run.id}
    assert {bill.state for bill in bills} == {BillState.OPEN}
    assert len(bills) == 2500
    assert office.told() == (2500, 5000)
    assert office.left_over() == 0
    assert office.rings > 2


def test_json_lines_carry_what_a_single_post_carries(office: Office) -> None:
    alike = BillPostShape().load({**FULL, "bill_number": "W-2"})
    with office.rows.transaction() as db:
        post_bill(db, "WSD", facts_from(alike, NOON.date()), NOON, office.ring)

    office.handle(ndjson_file([FULL]), FileFormat.NDJSON)

    first, second = office.bills()
    assert first.details == second.details
    assert first.account_number == second.account_number == "12345678A"
    assert first.link_code == second.link_code


def test_the_same_bytes_are_the_same_run_and_tell_nobody_twice(office: Office) -> None:
    content = many(3, resident_id=office.resident())
    first = office.handle(content)

    again = office.handle(content)

    assert again.id == first.id
    assert office.count(BillRun) == 1
    assert office.told() == (3, 0)
    assert office.left_over() == 0


def test_the_same_bytes_of_another_department_are_its_own_run(office: Office) -> None:
    first = office.send(many(3))

    second = office.send(many(3), of="RVD")

    assert first != second
    office.work_off()
    assert len(office.bills()) == 6


def test_a_file_that_was_refused_may_come_again(office: Office) -> None:
    resident = office.resident()
    content = many(3, resident_id=resident)
    refused = office.handle(content.replace(resident.encode(), b"res_" + b"0" * 26, 1))
    assert [problem["code"] for problem in refused.problems] == ["resident_not_known"]

    again = office.send(content.replace(resident.encode(), b"res_" + b"0" * 26, 1))

    assert again != refused.id


@pytest.mark.slow
def test_bills_that_stand_are_passed_over(office: Office) -> None:
    resident = office.resident()
    office.handle(many(1500, resident_id=resident))

    run = office.handle(many(2000, resident_id=resident))

    assert (run.state, run.posted, run.already_there) == (RunState.DONE, 500, 1500)
    assert office.told() == (2000, 0)


def test_a_number_that_stands_for_another_bill_refuses_the_file(office: Office) -> None:
    office.handle(many(3))

    run = office.handle(many(5, cents=7))

    assert run.state == RunState.REFUSED
    assert [(each["line"], each["code"]) for each in run.problems] == [
        (2, "bill_number_taken"),
        (3, "bill_number_taken"),
        (4, "bill_number_taken"),
    ]
    assert len(office.bills()) == 3


def test_an_account_that_is_linked_brings_the_bill_to_its_resident(office: Office) -> None:
    resident = office.resident(phones=1)
    with office.rows.transaction() as db:
        link = AccountLink(
            resident_id=resident, department_id="WSD", account_number="10001", created_at=NOON
        )
        db.add(link)

    office.handle(many(3))

    got = [(bill.resident_id, bill.link_id) for bill in office.bills()]
    assert got == [(None, None), (resident, link.id), (None, None)]
    assert office.told() == (1, 1)


def test_the_date_of_issue_is_the_day_the_file_came(office: Office) -> None:
    line = f"W-1,water,100,{NOON.date().isoformat()},A1"
    run_id = checked(office, csv_file([line], 1, 100))

    office.wait(86_400)
    office.work_off()

    assert office.run(run_id).state == RunState.DONE
    assert office.bills()[0].issued_on == NOON.date()


def test_a_bill_posted_singly_since_the_check_is_there_already(office: Office) -> None:
    resident = office.resident()
    run_id = checked(office, many(3, resident_id=resident))
    other = {"bill_number": "W-1", "kind": "water", "amount_cents": 100, "due_on": "2099-12-20"}
    stated = {**other, "resident_id": resident, "account_number": "10001"}
    with office.rows.transaction() as db:
        facts = facts_from(BillPostShape().load(stated), NOON.date())
        post_bill(db, "WSD", facts, NOON, office.ring)

    office.work_off()

    run = office.run(run_id)
    assert (run.state, run.posted, run.already_there) == (RunState.DONE, 2, 1)
    assert office.told() == (3, 0)


def test_what_came_in_a_bills_way_since_the_check_is_noted_and_the_rest_is_posted(
    office: Office,
) -> None:
    run_id = checked(office, many(3))
    with office.rows.transaction() as db:
        facts = facts_from(BillPostShape().load({**FULL, "bill_number": "W-1"}), NOON.date())
        post_bill(db, "WSD", facts, NOON, office.ring)

    office.work_off()

    run = office.run(run_id)
    assert (run.state, run.posted, run.handled) == (RunState.DONE, 2, 3)
    assert [(each["line"], each["code"]) for each in run.problems] == [(3, "bill_number_taken")]


@pytest.mark.slow
def test_a_paused_run_rests_and_goes_on_where_it_was(office: Office) -> None:
    run_id = checked(office, many(3000))
    batches(office, run_id, 1)

    tell(office, actions.pause_run, run_id)
    tell(office, actions.pause_run, run_id)
    office.work_off()

    assert (office.run(run_id).state, office.run(run_id).posted) == (RunState.PAUSED, 1000)
    resume(office, run_id)
    resume(office, run_id)
    office.work_off()
    run = office.run(run_id)
    assert (run.state, run.posted, run.handled) == (RunState.DONE, 3000, 3000)
    assert len(office.bills()) == 3000


@pytest.mark.slow
def test_a_run_paused_in_its_check_goes_on_checking(office: Office) -> None:
    run_id = office.send(many(CHECKED_A_BATCH + 500))
    batches(office, run_id, 1)
    tell(office, actions.pause_run, run_id)

    resumed = resume(office, run_id)

    assert (resumed.state, resumed.checked) == (RunState.CHECKING, CHECKED_A_BATCH)
    while office.run(run_id).state == RunState.CHECKING:
        batches(office, run_id, 1)
    assert office.run(run_id).lines == CHECKED_A_BATCH + 500


@pytest.mark.slow
def test_a_worker_in_its_turn_sees_a_pause_before_the_next_batch(office: Office) -> None:
    run_id = checked(office, many(3000))
    turn = claim(office.rows, office.clock)
    assert turn is not None
    steps = post(turn, office.ring)
    next(steps)

    tell(office, actions.pause_run, run_id)

    assert len(list(steps)) <= 1
    assert office.run(run_id).posted == 1000
    assert len(office.bills()) == 1000


@pytest.mark.slow
def test_a_worker_whose_lease_ran_out_posts_nothing_more(office: Office) -> None:
    run_id = checked(office, many(3000, resident_id=office.resident()))
    slow = claim(office.rows, office.clock)
    assert slow is not None
    steps = post(slow, office.ring)
    next(steps)
    office.wait(LEASE.total_seconds() + 1)
    batches(office, run_id, 1)

    left = list(steps)

    assert len(left) == 1
    assert office.run(run_id).handled == 2000
    slow.end()
    office.work_off()
    run = office.run(run_id)
    assert (run.state, run.posted, run.already_there) == (RunState.DONE, 3000, 0)
    assert office.told() == (3000, 0)


def test_a_run_that_another_worker_has_is_passed_over(office: Office) -> None:
    run_id = office.send(many(1500))
    held = claim(office.rows, office.clock)

    due_at = office.work()

    assert held is not None
    assert due_at == office.now + LEASE
    assert office.run(run_id).checked == 0
    second = office.send(many(10, first=5000))
    office.work_off()
    assert office.run(second).state == RunState.DONE


@pytest.mark.slow
def test_two_workers_at_once_post_every_bill_once(office: Office) -> None:
    resident = office.resident(phones=1)
    run_ids = [office.send(many(1500, n * 1000, resident)) for n in range(3)]

    together(2, lambda _number: office.work_off())
    office.wait(2)
    office.work_off()

    assert [office.run(run_id).state for run_id in run_ids] == [RunState.DONE] * 3
    assert sum(office.run(run_id).posted for run_id in run_ids) == 3500
    assert sum(office.run(run_id).already_there for run_id in run_ids) == 1000
    assert len(office.bills()) == 3500
    assert office.told() == (3500, 3500)


@pytest.mark.slow
def test_a_cancelled_run_stops_and_keeps_what_it_posted(office: Office) -> None:
    run_id = checked(office, many(3000))
    batches(office, run_id, 2)

    cancel(office, run_id)
    cancel(office, run_id)
    office.work_off()

    run = office.run(run_id)
    assert (run.state, run.posted, run.withdrawn) == (RunState.CANCELLED, 2000, 0)
    assert run.settled_at == NOON
    assert {bill.state for bill in office.bills()} == {BillState.OPEN}
    assert len(office.bills()) == 2000
    assert office.left_over() == 0


@pytest.mark.slow
def test_a_wrong_file_is_taken_back_but_for_what_is_paid_or_being_paid(office: Office) -> None:
    resident = office.resident(phones=1)
    run_id = office.handle(many(250, resident_id=resident)).id
    paid, paying = office.bills()[3].id, office.bills()[4].id
    office.being_paid.add(paying)
    with office.rows.transaction() as db:
        db.execute(update(Bill).where(Bill.id == paid).values(state=BillState.PAID))

    cancel(office, run_id, "The wrong month. 月份有誤。")
    office.work_off()

    run = office.run(run_id)
    assert (run.state, run.withdrawn) == (RunState.CANCELLED, 248)
    states = {bill.id: bill.state for bill in office.bills()}
    assert (states.pop(paid), states.pop(paying)) == (BillState.PAID, BillState.OPEN)
    assert set(states.values()) == {BillState.WITHDRAWN}
    assert office.bills()[0].withdrawal_reason == "The wrong month. 月份有誤。"
    with office.rows.transaction(read_only=True) as db:
        kinds = [message.kind for message in db.query(Message)]
    assert kinds.count(MessageKind.BILL_WITHDRAWN) == 248


@pytest.mark.slow
def test_what_was_left_standing_can_still_be_taken_back(office: Office) -> None:
    run_id = office.handle(many(5)).id
    with pytest.raises(RunNotThere):
        cancel(office, run_id)
    run_id = checked(office, many(1500, first=100))
    batches(office, run_id, 1)
    cancel(office, run_id)
    office.work_off()

    cancel(office, run_id, "Again.")
    office.work_off()

    run = office.run(run_id)
    assert (run.posted, run.withdrawn) == (1000, 1000)


def test_what_was_being_paid_when_a_run_was_taken_back_may_follow(office: Office) -> None:
    run_id = office.handle(many(3)).id
    paying = office.bills()[1].id
    office.being_paid.add(paying)
    cancel(office, run_id, "A mistake.")
    office.work_off()
    left = [bill.id for bill in office.bills() if bill.state == BillState.OPEN]
    office.being_paid.clear()

    cancel(office, run_id, "A mistake.")
    cancel(office, run_id, "Said twice.")
    office.work_off()

    assert left == [paying]
    assert {bill.state for bill in office.bills()} == {BillState.WITHDRAWN}
    assert {bill.withdrawal_reason for bill in office.bills()} == {"A mistake."}
    assert office.run(run_id).withdrawn == 3


def test_a_file_whose_bills_were_taken_back_is_refused_by_their_lines(office: Office) -> None:
    cancel(office, office.handle(many(3)).id, "A mistake.")
    office.work_off()

    again = office.handle(many(3))

    assert (again.state, again.problem_count) == (RunState.REFUSED, 3)
    assert [(each["line"], each["code"]) for each in again.problems] == [
        (line, "bill_withdrawn") for line in (2, 3, 4)
    ]


@pytest.mark.slow
def test_while_a_run_is_taken_back_others_write(office: Office) -> None:
    run_id = office.handle(many(1200)).id
    cancel(office, run_id, "A mistake.")
    waits: list[int] = []
    over = threading.Event()

    def write() -> None:
        while not over.is_set():
            seen = office.run(run_id).withdrawn
            with office.rows.transaction() as db:
                db.execute(update(Bill).where(Bill.id == "nobody").values(version=1))
            waits.append(office.run(run_id).withdrawn - seen)
            time.sleep(0.01)

    other = threading.Thread(target=write)
    other.start()
    office.work_off()
    over.set()
    other.join()

    assert office.run(run_id).withdrawn == 1200
    assert max(waits) <= 3 * TAKEN_BACK_A_BATCH


@pytest.mark.parametrize("deed", [actions.pause_run, resume, cancel])
def test_a_refused_run_can_neither_be_paused_nor_resumed_nor_cancelled(
    office: Office, deed: Any
) -> None:
    run_id = office.handle(b"nothing of use").id

    with pytest.raises(RunNotThere):
        tell(office, deed, run_id) if deed is actions.pause_run else deed(office, run_id)

    assert office.run(run_id).state == RunState.REFUSED


def test_another_departments_run_is_no_run(office: Office) -> None:
    run_id = office.send(many(3), of="RVD")

    with pytest.raises(RunNotFound):
        tell(office, actions.pause_run, run_id)


def test_a_fourth_file_waits_until_one_is_finished(office: Office) -> None:
    for number in range(3):
        office.send(many(2, first=10 * number))

    with pytest.raises(RunsWaiting):
        office.send(many(2, first=90))

    office.send(many(2, first=90), of="RVD")
    office.work_off()
    office.send(many(2, first=90))


def test_four_files_at_the_same_moment_are_three(office: Office) -> None:
    outcomes: list[str] = []

    def send(number: int) -> None:
        try:
            outcomes.append(office.send(many(2, first=10 * number)))
        except RunsWaiting:
            outcomes.append("waits")

    together(6, send)

    assert outcomes.count("waits") == 3


def test_the_same_file_twice_at_the_same_moment_is_one_run(office: Office) -> None:
    run_ids = together(2, lambda _number: office.send(many(2)))

    assert len(set(run_ids)) == 1
    assert office.count(BillRun) == 1


class Death(BaseException):
    """The process that takes the file ends here."""


def broken_off(content: bytes, error: BaseException) -> Any:
    yield content
    raise error


@pytest.mark.parametrize(("error", "left_over"), [(ConnectionError(), 0), (Death(), 1)])
def test_a_file_that_breaks_off_is_never_run_and_forgotten_in_an_hour(
    office: Office, error: BaseException, left_over: int
) -> None:
    pieces = broken_off(many(3), error)
    with pytest.raises(type(error)):
        receiving.receive(
            office.rows, "WSD", FileFormat.CSV, pieces, clock=office.clock, ring=office.ring
        )

    office.work_off()

    assert office.left_over() == office.count(BillRun) == left_over
    office.wait(RECEIVING_FOR.total_seconds() + 1)
    office.work_off()
    assert office.left_over() == office.count(BillRun) == 0
    assert office.bills() == []


def test_a_file_that_was_forgotten_while_it_came_is_refused(office: Office) -> None:
    def slow() -> Any:
        yield many(3)
        office.wait(RECEIVING_FOR.total_seconds() + 1)
        office.work_off()
        yield b"#"

    with pytest.raises(UploadForgotten):
        receiving.receive(
            office.rows, "WSD", FileFormat.CSV, slow(), clock=office.clock, ring=office.ring
        )


@pytest.mark.slow
def test_pieces_that_are_read_go_before_the_run_is_done(office: Office) -> None:
    header = f"{HEADER},premises,contact,legal_basis,payer_name"
    wide = ",".join(["x" * 200, "x" * 200, "x" * 300, "x" * 100])
    lines = [f"W-{n},water,100,2099-12-20,A{n},{wide}" for n in range(3500)]
    run_id = checked(office, csv_file(lines, 3500, 350_000, header))

    assert office.count(BillRunChunk) == 3
    batches(office, run_id, 3)

    assert office.count(BillRunChunk) == 2
    office.work_off()
    assert office.run(run_id).posted == 3500
