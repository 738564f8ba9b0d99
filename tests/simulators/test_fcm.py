"""The FCM simulator says what FCM's reference says, and its log tells the truth."""

import base64
import http.client
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from backend.simulators.fcm import make_fcm
from tests.simulators.desk import PROJECT, running_fcm, wait_until

SEND = f"/v1/projects/{PROJECT}/messages:send"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
FCM_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "fcm.log"


@pytest.fixture
def fcm(log: Path) -> Client:
    return make_fcm(log).test_client()


@pytest.fixture
def send(fcm: Client) -> Callable[..., TestResponse]:
    """Send a message, signed in."""
    headers = {"Authorization": f"Bearer {sign_in(fcm)}"}

    def sending(message: Any, path: str = SEND, **beside: Any) -> TestResponse:
        return fcm.post(path, json={"message": message, **beside}, headers=headers)

    return sending


def assertion(project: str = PROJECT) -> str:
    """An assertion as firebase_admin makes it, of which only the claims are looked at."""
    claims = json.dumps({"iss": f"simulated@{project}.invalid"}).encode()
    return f"e30.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.sig"


def sign_in(fcm: Client) -> str:
    form = {"grant_type": JWT_BEARER, "assertion": assertion()}
    token: str = fcm.post("/token", data=form).json["access_token"]
    return token


def script(fcm: Client, *answers: dict[str, Any], address: str = "*") -> None:
    fcm.post("/control", json={"address": address, "answers": answers})


def lines(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines()]


def test_a_sound_push_is_accepted_by_name_and_logged(
    send: Callable[..., TestResponse], log: Path
) -> None:
    reply = send({"token": "phone", "notification": {"title": "你好"}})

    assert reply.status_code == 200
    assert reply.json["name"].startswith(f"projects/{PROJECT}/messages/")
    [line] = lines(log)
    assert (line["outcome"], line["address"]) == ("accepted", "phone")
    assert line["name"] == reply.json["name"]
    assert line["message"]["notification"]["title"] == "你好"


@pytest.mark.parametrize("target", ["token", "fid", "topic", "condition"])
def test_each_kind_of_target_is_known(send: Callable[..., TestResponse], target: str) -> None:
    assert send({target: "somewhere"}).status_code == 200


def test_a_rehearsal_is_checked_and_reaches_nobody(
    send: Callable[..., TestResponse], log: Path
) -> None:
    reply = send({"token": "phone"}, validate_only=True)

    assert reply.json == {"name": f"projects/{PROJECT}/messages/fake_message_id"}
    assert lines(log) == []
    assert send({}, validate_only=True).status_code == 400


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (None, "message"),
        ("phone", "message"),
        ([], "message"),
        ({}, "message"),
        ({"notification": {"title": "to nobody"}}, "message"),
        ({"token": "a", "fid": "b"}, "message"),
        ({"token": ""}, "message.token"),
        ({"token": 7}, "message.token"),
        ({"token": "a", "data": {"n": 7}}, "message.data[0].value"),
        ({"token": "a", "data": {"fine": "x", "from": "x"}}, "message.data[1].key"),
        ({"token": "a", "data": {"google.x": "x"}}, "message.data[0].key"),
        ({"token": "a", "data": []}, "message.data"),
        ({"token": "a", "notification": "x"}, "message.notification"),
        ({"token": "a", "notification": {"titel": "x"}}, "message.notification"),
        ({"token": "a", "colapse_key": "x"}, "message"),
        ({"token": "a", "android": {"tag": "x"}}, "message.android"),
    ],
)
def test_a_wrong_message_is_refused_and_logged(
    send: Callable[..., TestResponse], log: Path, message: Any, field: str
) -> None:
    reply = send(message)

    assert reply.status_code == 400
    error = reply.json["error"]
    assert (error["code"], error["status"]) == (400, "INVALID_ARGUMENT")
    fcm_error, bad_request = error["details"]
    assert fcm_error == {"@type": FCM_ERROR, "errorCode": "INVALID_ARGUMENT"}
    assert [each["field"] for each in bad_request["fieldViolations"]] == [field]
    assert [line["outcome"] for line in lines(log)] == ["refused"]


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"null", b"\xff"])
def test_a_body_that_is_no_message_is_refused(fcm: Client, body: bytes) -> None:
    reply = fcm.post(SEND, data=body, headers={"Authorization": f"Bearer {sign_in(fcm)}"})

    assert (reply.status_code, reply.json["error"]["status"]) == (400, "INVALID_ARGUMENT")


@pytest.mark.parametrize(
    ("target", "size", "status"),
    [("token", 4096, 200), ("token", 4097, 400), ("topic", 2048, 200), ("topic", 2049, 400)],
)
def test_a_payload_may_weigh_so_much_and_no_byte_more(
    send: Callable[..., TestResponse], target: str, size: int, status: int
) -> None:
    keys_and_title = len("title" + "你好" + "k") + 4
    message = {
        target: "phone",
        "notification": {"title": "你好"},
        "data": {"k": "x" * (size - keys_and_title)},
    }

    assert send(message).status_code == status


def test_a_sender_without_a_token_of_ours_is_refused(fcm: Client, log: Path) -> None:
    headers = {"Authorization": "Bearer stolen"}

    reply = fcm.post(SEND, json={"message": {"token": "a"}}, headers=headers)

    assert (reply.status_code, reply.json["error"]["status"]) == (401, "UNAUTHENTICATED")
    assert "details" not in reply.json["error"]
    assert [line["outcome"] for line in lines(log)] == ["refused"]


def test_the_account_of_one_project_may_not_push_for_another(
    send: Callable[..., TestResponse],
) -> None:
    reply = send({"token": "a"}, path="/v1/projects/another/messages:send")

    assert (reply.status_code, reply.json["error"]["status"]) == (403, "PERMISSION_DENIED")


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"grant_type": "password", "assertion": assertion()},
        {"grant_type": JWT_BEARER, "assertion": "garbage"},
        {"grant_type": JWT_BEARER, "assertion": "a.b.c"},
    ],
)
def test_a_token_is_given_for_a_signed_assertion_alone(fcm: Client, form: dict[str, str]) -> None:
    reply = fcm.post("/token", data=form)

    assert (reply.status_code, reply.json) == (400, {"error": "invalid_grant"})


@pytest.mark.parametrize(
    ("status", "word", "code"),
    [
        (400, "INVALID_ARGUMENT", "INVALID_ARGUMENT"),
        (401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR"),
        (403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH"),
        (404, "NOT_FOUND", "UNREGISTERED"),
        (429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED"),
        (500, "INTERNAL", "INTERNAL"),
        (503, "UNAVAILABLE", "UNAVAILABLE"),
    ],
)
def test_a_scripted_refusal_has_fcms_own_shape(
    fcm: Client,
    send: Callable[..., TestResponse],
    log: Path,
    status: int,
    word: str,
    code: str,
) -> None:
    script(fcm, {"status": status, "retry_after": 30})

    reply = send({"token": "phone"})

    assert (reply.status_code, reply.headers["Retry-After"]) == (status, "30")
    error = reply.json["error"]
    assert (error["code"], error["status"]) == (status, word)
    assert error["details"] == [{"@type": FCM_ERROR, "errorCode": code}]
    assert [(line["outcome"], line["error"]) for line in lines(log)] == [("refused", code)]


def test_answers_are_used_in_turn_and_an_address_has_its_own(
    fcm: Client, send: Callable[..., TestResponse]
) -> None:
    script(fcm, {"status": 503}, {"status": 429})
    script(fcm, {"status": 404}, address="phone")

    statuses = [
        send({"token": each}).status_code for each in ("phone", "tablet", "phone", "tablet")
    ]

    assert statuses == [404, 503, 429, 200]


def test_an_answer_that_nobody_knows_is_not_taken_into_the_script(
    fcm: Client, send: Callable[..., TestResponse]
) -> None:
    refused = fcm.post("/control", json={"answers": [{"status": 404}, {"statsu": 404}]})

    assert refused.status_code == 400
    assert "statsu" in refused.json["error"]
    assert send({"token": "phone"}).status_code == 200


def test_the_log_goes_on_where_it_was_after_a_restart(
    send: Callable[..., TestResponse], log: Path
) -> None:
    send({"token": "before"})
    again = make_fcm(log).test_client()

    again.post(
        SEND,
        json={"message": {"token": "after"}},
        headers={"Authorization": f"Bearer {sign_in(again)}"},
    )

    assert [line["address"] for line in lines(log)] == ["before", "after"]
    assert again.get("/log").text == log.read_text()


def test_a_token_does_not_outlive_the_simulator(fcm: Client, log: Path) -> None:
    token = sign_in(fcm)
    again = make_fcm(log).test_client()

    headers = {"Authorization": f"Bearer {token}"}

    assert again.post(SEND, json={"message": {"token": "a"}}, headers=headers).status_code == 401


@pytest.mark.parametrize(("lost", "accepted"), [("request", []), ("answer", ["phone"])])
def test_a_request_or_only_its_answer_may_get_lost(
    log: Path, lost: str, accepted: list[str]
) -> None:
    with running_fcm(log) as desk:
        port = int(desk.url.rpartition(":")[2])
        desk.answer({"lose": lost})
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        form = f"grant_type={JWT_BEARER}&assertion={assertion()}"
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", "/token", form, headers)
        token = json.load(connection.getresponse())["access_token"]

        connection.request(
            "POST",
            SEND,
            json.dumps({"message": {"token": "phone"}}),
            {"Authorization": f"Bearer {token}"},
        )
        with pytest.raises(http.client.HTTPException):
            connection.getresponse()
        connection.close()

        assert desk.addresses() == accepted


@pytest.mark.slow
@pytest.mark.processes
def test_a_killed_simulator_has_kept_every_line(log: Path) -> None:
    with running_fcm(log) as spare:
        port = spare.url.rpartition(":")[2]
    command = [sys.executable, "-m", "backend.simulators.fcm", "--port", port, "--log", str(log)]
    process = subprocess.Popen(command)
    try:
        connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=5)
        wait_until(lambda: is_up(connection))
        connection.request("POST", SEND, "{}")
        assert connection.getresponse().status == 401
    finally:
        process.kill()
        process.wait()
        connection.close()

    assert [line["status"] for line in lines(log)] == [401]


def is_up(connection: http.client.HTTPConnection) -> bool:
    try:
        connection.request("GET", "/log")
        return connection.getresponse().read() == b""
    except OSError:
        return False
    finally:
        connection.close()
