"""The first screen: what is due, what is new, what I use, and nobody else's of any."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, update

from backend.bills import BillKind
from backend.core import clock
from backend.core.database import Database
from backend.notifications import Message
from tests.bills.linking.village import Village
from tests.conftest import Caller

MOST_LOOKS = 9
LATE, TODAY = date(2026, 11, 24), date(2026, 11, 25)


@pytest.fixture
def village(client: FlaskClient, database: Database) -> Village:
    return Village(client, database)


@contextmanager
def looks_at(database: Database) -> Iterator[list[str]]:
    """Keep the statements that read rows meanwhile."""
    seen: list[str] = []

    def keep(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.lstrip().lower().startswith(("select", "with", "update", "insert", "delete")):
            seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", keep)
    try:
        yield seen
    finally:
        event.remove(database.engine, "before_cursor_execute", keep)


def home_of(client: FlaskClient, caller: Caller, query: str = "lang=en") -> Any:
    reply = client.get(f"/v1/home?{query}", headers=caller.headers)
    assert reply.status_code == 200
    return reply.json


def keep_at_hand(client: FlaskClient, caller: Caller, *service_ids: str) -> None:
    for service_id in service_ids:
        client.put(f"/v1/favourites/{service_id}", headers=caller.headers)


def test_a_newcomers_first_screen_is_empty_and_whole(client: FlaskClient, resident: Caller) -> None:
    home = home_of(client, resident)

    notice = home["use"].pop("notice")
    assert "Not official" in notice
    assert home == {
        "due": {
            "count": 0,
            "total_cents": 0,
            "currency": "HKD",
            "overdue_count": 0,
            "bills": [],
        },
        "new": {"messages": [], "count_since": 0},
        "use": {"services": []},
    }


def test_the_first_three_due_are_shown_and_all_are_summed_up(
    client: FlaskClient, village: Village, resident: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in (LATE, TODAY, date(2026, 12, 1), date(2026, 12, 2)):
        village.bill(resident_id=resident.id, amount_cents=100 + day.day, due_on=day)
    village.pay(village.bill(resident_id=resident.id, due_on=LATE))
    village.withdraw(village.bill(resident_id=resident.id, due_on=LATE))
    monkeypatch.setattr(clock, "hong_kong_date", lambda _moment: TODAY)

    due = home_of(client, resident)["due"]

    listed = client.get("/v1/bills?limit=3&lang=en", headers=resident.headers).json["items"]
    assert (due["count"], due["overdue_count"]) == (4, 1)
    assert due["total_cents"] == 124 + 125 + 101 + 102
    assert due["bills"] == listed
    assert [bill["due_on"] for bill in due["bills"]] == ["2026-11-24", "2026-11-25", "2026-12-01"]


def test_the_newest_three_messages_are_shown_and_a_week_is_counted(
    client: FlaskClient, village: Village, database: Database, resident: Caller
) -> None:
    for _ in range(5):
        village.bill(resident_id=resident.id)
    inbox = client.get("/v1/messages?lang=en", headers=resident.headers).json["items"]
    weeks_ago = clock.now() - timedelta(days=7, minutes=1)
    with database.transaction() as db:
        oldest = Message.id == inbox[-1]["id"]
        db.execute(update(Message).where(oldest).values(created_at=weeks_ago))

    new = home_of(client, resident)["new"]

    assert new["messages"] == inbox[:3]
    assert new["count_since"] == 4


def test_favourites_come_first_and_then_where_my_bills_are_paid(
    client: FlaskClient, village: Village, resident: Caller
) -> None:
    village.pay(village.bill(resident_id=resident.id, issued_on=date(2026, 1, 1)))
    village.bill(
        resident_id=resident.id,
        department_id="RVD",
        kind=BillKind.RATES,
        issued_on=date(2026, 2, 1),
    )
    keep_at_hand(client, resident, "wsd-takeup", "wsd-ebill")

    services = home_of(client, resident)["use"]["services"]

    used = [service["id"] for service in services]
    in_the_menu = client.get("/v1/services/wsd-ebill?lang=en").json
    del in_the_menu["notice"]
    assert used[:2] == ["wsd-ebill", "wsd-takeup"]
    assert used[-1] == "wsd-pay"
    assert len(used) == 4
    assert services[0] == in_the_menu


def test_a_service_is_shown_once_and_eight_at_most(
    client: FlaskClient, village: Village, resident: Caller, app: Flask
) -> None:
    village.bill(resident_id=resident.id)
    keep_at_hand(client, resident, "wsd-pay")
    once = home_of(client, resident)["use"]["services"]
    others = [service.id for service in app.extensions["catalogue"].services_by_id[:9]]
    keep_at_hand(client, resident, *others)

    many = home_of(client, resident)["use"]["services"]

    assert [service["id"] for service in once] == ["wsd-pay"]
    assert [service["id"] for service in many] == others[:0:-1]


def test_a_linked_account_shows_where_its_bills_are_paid(
    client: FlaskClient, village: Village, resident: Caller
) -> None:
    village.pay(village.bill())
    village.link(resident)

    home = home_of(client, resident)

    assert home["due"]["count"] == 0
    assert [service["id"] for service in home["use"]["services"]] == ["wsd-pay"]


def test_nothing_of_a_neighbour_is_on_my_first_screen(
    client: FlaskClient, village: Village, resident: Caller, neighbour: Caller
) -> None:
    village.bill("CANARY77", resident_id=neighbour.id)
    village.bill("CANARY88")
    village.link(neighbour, account_number="CANARY88")
    keep_at_hand(client, neighbour, "wsd-ebill")

    mine = client.get("/v1/home", headers=resident.headers)

    assert "wsd" not in mine.text
    assert "RY77" not in mine.text
    assert mine.json["due"]["count"] == mine.json["new"]["count_since"] == 0
    assert home_of(client, neighbour)["due"]["count"] == 2


def test_the_first_screen_takes_few_looks_at_the_rows_however_much_there_is(
    client: FlaskClient, village: Village, database: Database, resident: Caller
) -> None:
    for number in range(4):
        village.bill(f"{number}", resident_id=resident.id, due_on=date(2026, 11, 1))
    village.bill()
    village.link(resident)
    keep_at_hand(client, resident, "wsd-pay", "wsd-ebill")

    with looks_at(database) as seen:
        home_of(client, resident)

    assert 0 < len(seen) <= MOST_LOOKS
    assert {statement.split()[0].lower() for statement in seen} == {"select"}


def test_an_unchanged_first_screen_is_not_sent_again(
    client: FlaskClient, village: Village, resident: Caller
) -> None:
    bill_id = village.bill(resident_id=resident.id)
    first = client.get("/v1/home", headers=resident.headers)
    known = {**resident.headers, "If-None-Match": first.headers["ETag"]}

    same = client.get("/v1/home", headers=known)
    village.pay(bill_id)
    changed = client.get("/v1/home", headers=known)

    assert first.headers["Cache-Control"] == "no-store"
    assert (same.status_code, same.data) == (304, b"")
    assert changed.status_code == 200


@pytest.mark.parametrize(
    ("query", "title"), [("lang=zh-Hant", "水費及排污費"), ("lang=zh-Hans", "水费及排污费")]
)
def test_the_first_screen_reads_in_the_language_asked_for(
    client: FlaskClient, village: Village, resident: Caller, query: str, title: str
) -> None:
    village.bill(resident_id=resident.id)

    home = home_of(client, resident, query)

    assert home["due"]["bills"][0]["title"] == title
