"""From the outbox to a department's own server, which alone says what it was told."""

import base64
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.departments.webhooks import actions, signing
from backend.departments.webhooks.models import Webhook
from backend.departments.webhooks.rules import GIVEN_UP_AFTER
from backend.departments.webhooks.telling import (
    LEASE,
    MOST_OF_ONE_DEPARTMENT,
    note,
    take,
    tell_waiting,
)
from backend.gateways.webhooks import Answer, Call, HttpWebhooks, Outcome
from tests.core.together import together
from tests.departments.webhooks.office import PAID, Office
from tests.departments.webhooks.receiving import Received, Receiver, is_genuine

A_DAY = 86400


def test_an_event_is_told_once_signed_and_whole(office: Office, receiver: Receiver) -> None:
    secret = office.listen()
    [event_id] = office.tell()

    office.work_off()
    office.wait(A_DAY)
    office.work_off()

    [received] = receiver.received
    assert is_genuine(received, secret)
    assert received.headers["content-type"] == "application/json"
    assert received.event == {
        "id": event_id,
        "type": "bill.paid",
        "created_at": "2026-11-23T09:00:00+00:00",
        "data": PAID,
    }
    assert office.states() == {event_id: "told"}
    assert office.work() is None


def test_the_same_thing_is_written_down_once(office: Office) -> None:
    office.listen()

    with office.database.transaction() as db:
        for _ in range(2):
            kind = actions.EventType.BILL_PAID
            actions.tell_department(db, "WSD", kind, about_id="bill_1", data={}, now=office.now)

    assert len(office.states()) == 1


@pytest.mark.parametrize(
    "how",
    [
        {"status": 500},
        {"status": 404},
        {"status": 302, "headers": {"Location": "/elsewhere"}},
        {"hang_up": True},
        {"raw": b"nonsense\r\n\r\n"},
    ],
    ids=str,
)
def test_a_call_that_fails_is_made_again_under_the_same_id(
    office: Office, receiver: Receiver, how: dict[str, object]
) -> None:
    secret = office.listen()
    receiver.script["/hook"] = [how]
    [event_id] = office.tell()

    due_at = office.work()
    office.wait(4)
    office.work_off()
    too_early = len(receiver.received)
    office.wait(10)
    office.work_off()

    assert due_at is not None
    assert due_at > office.now - timedelta(seconds=14)
    assert too_early == 1
    assert receiver.ids() == [event_id, event_id]
    assert receiver.at("/elsewhere") == []
    assert all(is_genuine(each, secret) for each in receiver.received)
    assert office.states() == {event_id: "told"}


def test_each_try_is_signed_for_its_own_moment(office: Office, receiver: Receiver) -> None:
    office.listen()
    receiver.script["/hook"] = [{"status": 500}]
    office.tell()

    office.work_off()
    office.wait(60)
    office.work_off()

    first, second = (int(each.headers["webhook-timestamp"]) for each in receiver.received)
    assert second - first == 60


def test_a_department_is_left_alone_for_as_long_as_it_asks(
    office: Office, receiver: Receiver
) -> None:
    office.listen()
    receiver.script["/hook"] = [{"status": 429, "headers": {"Retry-After": "600"}}]
    office.tell(count=3)

    office.work_off()
    office.wait(599)
    office.work_off()
    before = len(receiver.received)
    office.wait(400)
    office.work_off()

    assert before == 1
    assert set(office.states().values()) == {"told"}


def test_an_event_is_given_up_after_three_days_and_can_be_replayed(
    office: Office, receiver: Receiver
) -> None:
    office.listen()
    [event_id] = office.tell()
    receiver.script["/hook"] = [{"status": 500}] * 200

    for _ in range(100):
        office.work_off()
        office.wait(3600)
    tried = len(receiver.received)
    failed = office.event(event_id)
    receiver.script["/hook"] = []
    office.replay(event_id)
    office.work_off()

    assert (failed.state, failed.reason) == ("failed", "status 500")
    assert failed.settled_at is not None
    assert failed.settled_at - failed.created_at <= GIVEN_UP_AFTER
    assert 30 < tried < 120
    assert office.states() == {event_id: "told"}


def test_an_address_that_is_gone_is_called_no_more_until_it_is_set_again(
    office: Office, receiver: Receiver
) -> None:
    office.listen()
    receiver.script["/hook"] = [{"status": 410}]
    [gone] = office.tell()
    office.work_off()

    [unheard] = office.tell()
    office.work_off()
    calls = len(receiver.received)
    office.listen()
    [heard] = office.tell()
    office.work_off()

    assert calls == 1
    assert office.states() == {gone: "failed", unheard: "unheard", heard: "told"}
    assert office.event(gone).reason == "status 410"


def test_what_happened_without_an_address_is_unheard_and_told_when_asked_for(
    office: Office, receiver: Receiver
) -> None:
    early = office.tell(count=3)
    office.work_off()
    before = office.states()

    office.listen()
    office.work_off()
    silent = len(receiver.received)
    with office.database.transaction() as db:
        count = actions.replay_since(db, "WSD", office.now, office.now, lambda: None)
    office.work_off()

    assert set(before.values()) == {"unheard"}
    assert silent == 0
    assert count == 3
    assert sorted(receiver.ids()) == sorted(early)


def test_what_waits_is_told_at_a_new_address_and_nothing_after_it_is_removed(
    office: Office, receiver: Receiver
) -> None:
    office.listen()
    receiver.script["/hook"] = [{"status": 500}]
    [moved] = office.tell()
    office.work_off()

    office.listen(url=f"{receiver.url}/new")
    office.wait(60)
    office.work_off()
    with office.database.transaction() as db:
        actions.remove_webhook(db, "WSD")
    [unheard] = office.tell()
    office.work_off()

    assert receiver.ids("/new") == [moved]
    assert office.states() == {moved: "told", unheard: "unheard"}


def test_a_dead_address_delays_no_other(office: Office, receiver: Receiver) -> None:
    office.listen("WSD", url=f"{receiver.url}/dead")
    office.listen("RVD")
    receiver.script["/dead"] = [{"hang_up": True}] * 1000
    office.tell("WSD", count=50)
    office.tell("RVD", count=25)

    office.work_off()
    office.wait(300)
    office.tell("RVD", count=25)
    office.work_off()

    assert len(receiver.ids()) == 50
    assert len(receiver.ids("/dead")) <= 3
    assert office.webhook("RVD").failures == 0


def test_an_address_that_is_back_gets_all_that_waited(office: Office, receiver: Receiver) -> None:
    office.listen()
    receiver.script["/hook"] = [{"hang_up": True}] * 5
    events = office.tell(count=30)

    for _ in range(12):
        office.work_off()
        office.wait(500)

    assert Counter(office.states().values()) == {"told": 30}
    assert set(receiver.ids()) == set(events)


def test_one_event_that_a_department_cannot_take_holds_up_none_of_its_others(
    office: Office, receiver: Receiver
) -> None:
    office.listen()
    receiver.script["/hook"] = [{"status": 500}]
    [poison, *others] = office.tell(count=15)

    office.work_off()
    office.wait(8)
    office.work_off()

    states = office.states()
    assert {states[each] for each in others} == {"told"}
    assert receiver.ids().count(poison) <= 2


def test_no_department_gets_more_than_its_share_of_a_batch(office: Office) -> None:
    for department in ("WSD", "RVD"):
        office.listen(department)
        office.tell(department, count=40)

    queues = take(office.database, office.now)

    assert [(each.department_id, len(each.events)) for each in queues] == [
        ("RVD", MOST_OF_ONE_DEPARTMENT),
        ("WSD", MOST_OF_ONE_DEPARTMENT),
    ]


def test_what_a_dead_worker_took_is_told_when_its_lease_ends(
    office: Office, receiver: Receiver
) -> None:
    office.listen()
    events = office.tell(count=3)
    take(office.database, office.now)

    office.work_off()
    during = len(receiver.received)
    office.wait(LEASE.total_seconds())
    office.work_off()

    assert during == 0
    assert Counter(receiver.ids()) == Counter(events)


def test_a_late_word_of_a_worker_that_was_taken_for_dead_changes_nothing(office: Office) -> None:
    office.listen()
    [event_id] = office.tell()
    slow = take(office.database, office.now)
    office.wait(LEASE.total_seconds())
    office.work_off()
    office.replay(event_id)
    current = take(office.database, office.now)

    note(office.database, slow, [[Answer(Outcome.GONE, "status 410")]], office.now)
    between = office.event(event_id).state
    note(office.database, current, [[Answer(Outcome.TAKEN)]], office.now)

    assert between == "waiting"
    assert office.event(event_id).state == "told"


def test_a_failure_at_the_former_address_does_not_silence_the_new_one(
    office: Office, receiver: Receiver
) -> None:
    office.listen(url=f"{receiver.url}/old")
    [event_id] = office.tell()
    taken = take(office.database, office.now)
    office.listen(url=f"{receiver.url}/new")

    note(office.database, taken, [[Answer(Outcome.GONE, "status 410")]], office.now)

    assert office.webhook().stopped_at is None
    assert office.event(event_id).state == "failed"


def test_two_workers_tell_each_event_once(office: Office, receiver: Receiver) -> None:
    office.listen()
    office.listen("RVD")
    events = office.tell(count=40) + office.tell("RVD", count=40)

    def work(_number: int) -> None:
        caller = HttpWebhooks(is_demo=True)
        for _ in range(60):
            tell_waiting(office.database, caller, office.clock)
            if set(office.states().values()) == {"told"}:
                break
        caller.close()

    together(2, work)

    assert Counter(receiver.ids()) == Counter(events)


class Broken:
    """A caller that fails whole."""

    def call(self, queues: Sequence[Sequence[Call]], within_seconds: float) -> list[list[Answer]]:
        raise RuntimeError("no loop")


def test_a_caller_that_fails_whole_loses_nothing(office: Office, receiver: Receiver) -> None:
    office.listen()
    events = office.tell(count=3)

    tell_waiting(office.database, Broken(), office.clock)
    office.wait(60)
    office.work_off()

    assert Counter(receiver.ids()) == Counter(events)


def test_while_a_secret_is_changed_both_sign_and_then_the_new_one_alone(
    office: Office, receiver: Receiver
) -> None:
    former = office.listen()
    with office.database.transaction() as db:
        current = actions.rotate_secret(db, "WSD", office.now).secret or ""

    office.tell()
    office.work_off()
    office.wait(A_DAY)
    office.tell()
    office.work_off()

    during, after = receiver.received
    assert former != current
    assert [is_genuine(during, each) for each in (former, current)] == [True, True]
    assert [is_genuine(after, each) for each in (former, current)] == [False, True]


def test_a_call_is_the_same_bytes_that_were_signed_in_any_script(
    office: Office, receiver: Receiver
) -> None:
    secret = office.listen()
    with office.database.transaction() as db:
        kind = actions.EventType.PAYMENT_HELD
        data = {"bill_number": '水-1 \u2028 "x"', "amount_cents": 1}
        actions.tell_department(db, "WSD", kind, about_id="crd_1", data=data, now=office.now)

    office.work_off()

    [received] = receiver.received
    assert is_genuine(received, secret)
    assert received.event["data"] == data


SECRET = signing.new_secret()


def a_call() -> Received:
    body = signing.write_body({"id": "evt_1", "data": {"amount_cents": 100}})
    moment = datetime(2026, 11, 23, 9, tzinfo=UTC)
    headers = signing.headers_for("evt_1", body, [SECRET], moment)
    return Received("/hook", {name.lower(): value for name, value in headers.items()}, body)


@given(st.data())
def test_a_tampered_call_does_not_verify(data: st.DataObject) -> None:
    call = a_call()
    part = data.draw(st.sampled_from(["body", "webhook-id", "webhook-timestamp"]))
    bytes_of = call.body if part == "body" else call.headers[part].encode()
    position = data.draw(st.integers(0, len(bytes_of) - 1))
    other = data.draw(st.integers(48, 57).filter(lambda byte: byte != bytes_of[position]))
    changed = bytes_of[:position] + bytes([other]) + bytes_of[position + 1 :]
    tampered = (
        replace(call, body=changed)
        if part == "body"
        else replace(call, headers={**call.headers, part: changed.decode()})
    )

    assert is_genuine(call, SECRET)
    assert not is_genuine(tampered, SECRET)
    assert not is_genuine(call, signing.new_secret())


def test_the_signature_is_the_one_of_the_published_example() -> None:
    """From the test vectors of Svix, whose scheme the specification took over."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    moment = datetime.fromtimestamp(1614265330, UTC)

    headers = signing.headers_for(
        "msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}', [secret], moment
    )

    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_secrets_are_long_random_and_never_logged_by_mistake() -> None:
    made = {signing.new_secret() for _ in range(20)}

    assert len(made) == 20
    assert all(len(base64.b64decode(each.removeprefix("whsec_"))) == 32 for each in made)
    assert all(
        Webhook.__table__.columns[name].info["personal"] for name in ("secret", "former_secret")
    )
