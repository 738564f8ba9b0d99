"""A resident keeps their inbox in order: what is read, what is put away, what is left."""

from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from backend.core.clock import new_id
from backend.core.database import Database
from backend.notifications import Message, MessageKind
from tests.conftest import Caller
from tests.notifications.letters import Letters

MARKS = ("read", "archived")


def message_of(database: Database, message_id: str) -> Message:
    with database.transaction(read_only=True) as db:
        message = db.get(Message, message_id)
        assert message is not None
        return message


def unread(letters: Letters, reader: Caller) -> int:
    number: int = letters.get(reader, "/v1/messages?limit=1")["unread"]
    return number


def test_a_message_is_read_and_unread_again(
    letters: Letters, database: Database, resident: Caller
) -> None:
    message_id = letters.tell(resident)

    read = letters.put(resident, message_id, "read")
    after = unread(letters, resident), letters.ids(resident, "?state=unread")
    undone = letters.delete(resident, message_id, "read")

    assert (read.status_code, undone.status_code) == (200, 204)
    assert datetime.fromisoformat(read.json["read_at"]).tzinfo is not None
    assert after == (0, [])
    assert letters.ids(resident) == letters.ids(resident, "?state=unread") == [message_id]
    assert unread(letters, resident) == 1
    assert message_of(database, message_id).read_at is None


def test_a_message_is_put_away_and_taken_back_out(letters: Letters, resident: Caller) -> None:
    kept, message_id = letters.tell(resident), letters.tell(resident)

    away = letters.put(resident, message_id, "archived")

    assert away.json["archived_at"] is not None
    assert letters.ids(resident) == letters.ids(resident, "?state=unread") == [kept]
    assert letters.ids(resident, "?state=archived") == [message_id]
    assert unread(letters, resident) == 1
    assert letters.delete(resident, message_id, "archived").status_code == 204
    assert letters.ids(resident) == [message_id, kept]
    assert letters.ids(resident, "?state=archived") == []


@pytest.mark.parametrize("mark", MARKS)
def test_a_repeat_changes_nothing_and_every_change_is_dated(
    letters: Letters, database: Database, resident: Caller, mark: str
) -> None:
    message_id = letters.tell(resident)
    seen: list[datetime | None] = [message_of(database, message_id).changed_at]

    for change in (letters.put, letters.put, letters.delete, letters.delete):
        assert change(resident, message_id, mark).status_code < 300
        seen.append(message_of(database, message_id).changed_at)

    came, put, again, undone, once_more = seen
    assert came is None
    assert put is not None
    assert undone is not None
    assert put == again < undone == once_more


def test_all_up_to_a_message_is_read_and_nothing_that_came_later(
    client: FlaskClient, letters: Letters, resident: Caller, neighbour: Caller
) -> None:
    first, second, third = (letters.tell(resident) for _ in range(3))
    other = letters.tell(neighbour)
    early = letters.put(resident, first, "read").json["read_at"]

    reply = client.put("/v1/messages/read", json={"up_to": second}, headers=resident.headers)

    assert (reply.status_code, reply.json) == (200, {"unread": 1})
    assert letters.ids(resident, "?state=unread") == [third]
    assert letters.ids(neighbour, "?state=unread") == [other]
    [_, _, oldest] = letters.get(resident, "/v1/messages")["items"]
    assert oldest["read_at"] == early


@pytest.mark.parametrize("mark", MARKS)
def test_anothers_message_and_no_message_are_alike_and_stay_untouched(
    client: FlaskClient, letters: Letters, resident: Caller, neighbour: Caller, mark: str
) -> None:
    message_id, unknown = letters.tell(resident), new_id("msg")

    replies = [
        change(neighbour, id_, mark)
        for id_ in (message_id, unknown)
        for change in (letters.put, letters.delete)
    ]
    replies += [
        client.put("/v1/messages/read", json={"up_to": id_}, headers=neighbour.headers)
        for id_ in (message_id, unknown)
    ]

    assert {(reply.status_code, reply.json["code"]) for reply in replies} == {
        (404, "message_not_found")
    }
    assert len({reply.json["detail"] for reply in replies}) == 1
    [own] = letters.get(resident, "/v1/messages")["items"]
    assert (own["read_at"], own["archived_at"]) == (None, None)


def test_only_the_newest_of_how_a_bill_stands_is_in_the_inbox_and_counted(
    letters: Letters, resident: Caller
) -> None:
    old = letters.tell(resident, about_id="bill_a")
    letters.put(resident, letters.tell(resident, about_id="bill_b"), "archived")

    new = letters.tell(resident, about_id="bill_a", kind=MessageKind.BILL_AMENDED)
    newer = letters.tell(resident, about_id="bill_b", kind=MessageKind.BILL_AMENDED)

    assert letters.ids(resident) == letters.ids(resident, "?state=unread") == [newer, new]
    assert letters.ids(resident, "?state=archived") == []
    assert unread(letters, resident) == 2
    # A phone that has not heard of it yet may still mark the old one.
    assert letters.put(resident, old, "read").status_code == 200
    assert unread(letters, resident) == 2


def test_the_inbox_is_sorted_by_department_page_by_page(letters: Letters, resident: Caller) -> None:
    water = [letters.tell(resident, department_id="WSD") for _ in range(3)]
    rates = letters.tell(resident, department_id="RVD")

    seen: list[str] = []
    address = "/v1/messages?department=WSD&state=unread&limit=2"
    while address:
        page = letters.get(resident, address)
        seen += [each["id"] for each in page["items"]]
        assert page["unread"] == 4
        address = page["next"]

    assert seen == water[::-1]
    assert letters.ids(resident, "?department=RVD") == [rates]
    assert letters.ids(resident, "?department=TD") == []


@pytest.mark.parametrize("query", ["state=", "state=read", "department=", "department=%00", "a=b"])
def test_a_filter_that_is_not_there_is_refused(
    client: FlaskClient, resident: Caller, query: str
) -> None:
    reply = client.get(f"/v1/messages?{query}", headers=resident.headers)

    assert reply.status_code in (400, 422)


@pytest.mark.parametrize("body", [{}, {"up_to": None}, {"up_to": "msg_1"}, {"up_to": 1}])
def test_up_to_which_message_must_be_said(
    client: FlaskClient, resident: Caller, body: dict[str, Any]
) -> None:
    reply = client.put("/v1/messages/read", json=body, headers=resident.headers)

    assert (reply.status_code, reply.json["code"]) == (422, "invalid")


def test_a_message_shows_its_check_code_and_an_old_one_has_none(
    letters: Letters, database: Database, resident: Caller
) -> None:
    message_id = letters.tell(resident)

    [shown] = letters.get(resident, "/v1/messages")["items"]
    with database.transaction() as db:
        message = db.get(Message, message_id)
        assert message is not None
        code, message.check_code = message.check_code, None
    [old] = letters.get(resident, "/v1/messages")["items"]

    assert code is not None
    assert shown["check_code"] == f"{code[:5]}-{code[5:]}"
    assert old["check_code"] is None
