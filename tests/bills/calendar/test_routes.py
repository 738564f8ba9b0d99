"""The calendar of due dates: its secret address, and what stands in it."""

from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from icalendar import Calendar, Event
from sqlalchemy import select

from backend.accounts import Resident
from backend.bills.calendar.models import CalendarFeed
from backend.core import clock
from backend.core.database import Database
from tests.bills.linking.village import Village
from tests.conftest import Caller
from tests.core.together import together

SECRETS = ("418", "W-SECRET", "123456789", "Chan", "Water Supplies")


@pytest.fixture
def village(client: FlaskClient, database: Database) -> Village:
    return Village(client, database)


def open_calendar(client: FlaskClient, caller: Caller) -> str:
    """Give a caller's calendar an address; return its path."""
    reply = client.post("/v1/calendar", headers=caller.headers)
    assert reply.status_code == 201
    assert set(reply.json) == {"url"}
    return urlsplit(reply.json["url"]).path


def events_of(client: FlaskClient, path: str) -> list[Event]:
    """Read a calendar back as a calendar app does."""
    reply = client.get(path)
    assert reply.status_code == 200
    return list(Calendar.from_ical(reply.data).walk("VEVENT"))


def test_an_open_bill_is_an_all_day_event(
    client: FlaskClient, village: Village, resident: Caller
) -> None:
    bill_id = village.bill(resident_id=resident.id, due_on=date(2026, 12, 20))

    reply = client.get(open_calendar(client, resident) + "?lang=en")

    assert reply.mimetype == "text/calendar"
    calendar = Calendar.from_ical(reply.data)
    assert (calendar["version"], calendar["prodid"]) == ("2.0", "-//Ferry//Bills due//EN")
    (event,) = calendar.walk("VEVENT")
    assert event["uid"] == bill_id
    assert event.decoded("dtstart") == date(2026, 12, 20)
    assert event["dtstart"].params["VALUE"] == "DATE"
    assert "dtend" not in event
    assert event["summary"] == "Water and sewage charges due"
    assert event.decoded("sequence") == 0
    with village.database.transaction(read_only=True) as db:
        created_at = db.scalars(select(CalendarFeed.created_at)).one()
    assert event.decoded("dtstamp") <= created_at


def test_the_reminder_comes_two_days_before_in_the_morning(
    client: FlaskClient, village: Village, resident: Caller
) -> None:
    village.bill(resident_id=resident.id, due_on=date(2026, 12, 20))

    (event,) = events_of(client, open_calendar(client, resident))

    (alarm,) = event.walk("VALARM")
    begins = datetime(2026, 12, 20)  # noqa: DTZ001  # a day's event begins wherever its reader is
    assert begins + alarm.decoded("trigger") == datetime(2026, 12, 18, 9)  # noqa: DTZ001
    assert (alarm["action"], alarm["description"]) == ("DISPLAY", event["summary"])


def test_lines_end_as_the_standard_asks(
    client: FlaskClient, village: Village, resident: Caller
) -> None:
    village.bill(resident_id=resident.id)

    raw = client.get(open_calendar(client, resident) + "?lang=zh-Hant").data

    assert raw.endswith(b"END:VCALENDAR\r\n")
    assert raw.count(b"\n") == raw.count(b"\r\n")
    assert all(len(line) <= 75 for line in raw.split(b"\r\n"))


def test_paid_and_withdrawn_bills_leave_and_foreign_ones_never_come(
    client: FlaskClient, village: Village, resident: Caller, neighbour: Caller
) -> None:
    paid, withdrawn, due = (village.bill(resident_id=resident.id) for _ in range(3))
    village.bill(resident_id=neighbour.id)
    village.bill("unlinked")
    path = open_calendar(client, resident)
    before = len(events_of(client, path))

    village.pay(paid)
    village.withdraw(withdrawn)

    assert before == 3
    assert [event["uid"] for event in events_of(client, path)] == [due]


def test_a_changed_bill_is_the_next_sequence_of_the_same_event(
    client: FlaskClient, village: Village, resident: Caller
) -> None:
    bill_id = village.bill(resident_id=resident.id)
    path = open_calendar(client, resident)
    amended_at = clock.now().replace(microsecond=0) + timedelta(minutes=1)

    def amend(bill: Any) -> None:
        bill.version, bill.due_on, bill.amended_at = 2, date(2027, 1, 5), amended_at

    village.change(bill_id, amend)

    (event,) = events_of(client, path)
    assert (event["uid"], event.decoded("sequence")) == (bill_id, 1)
    assert event.decoded("dtstart") == date(2027, 1, 5)
    assert event.decoded("dtstamp") == amended_at


def test_a_calendar_tells_no_amount_no_name_and_no_account(
    client: FlaskClient, village: Village, resident: Caller
) -> None:
    village.bill("123456789", 41850, resident_id=resident.id, link_code="W-SECRET")

    text = client.get(open_calendar(client, resident) + "?lang=en").text

    assert [secret for secret in SECRETS if secret in text.replace("\r\n ", "")] == []
    assert resident.id not in text


def test_a_calendar_speaks_the_language_asked_for_else_its_residents(
    client: FlaskClient, village: Village, database: Database, resident: Caller
) -> None:
    village.bill(resident_id=resident.id)
    path = open_calendar(client, resident)
    with database.transaction() as db:
        db.get_one(Resident, resident.id).language = "zh-Hant"

    replies = [
        client.get(path),
        client.get(path, headers={"Accept-Language": "fr"}),
        client.get(path, headers={"Accept-Language": "en-GB,en;q=0.8"}),
        client.get(path + "?lang=zh-Hans", headers={"Accept-Language": "en"}),
    ]

    said = [Calendar.from_ical(reply.data).walk("VEVENT")[0]["summary"] for reply in replies]
    assert said == ["水費及排污費繳款限期"] * 2 + [
        "Water and sewage charges due",
        "水费及排污费缴款期限",
    ]
    assert [reply.headers["Content-Language"] for reply in replies] == [
        "zh-Hant",
        "zh-Hant",
        "en",
        "zh-Hans",
    ]
    assert all("Accept-Language" in reply.headers["Vary"] for reply in replies)


def test_an_unchanged_calendar_is_not_sent_again(
    client: FlaskClient, village: Village, resident: Caller
) -> None:
    bill_id = village.bill(resident_id=resident.id)
    path = open_calendar(client, resident)
    first = client.get(path)
    known = {"If-None-Match": first.headers["ETag"]}

    same = client.get(path, headers=known)
    village.pay(bill_id)
    changed = client.get(path, headers=known)

    assert first.headers["Cache-Control"] == "no-store"
    assert (same.status_code, same.data) == (304, b"")
    assert changed.status_code == 200


def test_a_calendar_app_may_ask_for_the_head_alone(client: FlaskClient, resident: Caller) -> None:
    path = open_calendar(client, resident)

    head = client.head(path)

    assert (head.status_code, head.data, head.mimetype) == (200, b"", "text/calendar")
    assert head.headers["ETag"] == client.get(path).headers["ETag"]


def test_a_new_address_ends_the_old_one(client: FlaskClient, resident: Caller) -> None:
    old, new = (open_calendar(client, resident) for _ in range(2))

    assert client.get(old).status_code == 404
    assert client.get(new).status_code == 200


def test_an_address_can_be_ended(client: FlaskClient, resident: Caller) -> None:
    none = client.get("/v1/calendar", headers=resident.headers).json
    path = open_calendar(client, resident)
    one = client.get("/v1/calendar", headers=resident.headers).json

    ended = [client.delete("/v1/calendar", headers=resident.headers) for _ in range(2)]

    assert none == {"is_open": False, "since": None}
    assert one["is_open"]
    assert datetime.fromisoformat(one["since"]).tzinfo is not None
    assert [reply.status_code for reply in ended] == [204, 204]
    assert client.get(path).status_code == 404
    assert client.get("/v1/calendar", headers=resident.headers).json == none


def test_a_wrong_address_looks_like_any_place_where_nothing_is(
    client: FlaskClient, resident: Caller
) -> None:
    path = open_calendar(client, resident)
    token = path.removeprefix("/v1/calendar/").removesuffix(".ics")
    wrong = ["A" * 43, token[:-1], token + "A", token.swapcase(), "%00" * 43, "１" * 43, ".."]

    replies = [client.get(f"/v1/calendar/{each}.ics") for each in wrong]

    said = [{**reply.json, "trace_id": ""} for reply in replies]
    assert {reply.status_code for reply in replies} == {404}
    assert said == [said[0]] * len(wrong)
    assert said[0]["code"] == "not_found"
    assert client.get(path.removesuffix(".ics")).status_code == 404


def test_of_an_address_only_the_hash_is_kept_and_nothing_is_logged(
    client: FlaskClient, database: Database, resident: Caller, capsys: pytest.CaptureFixture[str]
) -> None:
    path = open_calendar(client, resident)
    token = path.removeprefix("/v1/calendar/").removesuffix(".ics")

    client.get(path)

    with database.transaction(read_only=True) as db:
        kept = db.scalars(select(CalendarFeed)).one()
    assert token not in str(vars(kept))
    printed = capsys.readouterr()
    assert token not in printed.out + printed.err


def test_the_address_is_the_one_that_residents_reach_us_by(
    client: FlaskClient, resident: Caller, app: Flask
) -> None:
    reply = client.post("/v1/calendar", headers=resident.headers)

    base_url = app.extensions["settings"].base_url
    assert reply.json["url"].startswith(f"{base_url}/v1/calendar/")
    assert reply.headers["Cache-Control"] == "no-store"


@pytest.mark.slow
def test_of_two_addresses_asked_for_at_once_one_stands(app: Flask, resident: Caller) -> None:
    paths = together(2, lambda _number: open_calendar(app.test_client(), resident))

    statuses = [app.test_client().get(path).status_code for path in paths]

    assert sorted(statuses) == [200, 404]
