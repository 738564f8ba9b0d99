"""From the outbox to the simulator's log, which alone says what was pushed."""

import json
import re
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from sqlalchemy import select, update
from structlog.testing import capture_logs

from backend.accounts import Device
from backend.core.languages import Language
from backend.gateways.push import FirebasePush, Heard, Outcome, Result
from backend.gateways.push_message import Push
from backend.notifications.models import Message
from backend.notifications.outbox.claiming import MOST_PER_BATCH
from backend.notifications.outbox.models import Delivery
from backend.notifications.outbox.rules import MOST_FAULTS
from backend.notifications.rules import WORTH_PUSHING_FOR, MessageKind
from backend.notifications.wording import PUSH_BODIES, PUSH_TITLES
from tests.core.together import together
from tests.notifications.town import LEASE_SECONDS, Town
from tests.simulators.desk import PROJECT, Desk, running_fcm

A_DAY = 86400
MANY = 20


def test_every_phone_of_the_resident_is_told_once_and_nobody_elses(town: Town, desk: Desk) -> None:
    resident = town.resident("phone", "tablet")
    town.resident("neighbour")
    [bill] = town.tell(resident)

    town.work_off()
    town.wait(A_DAY)
    town.work_off()

    assert Counter(desk.addresses()) == {"phone": 1, "tablet": 1}
    assert {line["message"]["data"]["about_id"] for line in desk.lines()} == {bill}


def test_a_worker_with_nothing_to_do_asks_for_no_time(town: Town, desk: Desk) -> None:
    assert town.work() is None

    town.tell(town.resident())

    assert town.work() is None
    assert desk.lines() == []


@pytest.mark.parametrize("language", list(Language))
def test_the_push_speaks_the_residents_language(town: Town, desk: Desk, language: Language) -> None:
    town.tell(town.resident("phone", language=language))

    town.work_off()

    [line] = desk.accepted()
    shown = line["message"]["notification"]
    assert shown["title"] == PUSH_TITLES[MessageKind.BILL_NEW].into(language)
    assert shown["body"].startswith(PUSH_BODIES[MessageKind.BILL_NEW].into(language))


def test_a_language_that_we_do_not_speak_is_told_in_english(town: Town, desk: Desk) -> None:
    town.tell(town.resident("phone", language="tlh"))  # type: ignore[arg-type]

    town.work_off()

    assert [line["message"]["notification"]["title"] for line in desk.accepted()] == ["New bill"]


def test_a_repeat_replaces_the_first_on_every_kind_of_phone(town: Town, desk: Desk) -> None:
    [bill] = town.tell(town.resident("phone"))
    desk.answer({"lose": "answer"})

    town.work_off()
    town.wait(10)
    town.work_off()

    assert len(desk.accepted()) == 2
    for line in desk.accepted():
        message = line["message"]
        assert message["android"]["collapse_key"] == bill
        assert message["android"]["notification"]["tag"] == bill
        assert message["apns"]["headers"]["apns-collapse-id"] == bill
        assert message["webpush"]["notification"]["tag"] == bill


@pytest.mark.parametrize("status", [429, 503])
def test_nothing_is_sent_before_the_time_that_fcm_asks_for(
    town: Town, desk: Desk, status: int
) -> None:
    town.tell(town.resident("phone"))
    desk.answer({"status": status, "retry_after": 60})

    due_at = town.work()
    town.wait(59.9)
    town.work_off()
    before = desk.addresses()
    town.wait(30.2)
    town.work_off()

    assert before == []
    assert desk.addresses() == ["phone"]
    assert due_at is not None
    assert 60 <= (due_at - (town.now - timedelta(seconds=90.1))).total_seconds() <= 90


def test_a_retry_after_without_measure_does_not_lose_the_push(town: Town, desk: Desk) -> None:
    town.tell(town.resident("phone"))
    desk.answer({"status": 429, "retry_after": "9" * 400})

    town.work_off()
    town.wait(2 * A_DAY)
    town.work_off()

    assert desk.addresses() == ["phone"]


def test_a_push_that_cannot_be_placed_is_given_up_when_nobody_needs_it_any_more(
    town: Town, desk: Desk
) -> None:
    town.tell(town.resident("phone"))
    desk.answer(*[{"status": 503}] * 20)

    for _ in range(WORTH_PUSHING_FOR[MessageKind.BILL_NEW].days + 2):
        town.work_off()
        town.wait(A_DAY)

    assert len(desk.lines()) == 8
    assert town.states() == [("dropped", "too old")]
    assert town.work() is None


def test_a_push_that_alone_gets_an_odd_answer_is_parked_after_five(town: Town, desk: Desk) -> None:
    town.tell(town.resident("phone"))
    desk.answer(*[{"status": 418}] * 9)

    for _ in range(9):
        town.work_off()
        town.wait(600)

    assert len(desk.lines()) == MOST_FAULTS
    [(state, reason)] = town.states()
    assert state == "failed"
    assert reason


def test_a_phone_of_another_project_is_parked_and_kept(town: Town, desk: Desk) -> None:
    resident = town.resident("phone")
    town.tell(resident)
    desk.answer(*[{"status": 403}] * MOST_FAULTS)
    for _ in range(MOST_FAULTS + 1):
        town.work_off()
        town.wait(600)
    town.tell(resident)
    town.work_off()

    assert town.states() == [("failed", "SenderIdMismatchError"), ("sent", None)]
    assert desk.addresses() == ["phone"]


@pytest.mark.slow
def test_where_all_phones_are_of_another_project_nothing_is_parked_and_all_waits(
    town: Town, desk: Desk
) -> None:
    town.tell(*town.crowd(12))
    desk.answer(*[{"status": 403}] * 12 * (MOST_FAULTS + 1))
    for _ in range(MOST_FAULTS + 1):
        town.work_off()
        town.sender.quiet_until = 0.0
        town.wait(600)

    town.work_off()

    assert len(desk.accepted()) == 12
    assert set(town.states()) == {("sent", None)}


def test_a_refused_push_is_not_sent_again_and_says_why(town: Town, desk: Desk) -> None:
    town.tell(town.resident("phone"))
    desk.answer({"status": 400})

    town.work_off()
    town.wait(A_DAY)
    town.work_off()

    assert len(desk.lines()) == 1
    assert town.states() == [("failed", "InvalidArgumentError")]


def test_a_phone_that_is_gone_is_never_asked_again(town: Town, desk: Desk) -> None:
    resident = town.resident("phone")
    desk.answer({"status": 404})
    town.tell(resident)
    town.work_off()

    town.tell(resident)
    town.wait(A_DAY)
    town.work_off()

    assert len(desk.lines()) == 1


@pytest.mark.slow
def test_of_a_run_with_one_dead_phone_in_twenty_all_dead_ones_leave_and_are_not_asked_again(
    town: Town, desk: Desk
) -> None:
    residents = town.crowd(200)
    dead = {f"phone-{number}-0" for number in range(0, 200, 20)}
    for address in dead:
        desk.answer({"status": 404}, address=address)
    town.tell(*residents)
    town.work_off()
    with town.database.transaction(read_only=True) as db:
        left = set(db.scalars(select(Device.address)))

    town.tell(*residents)
    town.work_off()

    assert set(desk.addresses("refused")) == dead
    assert left == {f"phone-{number}-0" for number in range(200)} - dead
    assert Counter(desk.addresses()) == dict.fromkeys(left, 2)
    assert len(desk.lines()) == 200 + 190


def test_other_pushes_that_wait_for_a_phone_that_is_gone_are_dropped(
    town: Town, desk: Desk
) -> None:
    resident = town.resident("phone")
    town.tell(resident)
    desk.answer({"status": 503, "retry_after": 100})
    town.work_off()
    town.tell(resident)
    desk.answer({"status": 404})
    town.work_off()

    town.wait(A_DAY)
    town.work_off()

    assert [line["status"] for line in desk.lines()] == [503, 404]
    assert {state for state, _ in town.states()} == {"dropped"}


def test_a_phone_that_registers_anew_meanwhile_is_not_forgotten_for_an_old_answer(
    town: Town, desk: Desk
) -> None:
    resident = town.resident("phone")
    town.tell(resident)
    [parcel] = town.claim()
    town.wait(1)
    town.phone(resident, "phone")

    town.record(parcel, Result(Outcome.DEVICE_GONE, "Unregistered"))

    town.tell(resident)
    town.work_off()
    assert desk.addresses() == ["phone"]


def test_a_phone_with_a_new_address_is_reached_there(town: Town, desk: Desk) -> None:
    resident = town.resident()
    town.phone(resident, "old address", installation="phone")
    town.tell(resident)
    town.phone(resident, "new address", installation="phone")

    town.work_off()

    assert desk.addresses() == ["new address"]


def test_a_phone_that_changed_hands_shows_nothing_of_its_last_owner(town: Town, desk: Desk) -> None:
    town.tell(town.resident("phone"))
    town.resident("phone")

    town.work_off()
    town.wait(A_DAY)
    town.work_off()

    assert desk.lines() == []


def test_a_phone_whose_row_was_given_to_another_shows_nothing_of_its_last_owner(
    town: Town, desk: Desk
) -> None:
    town.tell(town.resident("phone"))
    other = town.resident()
    with town.database.transaction() as db:
        db.execute(update(Device).values(resident_id=other))

    town.work_off()

    assert desk.lines() == []


def test_a_forgotten_phone_is_not_pushed_to(town: Town, desk: Desk) -> None:
    resident = town.resident("phone", "tablet")
    town.tell(resident)
    town.forget(resident, "phone")

    town.work_off()

    assert desk.addresses() == ["tablet"]


@pytest.mark.slow
def test_more_than_a_batch_is_taken_in_batches_the_first_due_first(town: Town) -> None:
    bills = []
    for resident in town.crowd(MOST_PER_BATCH // 10 + 1, phones=10):
        bills += town.tell(resident)
        town.wait(1)

    batches = [town.claim() for _ in range(3)]

    assert [len(batch) for batch in batches] == [MOST_PER_BATCH, 10, 0]
    assert {parcel.push.collapse_key for parcel in batches[1] if parcel.push} == {bills[-1]}


@pytest.mark.slow
def test_workers_at_the_same_moment_never_take_the_same_push(town: Town) -> None:
    town.tell(*town.crowd(100, phones=10))

    def take(_number: int) -> list[str]:
        batches = [town.claim() for _ in range(3)]
        return [parcel.claimed.delivery_id for batch in batches for parcel in batch]

    taken = Counter(delivery for part in together(6, take) for delivery in part)

    assert len(taken) == 1000
    assert set(taken.values()) == {1}


@pytest.mark.slow
def test_two_workers_that_send_at_the_same_moment_push_each_once(
    town: Town, desk: Desk, tmp_path: Path
) -> None:
    colleague = FirebasePush(PROJECT, desk.account(tmp_path), desk.url)
    towns = [town, Town(town.database, colleague)]
    residents = [town.resident(f"phone-{number}") for number in range(60)]
    town.tell(*residents)
    desk.answer(*[{"delay_seconds": 0.01}] * 60)

    together(2, lambda number: towns[number].work_off())
    colleague.close()

    assert Counter(desk.addresses()) == Counter(f"phone-{number}" for number in range(60))


def test_a_push_of_a_worker_that_died_is_taken_over_when_its_lease_ends(
    town: Town, desk: Desk
) -> None:
    town.tell(town.resident("phone"))
    town.claim()

    town.wait(LEASE_SECONDS - 1)
    due_at = town.work()
    before = desk.addresses()
    town.wait(1)
    town.work_off()

    assert before == []
    assert due_at == town.now
    assert desk.addresses() == ["phone"]


@pytest.mark.slow
def test_what_a_dead_worker_left_goes_before_the_crowd(town: Town, desk: Desk) -> None:
    town.tell(town.resident("left behind"))
    town.claim()
    town.wait(1)
    town.tell(*town.crowd(MOST_PER_BATCH // 10, phones=10))
    town.wait(LEASE_SECONDS)

    parcels = town.claim()

    addresses = [parcel.push.address for parcel in parcels if parcel.push]
    assert len(addresses) == MOST_PER_BATCH
    assert "left behind" in addresses


@pytest.mark.parametrize(
    "late",
    [Result(Outcome.TRY_LATER, "late"), Result(Outcome.SENT), Result(Outcome.REFUSED, "late")],
)
def test_the_late_word_of_a_worker_changes_nothing_of_a_newer_claim(
    town: Town, desk: Desk, late: Result
) -> None:
    town.tell(town.resident("phone"))
    [slow] = town.claim()
    town.wait(LEASE_SECONDS)
    [newer] = town.claim()

    town.record(slow, late)
    claimed = town.states()
    town.record(newer, Result(Outcome.SENT))
    town.record(slow, late)

    assert claimed == [("claimed", None)]
    assert town.states() == [("sent", None)]
    town.wait(A_DAY)
    assert town.work() is None
    assert desk.lines() == []


def test_the_late_word_changes_nothing_where_the_newer_attempt_did_not_count(town: Town) -> None:
    town.tell(town.resident("phone"))
    [slow] = town.claim()
    town.wait(LEASE_SECONDS)
    [newer] = town.claim()
    town.record(newer, Result(Outcome.UNTRIED, "sign-in"))

    town.record(slow, Result(Outcome.REFUSED, "late"))
    town.wait(A_DAY)
    town.claim()
    town.record(slow, Result(Outcome.REFUSED, "late"))

    assert town.states() == [("claimed", "sign-in")]


def test_the_late_word_does_not_forget_a_phone(town: Town, desk: Desk) -> None:
    town.tell(town.resident("phone"))
    [slow] = town.claim()
    town.wait(LEASE_SECONDS)
    town.claim()

    town.record(slow, Result(Outcome.DEVICE_GONE, "late"))
    town.wait(LEASE_SECONDS)
    town.work_off()

    assert desk.addresses() == ["phone"]


@pytest.mark.slow
def test_an_account_that_fcm_does_not_take_costs_no_push_its_attempts(
    town: Town, desk: Desk, tmp_path: Path
) -> None:
    town.tell(town.resident("phone"))
    account = desk.account(tmp_path, client_email="simulated@another-project.invalid")
    good, town.sender = town.sender, FirebasePush(PROJECT, account, desk.url)
    for _ in range(MANY):
        town.work_off()
        town.sender.quiet_until = 0.0
        town.wait(60)
    town.sender.close()
    town.sender = good

    town.work_off()

    assert len(desk.addresses("accepted")) == 1
    assert len(desk.lines()) == MANY + 1


@pytest.mark.slow
def test_a_sign_in_that_fails_leaves_every_push_where_it_was(
    town: Town, desk: Desk, tmp_path: Path
) -> None:
    with running_fcm(tmp_path / "gone.log") as gone:
        pass
    town.tell(town.resident("phone"))
    account = desk.account(tmp_path, token_uri=f"{gone.url}/token")
    good, town.sender = town.sender, FirebasePush(PROJECT, account, desk.url)
    due_at = town.work()
    town.sender.close()
    town.sender = good

    assert due_at is not None
    assert town.now < due_at < town.now + timedelta(seconds=4)
    assert town.states() == [("waiting", None)]
    town.work_off()
    assert desk.addresses() == ["phone"]


class Broken(FirebasePush):
    """A client with a mistake in it: it raises what nobody expects, or forgets an answer."""

    def __init__(self, good: FirebasePush, *, forgets: bool) -> None:
        self.good, self.forgets = good, forgets

    def quiet_seconds(self) -> float:
        return 0

    def send(
        self, pushes: Sequence[Push], within_seconds: float, heard: Heard | None = None
    ) -> list[Result]:
        results = self.good.send(pushes[:1], within_seconds, heard) if self.forgets else []
        if self.forgets:
            return results
        raise RuntimeError("CANARY")


@pytest.mark.parametrize("forgets", [False, True])
def test_a_gateway_that_breaks_leaves_its_pushes_to_be_tried_again(
    town: Town, desk: Desk, caplog: pytest.LogCaptureFixture, forgets: bool
) -> None:
    town.tell(town.resident("phone"), town.resident("tablet"))
    good, town.sender = town.sender, Broken(town.sender, forgets=forgets)
    with capture_logs() as told:
        town.work_off()
    town.sender = good

    town.wait(10)
    town.work_off()

    assert set(desk.addresses()) == {"phone", "tablet"}
    assert "the push gateway failed" in f"{told}{caplog.text}"


def test_a_message_of_a_kind_that_we_do_not_know_blocks_no_other(town: Town, desk: Desk) -> None:
    bills = town.tell(*[town.resident(f"phone-{number}") for number in range(3)])
    rename_kind(town, bills[1], "from the future")

    town.work_off()

    assert sorted(desk.addresses()) == ["phone-0", "phone-2"]
    rename_kind(town, bills[1], MessageKind.BILL_NEW)
    town.wait(10)
    town.work_off()
    assert sorted(desk.addresses()) == ["phone-0", "phone-1", "phone-2"]


@pytest.mark.slow
def test_a_push_that_every_worker_dies_of_is_put_aside(town: Town, desk: Desk) -> None:
    town.tell(town.resident("deadly"))
    for _ in range(MOST_FAULTS):
        town.claim()
        town.wait(LEASE_SECONDS)

    town.tell(town.resident("harmless"))
    town.work_off()

    assert desk.addresses() == ["harmless"]
    assert ("failed", "every worker that took it died") in town.states()


@pytest.mark.slow
def test_one_poisoned_push_among_many_is_the_only_one_that_fails(town: Town, desk: Desk) -> None:
    residents = [town.resident(f"phone-{number}") for number in range(20)]
    town.tell(*residents)
    with town.database.transaction() as db:
        db.execute(
            update(Device).where(Device.address == "phone-7").values(address_kind="carrier pigeon")
        )

    town.work_off()

    assert sorted(desk.addresses()) == sorted(f"phone-{n}" for n in range(20) if n != 7)
    assert Counter(state for state, _ in town.states()) == {"sent": 19, "failed": 1}


def test_a_batch_with_every_kind_of_answer_is_written_down_push_by_push(
    town: Town, desk: Desk
) -> None:
    answers = {"fine": 200, "gone": 404, "wrong": 400, "busy": 503}
    bills = town.tell(*[town.resident(address) for address in answers])
    for address, status in answers.items():
        desk.answer({"status": status}, address=address)

    town.work()

    with town.database.transaction(read_only=True) as db:
        query = select(Message.about_id, Delivery.state).join(Message)
        state_of = dict(iter(db.execute(query)))
    assert [state_of[bill] for bill in bills] == ["sent", "dropped", "failed", "waiting"]


def test_no_canary_ever_stands_on_a_lock_screen_or_in_a_log_line(
    town: Town, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    residents = [town.resident(f"CANARY-ADDRESS-{status}") for status in (200, 400, 404, 500)]
    town.tell(*residents)
    for status in (400, 404, 500):
        desk.answer({"status": status}, address=f"CANARY-ADDRESS-{status}")
    caplog.set_level("INFO")

    with capture_logs() as told:
        town.work_off()

    titles = {PUSH_TITLES[kind].into(each) for kind in MessageKind for each in Language}
    bodies = {PUSH_BODIES[kind].into(each) for kind in MessageKind for each in Language}
    assert len(desk.lines()) == 4
    for line in desk.lines():
        message = line["message"]
        assert message["notification"]["title"] in titles
        body, code = message["notification"]["body"].split(" Check code ")
        assert body in bodies
        assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}", code)
        assert set(message["data"]) == {"kind", "message_id", "about_id"}
        shown = json.dumps({**message, "token": ""}, ensure_ascii=False)
        assert not [word for word in ("CANARY", "418.50", "WSD", "2026-12-20") if word in shown]
        assert len(shown.encode()) < 4096
    heard = f"{told}{caplog.text}{generate_latest().decode()}"
    assert "pushed" in heard
    assert "ferry_deliveries_total" in heard
    assert "CANARY" not in heard


def rename_kind(town: Town, about_id: str, kind: str) -> None:
    with town.database.transaction() as db:
        db.execute(update(Message).where(Message.about_id == about_id).values(kind=kind))
