"""A bill and what is told of it are one commit; the inbox tells it to its resident alone."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text, update

from backend.core import clock
from backend.core.database import Database
from backend.gateways.push import FirebasePush
from backend.notifications.models import Message
from backend.notifications.outbox.claiming import House
from backend.notifications.outbox.delivering import Postman
from backend.notifications.outbox.headroom import Headroom
from backend.notifications.outbox.notebook import Notebook
from tests.conftest import Caller
from tests.simulators.desk import Desk

PHONE = "an-address-of-the-phone"


@pytest.fixture
def post(client: FlaskClient, department: Caller, resident: Caller) -> Callable[..., Any]:
    def posting(number: str = "W-1", key: str | None = None) -> Any:
        bill = {
            "resident_id": resident.id,
            "bill_number": number,
            "kind": "water",
            "amount_cents": 41850,
            "due_on": "2099-12-20",
            "issued_on": "2026-11-20",
        }
        headers = {**department.headers, "Idempotency-Key": key or number}
        return client.post("/v1/department/bills", json=bill, headers=headers)

    return posting


@pytest.fixture
def phone(client: FlaskClient, resident: Caller) -> None:
    address = {"kind": "token", "value": PHONE}
    body = {"platform": "android", "address": address}
    client.put("/v1/devices/my-own-phone", json=body, headers=resident.headers)
    never_quiet = {
        "quiet_from": "00:00",
        "quiet_until": "00:00",
        "shows_details": False,
        "reminds_before": True,
        "reminds_on_day": True,
        "reminds_overdue": True,
        "tells_when_read": False,
    }
    chosen = client.put("/v1/notifications/preferences", json=never_quiet, headers=resident.headers)
    assert chosen.status_code == 200


def work_off(database: Database, sender: FirebasePush) -> None:
    postman = Postman(
        database,
        sender,
        clock.now,
        lease_seconds=30,
        house=House(),
        headroom=Headroom(None),
        notebook=Notebook(None),
    )
    while (due_at := postman.deliver_waiting()) and due_at <= clock.now():
        pass


def inbox(client: FlaskClient, reader: Caller, query: str = "") -> list[dict[str, Any]]:
    reply = client.get(f"/v1/messages{query}", headers=reader.headers)
    assert reply.status_code == 200
    items: list[dict[str, Any]] = reply.json["items"]
    return items


@pytest.mark.usefixtures("phone")
def test_one_posted_bill_is_one_push_and_one_message_however_often_it_is_posted(
    client: FlaskClient,
    database: Database,
    post: Callable[..., Any],
    resident: Caller,
    sender: FirebasePush,
    desk: Desk,
) -> None:
    first, replay, again = post(), post(), post(key="another-key")
    work_off(database, sender)
    late = post(key="a-third-key")
    work_off(database, sender)

    assert [reply.status_code for reply in (first, replay, again, late)] == [201, 201, 200, 200]
    [line] = desk.lines()
    assert line["outcome"] == "accepted"
    [message] = inbox(client, resident)
    assert line["message"]["data"] == {
        "kind": "bill_new",
        "message_id": message["id"],
        "about_id": first.json["id"],
    }


@pytest.mark.usefixtures("phone")
@pytest.mark.parametrize("table", ["messages", "deliveries"])
def test_a_bill_that_cannot_be_told_of_is_not_posted_at_all(
    client: FlaskClient,
    database: Database,
    post: Callable[..., Any],
    resident: Caller,
    sender: FirebasePush,
    desk: Desk,
    table: str,
) -> None:
    with refusing_inserts(database, table):
        refused = post()
    bills = client.get("/v1/bills", headers=resident.headers).json["items"]
    told = inbox(client, resident)
    work_off(database, sender)

    assert refused.status_code >= 400
    assert (bills, told, desk.lines()) == ([], [], [])
    assert post().status_code == 201
    work_off(database, sender)
    assert desk.addresses() == [PHONE]


@contextmanager
def refusing_inserts(database: Database, table: str) -> Iterator[None]:
    """Make every insert into a table fail, as a full disk or a mistake in a trigger would."""
    head = f"create trigger refuse before insert on {table}"
    if database.engine.dialect.name == "sqlite":
        steps = [f"{head} begin select raise(abort, 'no'); end"]
        undone = ["drop trigger refuse"]
    else:
        body = "language plpgsql as $$ begin raise exception 'no'; end $$"
        steps = [
            f"create function no() returns trigger {body}",
            f"{head} for each row execute function no()",
        ]
        undone = [f"drop trigger refuse on {table}", "drop function no"]
    with database.transaction() as db:
        for step in steps:
            db.execute(text(step))
    try:
        yield
    finally:
        with database.transaction() as db:
            for step in undone:
                db.execute(text(step))


def test_the_inbox_is_read_in_pages_the_newest_first(
    client: FlaskClient, post: Callable[..., Any], resident: Caller
) -> None:
    bills = [post(f"W-{number}").json["id"] for number in range(5)]

    seen, address = [], "/v1/messages?limit=2"
    while address:
        page = client.get(address, headers=resident.headers).json
        assert len(page["items"]) <= 2
        seen += page["items"]
        address = page["next"]

    assert sorted(message["about"] for message in seen) == sorted(bills)
    ids = [message["id"] for message in seen]
    assert ids == sorted(ids, reverse=True)


def test_the_inbox_speaks_the_readers_language(
    client: FlaskClient, post: Callable[..., Any], resident: Caller
) -> None:
    post()

    [english], [chinese], [simplified] = (
        inbox(client, resident, f"?lang={tag}") for tag in ("en", "zh-Hant", "zh-Hans")
    )

    assert english["body"] == "HK$418.50 is due on 2099-12-20."
    assert chinese["title"] == "水務署發出新賬單"
    assert simplified["body"].startswith("金额港币 418.50 元")


def test_a_neighbour_reads_nothing_of_it(
    client: FlaskClient, post: Callable[..., Any], neighbour: Caller
) -> None:
    post()

    assert inbox(client, neighbour) == []


def test_a_message_that_a_newer_version_wrote_does_not_close_the_inbox(
    client: FlaskClient, database: Database, post: Callable[..., Any], resident: Caller
) -> None:
    bills = [post(f"W-{number}").json["id"] for number in range(3)]
    with database.transaction() as db:
        db.execute(update(Message).where(Message.about_id == bills[1]).values(kind="to_come"))

    told = inbox(client, resident, "?limit=2")

    assert {message["about"] for message in told} == {bills[0], bills[2]}


@pytest.mark.parametrize("cursor", ["x", "bXNn", "WyJhIiwiYiJd", "WyJcdTAwMDAiXQ"])
def test_a_cursor_that_we_did_not_make_is_refused(
    client: FlaskClient, resident: Caller, cursor: str
) -> None:
    reply = client.get(f"/v1/messages?cursor={cursor}", headers=resident.headers)

    assert (reply.status_code, reply.json["code"]) == (422, "cursor_not_known")


@pytest.mark.usefixtures("phone")
def test_what_is_still_to_go_is_told_to_operators(
    client: FlaskClient,
    post: Callable[..., Any],
    database: Database,
    sender: FirebasePush,
) -> None:
    post()
    waiting = client.get("/metrics").text

    work_off(database, sender)

    assert "ferry_deliveries_open 1.0" in waiting
    assert "ferry_deliveries_open 0.0" in client.get("/metrics").text
