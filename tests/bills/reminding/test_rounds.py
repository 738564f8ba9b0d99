"""Each day's rounds of reminders: who is told, of what, once, and never of what is paid."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from backend.bills import bill_to_settle, settle_bill
from backend.bills.models import Bill
from backend.bills.reminding import rounds
from backend.bills.reminding.models import ReminderRound
from backend.core.bulk import insert_columns
from backend.core.clock import new_ids
from backend.notifications.models import Message
from backend.notifications.outbox.models import Delivery
from backend.notifications.runs.models import PushRun
from tests.bills.reminding.conftest import LONG_AGO, OVERDUE, SOON, TODAY, TODAY_KIND, Street
from tests.core.together import Beside, together
from tests.simulators.desk import Desk

A_DAY = timedelta(days=1)
NINE = datetime(2026, 11, 23, 1, tzinfo=UTC)  # in the morning, in Hong Kong


def test_a_bill_is_spoken_of_before_it_is_due_and_on_its_last_day_and_before_it_gets_dearer(
    street: Street,
) -> None:
    resident = street.resident("phone")
    bill = street.bill(resident, TODAY, TODAY + 2 * A_DAY)
    kinds_by_day = {}

    for day in range(-5, 6):
        street.town.now = NINE + day * A_DAY
        before = street.reminded(bill)[0]
        street.go_round()
        kinds_by_day[day] = street.reminded(bill)[0][len(before) :]

    assert {day: kinds for day, kinds in kinds_by_day.items() if kinds} == {
        -3: [SOON],
        0: [TODAY_KIND],
        2: [OVERDUE],
    }


def test_a_bill_without_a_surcharge_is_spoken_of_once_when_it_is_overdue(street: Street) -> None:
    bill = street.bill(street.resident(), TODAY)

    for day in range(1, 4):
        street.town.now = NINE + day * A_DAY
        street.go_round()

    assert street.reminded(bill) == [[OVERDUE]]


def test_a_reminder_says_what_is_to_be_paid_today(street: Street) -> None:
    bill = street.bill(street.resident(), TODAY - 9 * A_DAY, TODAY - 2 * A_DAY, TODAY)

    street.go_round()

    [_, message] = street.messages(bill)
    assert message.facts == {"amount": "428.50", "due_on": "2026-11-14"}
    assert message.department_id == "WSD"


def test_nobody_is_reminded_before_nine(street: Street) -> None:
    bill = street.bill(street.resident("phone"), TODAY)
    street.town.now = NINE - timedelta(seconds=1)

    due_at = street.remind()
    before = street.reminded(bill)
    street.town.now = NINE
    street.go_round()

    assert due_at == NINE
    assert before == [[]]
    assert street.reminded(bill) == [[TODAY_KIND]]
    assert street.rings == [NINE]


def test_a_round_that_is_over_begins_again_at_nine_the_next_day(street: Street) -> None:
    street.bill(street.resident("phone"), TODAY)

    assert street.go_round() == NINE + A_DAY
    assert street.go_round() == NINE + A_DAY


def test_a_day_that_was_missed_until_the_evening_is_caught_up(street: Street) -> None:
    bill = street.bill(street.resident(), TODAY)
    street.town.now = NINE + timedelta(hours=14, minutes=59)

    street.go_round()

    assert street.reminded(bill) == [[TODAY_KIND]]


def test_after_midnight_a_round_is_neither_begun_nor_gone_on_with(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "AT_ONCE", 1)
    resident = street.resident()
    bills = [street.bill(resident, TODAY) for _ in range(3)]
    street.town.now = NINE + timedelta(hours=14)
    street.remind()

    for hours in (15.5, 24):
        street.town.now = NINE + timedelta(hours=hours)
        street.go_round()

    # Of the day after, each is overdue.
    assert Counter(map(tuple, street.reminded(*bills))) == {
        (TODAY_KIND, OVERDUE): 1,
        (OVERDUE,): 2,
    }


def test_a_bill_that_nobody_sees_or_that_is_settled_is_passed_over(street: Street) -> None:
    resident = street.resident()
    of_nobody, paid, taken_back = (
        street.bill(None, TODAY),
        street.bill(resident, TODAY),
        street.bill(resident, TODAY),
    )
    street.pay(paid)
    street.withdraw(taken_back)

    street.go_round()

    assert street.reminded(of_nobody, paid) == [[], []]
    assert TODAY_KIND not in street.told(taken_back)


def test_a_bill_that_was_put_off_is_not_spoken_of_before_its_day_but_on_its_last(
    street: Street,
) -> None:
    resident, due_on = street.resident(), TODAY + 3 * A_DAY
    until_later = street.bill(resident, due_on, later_on=TODAY + A_DAY)
    until_today = street.bill(resident, due_on, later_on=TODAY)

    street.go_round()
    before = street.reminded(until_later, until_today)
    street.town.now += 3 * A_DAY
    street.go_round()

    assert before == [[], [SOON]]
    assert street.reminded(until_later, until_today) == [[TODAY_KIND], [SOON, TODAY_KIND]]


def test_on_its_last_day_a_bill_is_spoken_of_however_it_was_put_off(street: Street) -> None:
    bill = street.bill(street.resident(), TODAY, later_on=TODAY + A_DAY)

    street.go_round()

    assert street.reminded(bill) == [[TODAY_KIND]]


@pytest.mark.parametrize(
    ("choice", "left"),
    [
        ("reminds_before", [[], [TODAY_KIND], [OVERDUE]]),
        ("reminds_on_day", [[SOON], [], [OVERDUE]]),
        ("reminds_overdue", [[SOON], [TODAY_KIND], []]),
    ],
)
def test_a_resident_is_not_reminded_of_what_they_declined(
    street: Street, choice: str, left: list[list[str]]
) -> None:
    resident = street.resident("phone", **{choice: False})
    neighbour = street.resident("other phone", quiet_from="23:00")
    days = (TODAY + 3 * A_DAY, TODAY, TODAY - A_DAY)
    own = [street.bill(resident, day) for day in days]
    theirs = [street.bill(neighbour, day) for day in days]

    street.go_round()

    assert street.reminded(*own) == left
    assert street.reminded(*theirs) == [[SOON], [TODAY_KIND], [OVERDUE]]


def test_a_reminder_takes_the_place_of_what_was_told_before_and_its_push(
    street: Street, desk: Desk
) -> None:
    bill = street.bill(street.resident("phone"), TODAY)
    street.go_round()

    [new, reminder] = street.messages(bill)
    assert (new.replaced_by, new.changed_at) == (reminder.id, street.town.now)
    assert reminder.replaced_by is None
    assert street.town.states() == [("dropped", "no longer so"), ("waiting", None)]
    street.town.work_off()
    kinds = [line["message"]["data"]["kind"] for line in desk.accepted()]
    assert kinds == [TODAY_KIND]
    assert desk.accepted()[0]["message"]["android"]["collapse_key"] == bill


def test_the_place_of_what_another_resident_was_told_is_not_taken(street: Street) -> None:
    bill = street.bill(street.resident(), TODAY)
    before = street.resident()
    with street.town.database.transaction() as db:
        db.execute(update(Message).values(resident_id=before))

    street.go_round()

    assert [message.replaced_by for message in street.messages(bill)] == [None, None]


def test_a_push_of_a_run_that_a_reminder_drops_is_counted_with_its_run(street: Street) -> None:
    street.bill(street.resident("phone"), TODAY)
    run = PushRun(
        id="run_1",
        department_id="WSD",
        bills=1,
        planned=1,
        started_by="cli_1",
        starts_at=LONG_AGO,
        created_at=LONG_AGO,
    )
    with street.town.database.transaction() as db:
        db.add(run)
        db.execute(update(Delivery).values(queue="1:WSD:run_1"))

    street.go_round()

    with street.town.database.transaction(read_only=True) as db:
        assert db.get_one(PushRun, "run_1").dropped == 1


def test_bills_of_many_departments_are_told_in_the_name_of_each(street: Street) -> None:
    resident = street.resident()
    bills = {name: street.bill(resident, TODAY, department=name) for name in ("IRD", "RVD", "WSD")}

    street.go_round()

    told = {name: street.messages(bill)[-1].department_id for name, bill in bills.items()}
    assert told == {name: name for name in bills}


def test_a_bill_paid_between_its_reminder_and_the_push_is_not_pushed(
    street: Street, desk: Desk
) -> None:
    bills = [street.bill(street.resident(f"phone-{n}"), TODAY) for n in range(4)]
    street.go_round()
    street.pay(bills[0])
    street.pay_unnoticed(bills[1])
    street.withdraw(bills[2])

    street.town.work_off()

    pushed = [(line["address"], line["message"]["data"]["kind"]) for line in desk.accepted()]
    assert sorted(pushed) == [("phone-2", "bill_withdrawn"), ("phone-3", TODAY_KIND)]


@pytest.mark.slow
def test_a_bill_that_is_being_settled_while_the_round_is_at_it_is_not_spoken_of(
    street: Street,
) -> None:
    resident = street.resident()
    bills = [street.bill(resident, TODAY) for _ in range(3)]

    with street.town.database.transaction() as db:
        bill = bill_to_settle(db, bills[1])
        settle_bill(db, bill, bill.amount_cents, street.town.now, street.town.now)
        db.flush()
        round_ = Beside(street.go_round)
        assert round_.is_waiting()
    round_.result()

    assert street.reminded(*bills) == [[TODAY_KIND], [], [TODAY_KIND]]


def test_a_push_that_waited_over_night_does_not_say_that_yesterday_is_today(
    street: Street, desk: Desk
) -> None:
    street.bill(street.resident("phone"), TODAY)
    street.town.now = NINE + timedelta(hours=13, minutes=30)
    street.go_round()
    street.town.work_off()

    street.town.now = NINE + A_DAY + timedelta(seconds=600)
    street.town.work_off()

    assert desk.lines() == []
    assert ("dropped", "no longer so") in street.town.states()


def test_a_due_date_that_is_moved_is_spoken_of_anew(street: Street) -> None:
    bill = street.bill(street.resident(), TODAY + 3 * A_DAY)
    street.go_round()
    street.amend(bill, TODAY + 8 * A_DAY)

    for day in range(1, 9):
        street.town.now = NINE + day * A_DAY
        street.go_round()

    assert street.reminded(bill) == [[SOON, "bill_amended", SOON, TODAY_KIND]]


def test_a_due_date_that_moves_while_a_round_is_on_its_way_breaks_nothing(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "AT_ONCE", 1)
    resident = street.resident()
    first = street.bill(resident, TODAY - 9 * A_DAY, TODAY)
    second = street.bill(resident, TODAY - 5 * A_DAY, TODAY)
    while street.told(first) == ["bill_new"]:
        street.remind()
    with street.town.database.transaction() as db:
        moved = TODAY - 2 * A_DAY
        db.execute(update(Bill).where(Bill.id == first).values(due_on=moved))

    street.go_round()

    assert street.reminded(first, second) == [[OVERDUE], [OVERDUE]]


def test_a_worker_that_dies_in_the_middle_leaves_no_double_and_no_gap(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "AT_ONCE", 2)
    resident = street.resident("phone")
    bills = [street.bill(resident, TODAY) for _ in range(5)]
    deaths = iter([False, True, False, True, True])
    tell = rounds.notify_many

    def tell_and_die(*given: object) -> int:
        pushes = tell(*given)  # type: ignore[arg-type]
        if next(deaths, False):
            raise SystemExit
        return pushes

    monkeypatch.setattr(rounds, "notify_many", tell_and_die)
    for _ in range(3):
        with pytest.raises(SystemExit):
            street.go_round()

    street.go_round()

    assert street.reminded(*bills) == [[TODAY_KIND]] * 5
    assert Counter(street.town.states()) == {("dropped", "no longer so"): 5, ("waiting", None): 5}


@pytest.mark.slow
def test_several_workers_at_once_remind_of_each_bill_once(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "AT_ONCE", 3)
    resident = street.resident("phone")
    days = (TODAY, TODAY - A_DAY, TODAY + 3 * A_DAY)
    bills = [street.bill(resident, day) for day in days for _ in range(8)]

    def work(_number: int) -> None:
        while street.remind() != NINE + A_DAY:
            pass

    together(4, work)

    assert [len(each) for each in street.reminded(*bills)] == [1] * 24


@pytest.mark.slow
def test_more_than_a_batch_is_gone_through_to_the_end(street: Street) -> None:
    resident = street.resident()
    count = rounds.AT_ONCE + 1
    bill = street.bill(resident, TODAY)
    with street.town.database.transaction() as db:
        names = [column.name for column in Bill.__table__.columns]
        one = {name: getattr(db.get_one(Bill, bill), name) for name in names}
        columns_of_many = {name: [value] * count for name, value in one.items()}
        columns_of_many |= {
            "id": new_ids("bill", count),
            "bill_number": [f"M-{number}" for number in range(count)],
        }
        insert_columns(db, Bill, columns_of_many)

    street.go_round()

    with street.town.database.transaction(read_only=True) as db:
        told = select(func.count()).select_from(Message).where(Message.kind == TODAY_KIND)
        assert db.scalar(told) == count + 1
        ended = select(func.count()).where(ReminderRound.finished_at.is_not(None))
        assert db.scalar(ended) == 3
