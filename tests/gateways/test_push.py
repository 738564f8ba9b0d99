"""The real firebase_admin, over real HTTP, against every answer that FCM may give."""

import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from firebase_admin import messaging

from backend.gateways.push import MOST_AT_ONCE, FirebasePush, Outcome, Result
from backend.gateways.push_message import Push
from tests.simulators.desk import PROJECT, Desk, running_fcm, wait_until

IN_TIME = 10.0
LONG_ENOUGH_TO_ASK = 2.0  # a hundred at once, on a busy machine


@pytest.fixture
def make_sender(desk: Desk, tmp_path: Path) -> Iterator[Callable[..., FirebasePush]]:
    """Make a client of its own, for a test that spoils it."""
    made = []

    def making(url: str = desk.url, **account: str) -> FirebasePush:
        sender = FirebasePush(PROJECT, desk.account(tmp_path, **account), url)
        made.append(sender)
        return sender

    yield making
    for sender in made:
        sender.close()


def push_to(address: str = "phone", **changes: Any) -> Push:
    return Push(
        **{
            "address_kind": "token",
            "address": address,
            "collapse_key": "bill_1",
            "title": "新賬單",
            "body": "Open the app.",
            "data": {"about_id": "bill_1"},
            **changes,
        }
    )


def test_a_push_arrives_as_it_was_meant_under_one_collapse_key_everywhere(
    desk: Desk, sender: FirebasePush
) -> None:
    results = sender.send([push_to()], IN_TIME)

    assert results == [Result(Outcome.SENT)]
    [line] = desk.accepted()
    message = line["message"]
    assert line["project"] == PROJECT
    assert message["token"] == "phone"
    assert message["notification"] == {"title": "新賬單", "body": "Open the app."}
    assert message["data"] == {"about_id": "bill_1"}
    assert message["android"]["collapse_key"] == "bill_1"
    assert message["android"]["notification"] == {"tag": "bill_1", "visibility": "PRIVATE"}
    assert message["apns"]["headers"] == {"apns-collapse-id": "bill_1"}
    assert message["webpush"]["notification"] == {"tag": "bill_1"}


def test_a_push_is_thrown_away_by_everybody_when_its_time_is_over(
    desk: Desk, sender: FirebasePush
) -> None:
    over = datetime(2026, 12, 1, tzinfo=UTC)

    sender.send([push_to(expires_at=over, ttl_seconds=3600)], IN_TIME)

    [line] = desk.accepted()
    assert line["message"]["android"]["ttl"] == "3600s"
    assert line["message"]["apns"]["headers"]["apns-expiration"] == str(int(over.timestamp()))
    assert line["message"]["webpush"]["headers"]["TTL"] == "3600"


@pytest.mark.parametrize(("is_urgent", "shown"), [(True, "high"), (False, "normal")])
def test_only_what_is_urgent_wakes_a_phone(
    desk: Desk, sender: FirebasePush, is_urgent: bool, shown: str
) -> None:
    sender.send([push_to(is_urgent=is_urgent)], IN_TIME)

    [line] = desk.accepted()
    assert line["message"]["android"]["priority"] == shown
    assert line["message"]["webpush"]["headers"]["Urgency"] == shown


@pytest.mark.parametrize("status", [429, 503])
def test_a_storm_in_the_midst_of_a_batch_stops_the_batch(
    desk: Desk, sender: FirebasePush, status: int
) -> None:
    desk.answer(*[{}] * 30, *[{"status": status, "retry_after": 60}] * 1000)

    results = sender.send([push_to(f"phone-{number}") for number in range(600)], IN_TIME)

    outcomes = Counter(result.outcome for result in results)
    assert outcomes[Outcome.SENT] == 30
    assert len(desk.lines()) <= 30 + 2 * MOST_AT_ONCE
    assert outcomes[Outcome.UNTRIED] == 600 - len(desk.lines())
    assert sender.quiet_seconds() >= 59


def test_what_is_odd_about_most_of_a_crowd_is_no_fault_of_any_push(
    desk: Desk, sender: FirebasePush
) -> None:
    desk.answer(*[{"status": 403}] * 12)

    results = sender.send([push_to(f"phone-{number}") for number in range(12)], IN_TIME)

    assert {result.outcome for result in results} == {Outcome.TRY_LATER}
    assert sender.quiet_seconds() > 0


def test_an_installation_id_is_addressed_as_one(desk: Desk, sender: FirebasePush) -> None:
    sender.send([push_to("installation", address_kind="fid")], IN_TIME)

    assert [line["message"]["fid"] for line in desk.accepted()] == ["installation"]


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        ({"status": 404}, Result(Outcome.DEVICE_GONE, "UnregisteredError")),
        ({"status": 403}, Result(Outcome.ODD, "SenderIdMismatchError")),
        ({"status": 400}, Result(Outcome.REFUSED, "InvalidArgumentError")),
        ({"status": 429}, Result(Outcome.TRY_LATER, "QuotaExceededError")),
        ({"status": 429, "retry_after": 7}, Result(Outcome.TRY_LATER, "QuotaExceededError", 7)),
        ({"status": 503, "retry_after": 9}, Result(Outcome.TRY_LATER, "UnavailableError", 9)),
        ({"status": 503, "retry_after": "²"}, Result(Outcome.TRY_LATER, "UnavailableError")),
        ({"status": 503, "retry_after": "soon"}, Result(Outcome.TRY_LATER, "UnavailableError")),
        ({"status": 500}, Result(Outcome.TRY_LATER, "InternalError")),
        ({"status": 502, "body": "<html>"}, Result(Outcome.TRY_LATER, "UnknownError")),
        ({"status": 503, "body": '{"error": "x"}'}, Result(Outcome.TRY_LATER, "UnknownError")),
        ({"status": 404, "error_code": ""}, Result(Outcome.ODD, "NotFoundError")),
        ({"status": 401}, Result(Outcome.UNTRIED, "ThirdPartyAuthError", 300)),
        ({"body": "<html>"}, Result(Outcome.TRY_LATER, "UnknownError")),
        ({"body": "{}"}, Result(Outcome.ODD, "an answer without a name")),
        ({"lose": "request"}, Result(Outcome.TRY_LATER, "UnknownError")),
        ({"lose": "answer"}, Result(Outcome.TRY_LATER, "UnknownError")),
    ],
)
def test_each_answer_has_its_outcome_and_leaves_the_neighbours_alone(
    desk: Desk, sender: FirebasePush, answer: dict[str, Any], result: Result
) -> None:
    # FCM's 401 is answered by signing in again, twice; the third one stands.
    desk.answer(*[answer] * (3 if answer.get("status") == 401 else 1), address="phone")

    results = sender.send([push_to("before"), push_to("phone"), push_to("after")], IN_TIME)

    assert results == [Result(Outcome.SENT), result, Result(Outcome.SENT)]
    assert sender.quiet_seconds() == 0


def test_a_retry_after_may_be_a_date(desk: Desk, sender: FirebasePush) -> None:
    moment = datetime.now(UTC) + timedelta(seconds=100)
    desk.answer({"status": 429, "retry_after": format_datetime(moment, usegmt=True)})

    [result] = sender.send([push_to()], IN_TIME)

    assert result.retry_after_seconds is not None
    assert 90 < result.retry_after_seconds <= 100


@pytest.mark.parametrize("status", [500, 503])
def test_what_fcm_turns_away_is_not_sent_again_behind_our_back(
    desk: Desk, sender: FirebasePush, status: int
) -> None:
    desk.answer({"status": status, "retry_after": 30})

    sender.send([push_to()], IN_TIME)

    assert [line["outcome"] for line in desk.lines()] == ["refused"]


def test_a_large_batch_keeps_its_order(desk: Desk, sender: FirebasePush) -> None:
    addresses = [f"phone-{number}" for number in range(40)]
    for address in addresses[::3]:
        desk.answer({"status": 404, "delay_seconds": 0.02}, address=address)

    results = sender.send([push_to(address) for address in addresses], IN_TIME)

    gone = [a for a, r in zip(addresses, results, strict=True) if r.outcome is Outcome.DEVICE_GONE]
    assert gone == addresses[::3]
    assert sorted(desk.addresses()) == sorted(set(addresses) - set(gone))


def test_nothing_to_send_asks_nobody(desk: Desk, sender: FirebasePush) -> None:
    assert sender.send([], IN_TIME) == []
    assert desk.lines() == []


@pytest.mark.slow
def test_what_is_not_answered_in_time_is_to_be_tried_later(
    desk: Desk, sender: FirebasePush
) -> None:
    desk.answer({"hold": True}, address="slow")

    results = sender.send([push_to("slow"), push_to("quick")], 0.3)
    desk.release()

    assert results == [Result(Outcome.TRY_LATER, "no answer in time"), Result(Outcome.SENT)]
    assert sender.send([push_to("next")], IN_TIME) == [Result(Outcome.SENT)]


@pytest.mark.slow
def test_what_had_no_turn_in_time_counts_as_untried(desk: Desk, sender: FirebasePush) -> None:
    desk.answer(*[{"hold": True}] * MOST_AT_ONCE)

    results = sender.send(
        [push_to(f"phone-{n}") for n in range(MOST_AT_ONCE + 3)], LONG_ENOUGH_TO_ASK
    )
    desk.release()
    wait_until(lambda: len(desk.lines()) == MOST_AT_ONCE)  # or they arrive in the next test's log

    outcomes = [result.outcome for result in results]
    assert outcomes == [Outcome.TRY_LATER] * MOST_AT_ONCE + [Outcome.UNTRIED] * 3
    assert sender.quiet_seconds() > 0


@pytest.mark.parametrize(
    "changes", [{"address_kind": "topic"}, {"title": 7}, {"data": {"a": 1}}, {"address": ""}]
)
def test_a_push_that_the_sdk_will_not_make_takes_no_other_with_it(
    desk: Desk, sender: FirebasePush, changes: dict[str, Any]
) -> None:
    results = sender.send([push_to(**changes), push_to("fine")], IN_TIME)

    assert [result.outcome for result in results] == [Outcome.REFUSED, Outcome.SENT]
    assert desk.addresses() == ["fine"]


def test_a_crowd_that_is_turned_away_silences_us_for_as_long_as_fcm_asks(
    desk: Desk, sender: FirebasePush
) -> None:
    desk.answer(*[{"status": 429, "retry_after": 60}] * 12)

    sender.send([push_to(f"phone-{number}") for number in range(12)], IN_TIME)

    assert 59 < sender.quiet_seconds() <= 90
    results = sender.send([push_to()], IN_TIME)
    assert [result.outcome for result in results] == [Outcome.UNTRIED]
    assert len(desk.lines()) == 12


def test_a_few_that_are_turned_away_silence_nobody(desk: Desk, sender: FirebasePush) -> None:
    desk.answer(*[{"status": 429, "retry_after": 60}] * 9)

    sender.send([push_to(f"phone-{number}") for number in range(9)], IN_TIME)

    assert sender.quiet_seconds() == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    "answer",
    [
        {"status": 401},
        {"status": 403, "body": "<html>"},
        {"body": "garbage"},
        {"body": '"a string"'},
        {"body": "{}"},
        {"body": '{"access_token": "x", "expires_in": "never"}'},
    ],
)
def test_a_sign_in_that_fails_is_found_before_any_push(
    desk: Desk, make_sender: Callable[..., FirebasePush], answer: dict[str, Any]
) -> None:
    sender = make_sender()
    desk.answer(answer, address="/token")

    first = sender.quiet_seconds()

    assert 2 <= first <= 3
    sender.quiet_until = 0.0
    assert sender.quiet_seconds() == 0
    assert sender.send([push_to()], IN_TIME) == [Result(Outcome.SENT)]


@pytest.mark.slow
def test_a_token_endpoint_that_is_away_is_asked_less_and_less(
    make_sender: Callable[..., FirebasePush], tmp_path: Path
) -> None:
    with running_fcm(tmp_path / "gone.log") as gone:
        pass
    sender = make_sender(token_uri=f"{gone.url}/token")

    silences = []
    for _ in range(10):
        sender.quiet_until = 0.0
        silences.append(sender.quiet_seconds())

    assert all(2 * 2**n <= seconds <= 3 * 2**n for n, seconds in enumerate(silences[:7]))
    assert all(300 <= seconds <= 450 for seconds in silences[8:])


@pytest.mark.slow
def test_a_token_that_fcm_no_longer_takes_is_renewed(
    desk: Desk, make_sender: Callable[..., FirebasePush]
) -> None:
    sender = make_sender()
    sender.quiet_seconds()
    sender.credential.token = "revoked"

    assert sender.send([push_to()], IN_TIME) == [Result(Outcome.SENT)]


@pytest.mark.slow
def test_an_account_that_fcm_does_not_take_leaves_all_untried_and_falls_silent(
    desk: Desk, make_sender: Callable[..., FirebasePush]
) -> None:
    sender = make_sender(client_email="simulated@another-project.invalid")

    results = sender.send([push_to(f"phone-{number}") for number in range(3)], IN_TIME)

    assert [result.outcome for result in results] == [Outcome.UNTRIED] * 3
    assert sender.quiet_seconds() > 0
    assert desk.accepted() == []


@pytest.mark.slow
def test_a_sign_in_that_breaks_in_the_midst_of_a_batch_leaves_all_untried(
    desk: Desk, make_sender: Callable[..., FirebasePush]
) -> None:
    sender = make_sender()
    sender.quiet_seconds()
    sender.credential.token = "revoked"
    desk.answer(*[{"status": 401}] * 3, address="/token")

    results = sender.send([push_to(f"phone-{number}") for number in range(3)], IN_TIME)

    assert [result.outcome for result in results] == [Outcome.UNTRIED] * 3
    assert sender.quiet_seconds() > 0
    assert desk.accepted() == []


@pytest.mark.slow
def test_a_partner_that_is_away_is_tried_later(
    make_sender: Callable[..., FirebasePush], tmp_path: Path
) -> None:
    with running_fcm(tmp_path / "gone.log") as gone:
        pass
    sender = make_sender(gone.url)

    [result] = sender.send([push_to()], IN_TIME)

    assert result == Result(Outcome.TRY_LATER, "UnavailableError")


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://fcm.example",
        "http://10.0.0.1:9099",
        "http://127.0.0.1@fcm.example",
        "http://127.0.0.1.fcm.example",
        "127.0.0.1:9099",
        "http://[::2]:9099",
    ],
)
def test_a_simulator_anywhere_but_on_this_machine_is_refused(
    desk: Desk, tmp_path: Path, endpoint: str
) -> None:
    with pytest.raises(ValueError, match="not on this machine"):
        FirebasePush(PROJECT, desk.account(tmp_path), endpoint)


def test_only_the_warning_about_tokens_is_silenced(desk: Desk, sender: FirebasePush) -> None:
    with pytest.warns(DeprecationWarning, match=r"Message\.token is deprecated"):
        messaging.Message(token="phone")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert sender.send([push_to()], IN_TIME) == [Result(Outcome.SENT)]


@pytest.mark.slow
def test_without_a_simulator_pushes_go_to_google_and_nowhere_else(
    desk: Desk, tmp_path: Path
) -> None:
    sender = FirebasePush(PROJECT, desk.account(tmp_path))

    assert sender.service._fcm_url == (
        f"https://fcm.googleapis.com/v1/projects/{PROJECT}/messages:send"
    )
    sender.close()


@pytest.mark.slow
def test_the_private_names_of_the_sdk_that_we_lean_on_are_still_there(
    make_sender: Callable[..., FirebasePush],
) -> None:
    """An upgrade of firebase_admin that moves one of them must fail here, and not in the night."""
    sender = make_sender()

    service = sender.service
    assert isinstance(service, messaging._MessagingService)
    assert service is messaging._get_messaging_service(sender.app)
    plain = messaging._MessagingService(sender.app)
    assert type(plain._async_client) is type(service._async_client)
    assert plain._fcm_url.startswith("https://fcm.googleapis.com/")
    assert plain._async_client._retry_config.retries_left == 4
    assert service._async_client._retry_config.retries_left == 0
    assert callable(plain._handle_fcm_httpx_error)
    assert plain._message_data(messaging.Message(topic="t"), False)["message"] == {"topic": "t"}
    assert "X-FIREBASE-CLIENT" in plain._fcm_headers
