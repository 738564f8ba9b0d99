"""What operators see holds nobody's data, whatever is sent, quoted or crashed upon."""

import json
import logging
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from gunicorn.http.errors import InvalidRequestLine
from gunicorn.workers.base import Worker
from prometheus_client import REGISTRY, generate_latest

from backend.accounts import Resident
from backend.core import telemetry
from backend.core.database import Database, insert_unless_there
from tests.conftest import Caller
from tests.core.conftest import Logged, token_of
from tests.core.small import make_small_app

CANARY = "canary-7d1f"


def metrics() -> str:
    return generate_latest(REGISTRY).decode()


def test_a_request_is_one_json_line_without_path_query_or_body(
    plain: FlaskClient, sqlite_alone: Database, logged: Logged
) -> None:
    headers = token_of(sqlite_alone)

    plain.put(f"/mine/text?lang=en&q={CANARY}", json={"text": CANARY}, headers=headers)

    (line,) = [line for line in logged.lines if line["event"] == "request"]
    assert {"method", "route", "status", "milliseconds", "caller", "trace_id", "timestamp", "level",
            "logger", "event"} == set(line)  # fmt: skip
    assert (line["method"], line["route"], line["status"]) == ("PUT", "/mine/text", 200)
    assert line["caller"] == "ResidentCaller"
    assert CANARY not in logged.text


def hostile_headers(token: Mapping[str, str]) -> dict[str, str]:
    return {
        **token,
        "User-Agent": CANARY,
        "Referer": f"https://{CANARY}.example",
        "Cookie": f"session={CANARY}",
        "X-Forwarded-For": CANARY,
        "Idempotency-Key": CANARY,
        "Accept-Language": CANARY,
        "traceparent": CANARY,
        "tracestate": f"a={CANARY}",
        "X-Request-Id": CANARY,
    }


def test_nothing_that_a_caller_sends_reaches_log_or_metrics(
    plain: FlaskClient, sqlite_alone: Database, logged: Logged
) -> None:
    token = token_of(sqlite_alone)
    headers = hostile_headers(token)
    body: Any = {"text": CANARY, "more": {CANARY: [CANARY]}, CANARY: 1}
    for path in ("/mine/text", "/mine/deeds", "/open/echo", f"/open/rows/{CANARY}/crash",
                 f"/open/rows/{CANARY}/201", f"/open/rows/{CANARY}", f"/{CANARY}",
                 f"/open/bare?lang={CANARY}", f"/mine/id?{CANARY}={CANARY}"):  # fmt: skip
        for method in ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", CANARY.upper()):
            plain.open(path, method=method, json=body, headers=headers)
            plain.open(path, method=method, headers=headers)
            plain.open(path, method=method, data=f"text={CANARY}", headers=headers)
            plain.open(path, method=method, headers={"Authorization": f"Bearer frt_{CANARY}"})

    assert len(logged.lines) > 200
    seen = (logged.text + metrics()).lower()
    assert CANARY not in seen
    assert token["Authorization"].partition(" ")[2].lower() not in seen


@pytest.mark.slow
def test_no_persons_data_reaches_log_or_metrics_on_the_whole_way_of_a_bill(
    client: FlaskClient, resident: Caller, department: Caller, logged: Logged
) -> None:
    address = {"kind": "token", "value": f"{CANARY}-address"}
    phone = {"platform": "ios", "address": address}
    bill = {"resident_id": resident.id, "bill_number": CANARY, "kind": "water",
            "amount_cents": 98765432, "due_on": "2026-12-20", "issued_on": "2026-11-20"}  # fmt: skip
    posting = {**department.headers, "Idempotency-Key": CANARY}

    replies = [
        client.put(f"/v1/devices/{CANARY}", json=phone, headers=resident.headers),
        client.post("/v1/department/bills", json=bill, headers=posting),
        client.post("/v1/department/bills", json=bill, headers=posting),
        client.get("/v1/bills", headers=resident.headers),
        client.get("/v1/messages", headers=resident.headers),
        client.get(f"/v1/services/search?q={CANARY}"),
        client.delete(f"/v1/devices/{CANARY}", headers=resident.headers),
        client.post("/v1/sessions", json={"provider": CANARY, "proof": CANARY}),
        client.post("/v1/department/token", data={"grant_type": "client_credentials",
                                                  "client_id": CANARY, "client_secret": CANARY}),
    ]  # fmt: skip

    assert [reply.status_code for reply in replies] == [200, 201, 201, 200, 200, 200, 204, 422, 401]
    seen = logged.text + client.get("/metrics").text
    for word in (CANARY, "98765432", "987,654", "陳秀英", "chan-sau-ying", resident.id,
                 resident.headers["Authorization"].partition(" ")[2],
                 department.headers["Authorization"].partition(" ")[2]):  # fmt: skip
        assert word not in seen


def test_an_error_of_the_database_is_logged_without_what_it_quotes(
    database: Database, logged: Logged
) -> None:
    row = {"id": CANARY, "provider": CANARY, "subject": CANARY, "name": CANARY, "language": "en",
           "level": None}  # fmt: skip
    try:
        with database.transaction() as db:
            insert_unless_there(db, Resident, row)
    except Exception:
        logging.getLogger("anywhere").exception("it failed")

    (line,) = logged.lines
    assert line["error"] in {"IntegrityError", "StatementError"}
    assert line["frames"]
    assert CANARY not in logged.text


def test_a_chain_of_exceptions_tells_no_message(logged: Logged) -> None:
    try:
        try:
            raise ValueError(CANARY)
        except ValueError as error:
            raise RuntimeError(CANARY) from error
    except RuntimeError as error:
        telemetry.log.error("ours", exc_info=True)
        telemetry.log.error("ours too", exc_info=error)
        logging.getLogger("theirs").error("theirs", exc_info=error)

    assert [line["error"] for line in logged.lines] == ["RuntimeError"] * 3
    assert CANARY not in logged.text


def test_what_ends_a_process_or_thread_tells_no_message(logged: Logged) -> None:
    def fail() -> None:
        raise RuntimeError(CANARY)

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    try:
        fail()
    except RuntimeError:
        kind, error, trace = sys.exc_info()
        assert kind
        assert error
        sys.excepthook(kind, error, trace)
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)

    assert [(line["event"], line["error"]) for line in logged.lines] == [
        ("uncaught", "RuntimeError")
    ] * 2
    assert CANARY not in logged.text


class LoggingWorker:
    """As much of a gunicorn worker as its own `handle_error` needs."""

    log = logging.getLogger("gunicorn.error")
    cfg = None


def test_the_servers_own_lines_quote_no_request(logged: Logged) -> None:
    class Request:
        method, uri = "GET", f"/v1/{CANARY}"

    for request, error in ((None, InvalidRequestLine(CANARY)), (Request(), RuntimeError(CANARY))):
        with suppress(AttributeError):  # past its log line it wants a socket
            Worker.handle_error(LoggingWorker(), request, None, (CANARY, 1), error)  # type: ignore[arg-type]

    assert [line["event"] for line in logged.lines] == ["Invalid request", "Error handling request"]
    assert CANARY not in logged.text


@pytest.mark.parametrize("ending", ["\r\n", "\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"],
                         ids=ascii)  # fmt: skip
def test_no_character_splits_a_log_line(logged: Logged, ending: str) -> None:
    telemetry.log.info(f"one{ending}two", field=f"{ending}{{}}")
    logging.getLogger("theirs").warning("one%stwo", ending)

    assert len(logged.text.splitlines()) == 2
    assert [json.loads(line)["event"] for line in logged.text.splitlines()] == [
        f"one{ending}two"
    ] * 2


def test_a_lone_surrogate_does_not_stop_the_log(logged: Logged) -> None:
    telemetry.log.info("\ud800")

    assert logged.text.isascii()
    assert logged.lines[0]["event"] == "\ud800"


def test_a_method_of_a_callers_making_is_no_label(plain: FlaskClient, logged: Logged) -> None:
    for number in range(20):
        plain.open("/open/bare", method=f"FROB{number}")

    assert {line["method"] for line in logged.lines} == {"(other)"}
    assert "FROB" not in metrics()
    assert 'method="(other)"' in metrics()


def test_addresses_of_a_callers_making_are_one_route(plain: FlaskClient, logged: Logged) -> None:
    for number in range(20):
        plain.get(f"/made-up-{number}")

    assert {line["route"] for line in logged.lines} == {"(no route)"}
    assert "made-up" not in metrics()


def test_a_refusal_and_a_crash_are_counted(plain: FlaskClient) -> None:
    def count(route: str, status: int) -> float:
        labels = {"method": "POST", "route": route, "status": str(status)}
        return REGISTRY.get_sample_value("ferry_http_requests_total", labels) or 0.0

    before = count("/open/echo", 422), count("/open/rows/<subject>/crash", 500)

    plain.post("/open/echo", json={})
    plain.post("/open/rows/x/crash")

    after = count("/open/echo", 422), count("/open/rows/<subject>/crash", 500)
    assert after == (before[0] + 1, before[1] + 1)


TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def test_a_callers_trace_goes_on(plain: FlaskClient, logged: Logged) -> None:
    reply = plain.get("/nowhere", headers={"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"})

    assert reply.headers["Trace-Id"] == reply.json["trace_id"] == TRACE
    assert {line["trace_id"] for line in logged.lines} == {TRACE}


@pytest.mark.parametrize(
    "traceparent",
    ["", TRACE, f"00-{TRACE}-00f067aa0ba902b7", f"00-{TRACE.upper()}-00f067aa0ba902b7-01",
     f"00-{'0' * 32}-00f067aa0ba902b7-01", f"00-{TRACE}-{'0' * 16}-01", f"ff-{TRACE}-00f067aa0ba902b7-01",
     f"00-{TRACE}-00f067aa0ba902b7-01-x", f"00-{TRACE}-00f067aa0ba902b7-01\x85", "x" * 8000,
     f"00-{'<script>alert(1)</script>'.ljust(32, 'a')}-00f067aa0ba902b7-01"],
    ids=lambda text: ascii(text[:40]),
)  # fmt: skip
def test_a_trace_that_is_none_is_replaced(plain: FlaskClient, traceparent: str) -> None:
    replies = [plain.get("/nowhere", headers={"traceparent": traceparent}) for _ in range(2)]

    ids = {reply.headers["Trace-Id"] for reply in replies}
    assert len(ids) == 2
    assert TRACE not in ids
    assert all(len(trace) == 32 and trace.isalnum() for trace in ids)


def test_outside_a_request_a_trace_is_new_each_time() -> None:
    assert telemetry.trace_id() != telemetry.trace_id()


def test_a_flask_of_ours_never_logs_the_path_of_a_crash(
    sqlite_alone: Database, logged: Logged
) -> None:
    app: Flask = make_small_app(sqlite_alone)

    app.test_client().post(f"/open/rows/{CANARY}/crash")

    assert [line["event"] for line in logged.lines] == ["a request failed", "request"]
    assert CANARY not in logged.text
