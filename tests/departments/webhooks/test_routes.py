"""A department sets its address, reads its events and has them told again, over the API."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from backend.core import clock
from backend.core.database import Database
from backend.core.settings import Settings, Stage
from backend.departments import EventType, tell_department
from tests.conftest import Caller
from tests.core.problems import assert_problem
from tests.core.together import together

WEBHOOK, EVENTS = "/v1/department/webhook", "/v1/department/events"
HOOK = "https://hooks.example/ferry"


@pytest.fixture
def other(make_department: Callable[[str, frozenset[str]], Caller]) -> Caller:
    return make_department("RVD", frozenset({"bills"}))


def put(client: FlaskClient, department: Caller, url: Any = HOOK) -> Any:
    return client.put(WEBHOOK, json={"url": url}, headers=department.headers)


def post(client: FlaskClient, department: Caller, path: str, key: str = "k", **more: Any) -> Any:
    headers = {**department.headers, "Idempotency-Key": key}
    return client.post(path, headers=headers, **more)


def happened(database: Database, department: str = "WSD", count: int = 1) -> None:
    with database.transaction() as db:
        for number in range(count):
            about = f"{department}-{number}"
            kind = EventType.BILL_PAID
            data = {"bill_number": about}
            tell_department(db, department, kind, about_id=about, data=data, now=clock.now())


def events(client: FlaskClient, department: Caller, query: str = "") -> Any:
    reply = client.get(f"{EVENTS}?{query}", headers=department.headers)
    assert reply.status_code == 200, reply.text
    return reply.json


def test_the_secret_is_shown_once(client: FlaskClient, department: Caller) -> None:
    made = put(client, department)
    read = client.get(WEBHOOK, headers=department.headers)
    moved = put(client, department, "https://hooks.example/new")

    assert [made.status_code, read.status_code, moved.status_code] == [201, 200, 200]
    assert set(made.json) == {
        *("url", "secret", "created_at", "former_secret_until", "stopped_at"),
    }
    assert made.json["secret"].startswith("whsec_")
    assert read.json["secret"] is moved.json["secret"] is None
    assert moved.json["url"] == "https://hooks.example/new"
    assert moved.json["created_at"] == made.json["created_at"]


def test_many_first_addresses_at_once_make_one_secret(app: Flask, department: Caller) -> None:
    replies = together(4, lambda number: put(app.test_client(), department, f"{HOOK}/{number}"))

    assert sorted(reply.status_code for reply in replies) == [200, 200, 200, 201]
    assert len([reply for reply in replies if reply.json["secret"]]) == 1


@pytest.mark.parametrize(
    "url",
    [
        *("http://hooks.example/", "ftp://hooks.example/", "hooks.example", "//hooks.example"),
        *("https://10.0.0.1/", "https://[::ffff:10.0.0.1]/", "https://169.254.169.254/latest"),
        *("https://user:secret@hooks.example/", "https://hooks.example/#x", "https://x:0/"),
        *("https://hooks.example/ x", "https://hooks.example/\r\nX: y", "https://鉤.example/"),
        *("javascript:alert(1)", "file:///etc/passwd", "https://" + "a" * 492, "https://[::1"),
    ],
)
def test_an_address_that_cannot_be_called_is_refused(
    client: FlaskClient, department: Caller, settings: Settings, app: Flask, url: str
) -> None:
    app.extensions["settings"] = production(settings)

    reply = put(client, department, url)

    assert_problem(reply, 422, "webhook_address_wrong")
    assert client.get(WEBHOOK, headers=department.headers).status_code == 404


def production(settings: Settings) -> Settings:
    """The same settings outside a demo, as far as the routes ask."""
    return Settings(**{**settings.__dict__, "stage": Stage.PRODUCTION})


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/x", "https://127.0.0.1/", "https://[::1]/"])
def test_only_a_demo_may_be_called_at_home(
    client: FlaskClient, department: Caller, settings: Settings, app: Flask, url: str
) -> None:
    assert put(client, department, url).status_code == 201

    app.extensions["settings"] = production(settings)

    assert_problem(put(client, department, url), 422, "webhook_address_wrong")


@pytest.mark.parametrize(
    "url",
    [
        *("http://hooks.example/", "http://1.1.1.1/", "http://10.0.0.1/", "http://[2001:db8::1]/"),
        *("http://localhost.example/", "http://xlocalhost/", "http://127.0.0.1.example/"),
        *("http://127.1/", "http://2130706433/", "http://0x7f000001/"),
    ],
)
def test_a_demo_too_refuses_what_would_be_called_without_tls_elsewhere(
    client: FlaskClient, department: Caller, url: str
) -> None:
    assert_problem(put(client, department, url), 422, "webhook_address_wrong")


@pytest.mark.parametrize(
    "url",
    ["http://localhost:9/x", "http://Hooks.LOCALHOST/", "http://[::1]:9/", "http://127.0.0.2/"],
)
def test_a_demo_may_be_called_at_home_by_any_name(
    client: FlaskClient, department: Caller, url: str
) -> None:
    assert put(client, department, url).status_code == 201


@pytest.mark.parametrize("url", [None, 7, [], {}, "", "x" * 501, "https://a\x00b/"])
def test_an_address_that_is_no_text_is_refused(
    client: FlaskClient, department: Caller, url: Any
) -> None:
    assert put(client, department, url).status_code in (400, 422)


def test_without_an_address_there_is_nothing_to_see_or_try(
    client: FlaskClient, department: Caller
) -> None:
    since = {"since": "2026-01-01T00:00:00Z"}
    for reply in (
        client.get(WEBHOOK, headers=department.headers),
        client.delete(WEBHOOK, headers=department.headers),
        post(client, department, f"{WEBHOOK}/secret"),
        post(client, department, f"{WEBHOOK}/test"),
        client.post(f"{EVENTS}/replay", json=since, headers=department.headers),
    ):
        assert_problem(reply, 404, "webhook_not_set")


def test_a_removed_address_is_forgotten_with_its_secret(
    client: FlaskClient, department: Caller
) -> None:
    first = put(client, department).json["secret"]

    removed = client.delete(WEBHOOK, headers=department.headers)
    anew = put(client, department)

    assert removed.status_code == 204
    assert anew.status_code == 201
    assert anew.json["secret"] not in (None, first)


def test_a_secret_is_changed_once_by_each_key(client: FlaskClient, department: Caller) -> None:
    first = put(client, department).json["secret"]

    changed = post(client, department, f"{WEBHOOK}/secret", "one")
    repeated = post(client, department, f"{WEBHOOK}/secret", "one")
    keyless = client.post(f"{WEBHOOK}/secret", headers=department.headers)

    assert changed.status_code == repeated.status_code == 201
    assert changed.json == repeated.json
    assert changed.json["secret"] != first
    assert changed.json["former_secret_until"]
    assert_problem(keyless, 400, "idempotency_key_missing")


def test_a_test_is_queued_and_can_be_read(client: FlaskClient, department: Caller) -> None:
    put(client, department)

    queued = post(client, department, f"{WEBHOOK}/test")
    again = post(client, department, f"{WEBHOOK}/test")
    read = client.get(f"{EVENTS}/{queued.json['id']}", headers=department.headers)

    assert queued.status_code == 201
    assert again.json == queued.json == read.json
    assert (queued.json["type"], queued.json["state"]) == ("ping", "waiting")
    assert len(events(client, department)["items"]) == 1


def test_events_are_listed_newest_first_in_pages_and_by_kind(
    client: FlaskClient, department: Caller, database: Database
) -> None:
    happened(database, count=5)
    put(client, department)
    post(client, department, f"{WEBHOOK}/test")

    pages, path = [], f"{EVENTS}?type=bill.paid&state=waiting&limit=2"
    while path:
        pages.append(client.get(path, headers=department.headers).json)
        path = pages[-1]["next"]

    found = [each["data"]["bill_number"] for page in pages for each in page["items"]]
    assert sorted(found) == [f"WSD-{number}" for number in range(5)]
    ids = [each["id"] for page in pages for each in page["items"]]
    assert ids == sorted(ids, reverse=True)
    assert [each["type"] for each in events(client, department, "type=ping")["items"]] == ["ping"]
    assert events(client, department, "state=told")["items"] == []


@pytest.mark.parametrize("query", ["type=nothing", "state=claimed", "cursor=x", "limit=0", "x=1"])
def test_an_odd_question_about_events_is_refused(
    client: FlaskClient, department: Caller, query: str
) -> None:
    reply = client.get(f"{EVENTS}?{query}", headers=department.headers)

    assert reply.status_code == 422


def test_another_departments_events_and_address_are_not_there(
    client: FlaskClient, department: Caller, other: Caller, database: Database
) -> None:
    put(client, department)
    put(client, other)
    happened(database)
    [mine] = events(client, department)["items"]

    foreign = client.get(f"{EVENTS}/{mine['id']}", headers=other.headers)
    missing = client.get(f"{EVENTS}/{mine['id'][:-5]}00000", headers=other.headers)
    replay = client.post(f"{EVENTS}/{mine['id']}/replay", headers=other.headers)
    since = {"since": "2000-01-01T00:00:00Z"}
    all_again = client.post(f"{EVENTS}/replay", json=since, headers=other.headers)

    for reply in (foreign, missing, replay):
        assert_problem(reply, 404, "event_not_found")
    assert len(foreign.data) == len(missing.data)
    assert all_again.json == {"count": 0}
    assert events(client, other)["items"] == []


def test_an_event_that_waits_is_left_as_it_stands_by_a_replay(
    client: FlaskClient, department: Caller, database: Database
) -> None:
    put(client, department)
    happened(database)
    [event] = events(client, department)["items"]

    replayed = client.post(f"{EVENTS}/{event['id']}/replay", headers=department.headers)

    assert replayed.status_code == 200
    assert replayed.json == event


@pytest.mark.parametrize(
    "since",
    [
        *("2026-11-23", "2026-11-23T00:00:00", "yesterday", "", None, 5, []),
        *("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "1999-12-31T00:00:00Z"),
    ],
)
def test_a_moment_without_zone_or_out_of_all_measure_is_refused(
    client: FlaskClient, department: Caller, since: Any
) -> None:
    put(client, department)

    reply = client.post(f"{EVENTS}/replay", json={"since": since}, headers=department.headers)

    assert reply.status_code == 422
