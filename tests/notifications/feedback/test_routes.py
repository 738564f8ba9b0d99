"""What a department may know of how far its news came, and what it may not."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from backend.core import clock
from backend.core.database import Database
from backend.gateways.push import FirebasePush
from backend.notifications import MessageKind, notify
from backend.notifications.models import Message
from backend.notifications.outbox.models import Delivery
from tests.bills.posting import BILL, amend, get, pay, posted, withdraw
from tests.conftest import Caller
from tests.notifications.town import Town
from tests.simulators.desk import Desk

MEMBERS = {"kind", "accepted_at", "state", "delivered_at", "read_at"}


@pytest.fixture
def town(database: Database, sender: FirebasePush, desk: Desk) -> Town:
    """The town in a minute from now, for what comes by the API has the time of the real clock."""
    return Town(database, sender, clock.now() + timedelta(seconds=60))


@pytest.fixture
def bill(client: FlaskClient, department: Caller, resident: Caller, town: Town) -> str:
    """A bill of a resident with a phone that may ring at any hour."""
    town.choose(resident.id, quiet_from="00:00", quiet_until="00:00")
    town.phone(resident.id, "the-phone")
    return posted(client, department, resident_id=resident.id)


def fates(client: FlaskClient, department: Caller, bill_id: str) -> Any:
    return get(client, department, f"/v1/department/bills/{bill_id}/messages")["items"]


def read(database: Database, moment: datetime) -> None:
    with database.transaction() as db:
        db.execute(update(Message).values(read_at=moment))


def test_a_message_is_accepted_then_delivered_and_says_nothing_of_its_reader(
    client: FlaskClient, department: Caller, resident: Caller, bill: str, town: Town, desk: Desk
) -> None:
    [before] = fates(client, department, bill)
    town.work_off()
    [after] = fates(client, department, bill)

    assert before.keys() == MEMBERS
    assert (before["kind"], before["state"], before["delivered_at"]) == (
        "bill_new",
        "accepted",
        None,
    )
    assert after["state"] == "delivered"
    assert datetime.fromisoformat(after["delivered_at"]) == town.now
    assert after["accepted_at"] == before["accepted_at"]
    assert desk.addresses() == ["the-phone"]
    path = f"/v1/department/bills/{bill}/messages"
    text = client.get(path, headers=department.headers).text
    assert not [word for word in (resident.id, "the-phone", "msg_", "dev_") if word in text]


def test_that_it_was_read_is_told_only_while_the_resident_lets_it(
    client: FlaskClient, department: Caller, resident: Caller, bill: str, town: Town
) -> None:
    town.work_off()
    unread = fates(client, department, bill)
    read(town.database, town.now)

    untold = fates(client, department, bill)
    town.choose(resident.id, tells_when_read=True)
    [told] = fates(client, department, bill)
    town.choose(resident.id, tells_when_read=False)
    taken_back = fates(client, department, bill)

    assert untold == taken_back == unread
    assert told["state"] == "read"
    assert datetime.fromisoformat(told["read_at"]) == town.now
    assert told["delivered_at"] is not None


def test_a_resident_who_chose_nothing_lets_nothing_be_known(
    client: FlaskClient, department: Caller, neighbour: Caller, database: Database
) -> None:
    bill_id = posted(client, department, resident_id=neighbour.id)
    unread = fates(client, department, bill_id)
    read(database, clock.now())

    assert fates(client, department, bill_id) == unread


@pytest.mark.parametrize(
    ("states", "told"),
    [
        ([], "not_pushed"),
        (["dropped"], "not_pushed"),
        (["failed", "dropped"], "not_pushed"),
        (["waiting", "dropped"], "accepted"),
        (["claimed"], "accepted"),
        (["sent", "waiting"], "delivered"),
        (["failed", "sent"], "delivered"),
    ],
)
def test_what_became_of_the_phones_is_told_as_one_word(
    client: FlaskClient,
    department: Caller,
    resident: Caller,
    database: Database,
    states: list[str],
    told: str,
) -> None:
    bill_id = posted(client, department, resident_id=resident.id)
    with database.transaction() as db:
        [message] = db.query(Message).all()
        for number, state in enumerate(states):
            settled_at = message.created_at if state not in ("waiting", "claimed") else None
            values = {"state": state, "due_at": message.created_at, "settled_at": settled_at}
            db.add(Delivery(message_id=message.id, device_id=f"dev_{number}", **values))

    [fate] = fates(client, department, bill_id)

    assert fate["state"] == told
    assert (fate["delivered_at"] is not None) == (told == "delivered")


def test_the_first_push_that_went_is_the_one_that_counts(
    client: FlaskClient, department: Caller, bill: str, town: Town
) -> None:
    town.work_off()
    later = town.now + timedelta(seconds=60)
    with town.database.transaction() as db:
        [message] = db.query(Message).all()
        values = {"state": "sent", "due_at": later, "settled_at": later}
        db.add(Delivery(message_id=message.id, device_id="dev_2", **values))

    [fate] = fates(client, department, bill)

    assert datetime.fromisoformat(fate["delivered_at"]) == town.now


def test_all_that_was_told_of_a_bill_is_listed_the_oldest_first_page_by_page(
    client: FlaskClient, department: Caller, resident: Caller
) -> None:
    own = {**BILL, "resident_id": resident.id}
    bill_id = posted(client, department, resident_id=resident.id)
    amend(client, department, bill_id, **{**own, "amount_cents": 1})
    withdraw(client, department, bill_id)

    page = get(client, department, f"/v1/department/bills/{bill_id}/messages?limit=2")
    rest = get(client, department, page["next"])

    kinds = [each["kind"] for each in page["items"] + rest["items"]]
    assert kinds == ["bill_new", "bill_amended", "bill_withdrawn"]
    assert rest["next"] is None
    assert [each["kind"] for each in fates(client, department, bill_id)] == kinds


def test_what_the_resident_and_the_bank_do_is_not_told(
    client: FlaskClient, department: Caller, resident: Caller, database: Database
) -> None:
    bill_id = posted(client, department, resident_id=resident.id)
    pay(database, bill_id)
    with database.transaction() as db:
        notify(
            db,
            resident_id=resident.id,
            department_id="WSD",
            kind=MessageKind.PAYMENT_HELD,
            about_id=bill_id,
            facts={"amount": "1.00"},
            now=clock.now(),
        )

    assert [each["kind"] for each in fates(client, department, bill_id)] == ["bill_new"]


def test_a_bill_that_nobody_sees_yet_was_told_to_nobody(
    client: FlaskClient, department: Caller
) -> None:
    bill_id = posted(client, department, account_number="77")

    assert fates(client, department, bill_id) == []


def test_anothers_bill_and_none_at_all_look_alike(
    client: FlaskClient, department: Caller, department_credentials: tuple[str, str], bill: str
) -> None:
    client_id, secret = department_credentials
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    token = client.post("/v1/department/token", data=form).json["access_token"]
    stranger = {"Authorization": f"Bearer {token}"}

    foreign = client.get(f"/v1/department/bills/{bill}/messages", headers=stranger)
    missing = client.get(f"/v1/department/bills/bill_{'0' * 26}/messages", headers=stranger)

    assert foreign.status_code == missing.status_code == 404
    without_trace = [{**each.json, "trace_id": ""} for each in (foreign, missing)]
    assert without_trace[0] == without_trace[1]
    assert without_trace[0]["code"] == "bill_not_found"


def test_a_cursor_that_is_not_ours_is_refused(
    client: FlaskClient, department: Caller, bill: str
) -> None:
    path = f"/v1/department/bills/{bill}/messages?cursor=nonsense"

    assert client.get(path, headers=department.headers).json["code"] == "cursor_not_known"
