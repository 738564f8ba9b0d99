"""An app asks what changed since it looked last: hears of everything, and comes to an end."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from backend.core import clock
from backend.core.database import Database
from backend.core.paging import encode_cursor
from backend.notifications import Message, MessageKind
from backend.notifications.changes import list_changes
from backend.notifications.inbox import encode_since, find_place
from tests.conftest import Caller
from tests.notifications.letters import Letters, write


def test_without_a_token_all_is_told_from_the_beginning(
    letters: Letters, resident: Caller, neighbour: Caller
) -> None:
    old = letters.tell(resident, seconds_ago=5_000_000)
    new = letters.tell(resident)
    letters.tell(neighbour)

    walk = letters.walk(resident)

    assert walk.ids == [old, new]
    assert walk.unread == 2
    assert {"id", "title", "read_at", "archived_at", "replaced_by"} <= walk.items[0].keys()


def test_what_came_and_what_changed_is_told_the_oldest_change_first(
    letters: Letters, resident: Caller
) -> None:
    read, away, _untouched = (letters.tell(resident, seconds_ago=900) for _ in range(3))
    since = letters.walk(resident).since

    letters.put(resident, away, "archived")
    new = letters.tell(resident)
    letters.put(resident, read, "read")
    walk = letters.walk(resident, since)

    assert walk.ids == [away, new, read]
    assert walk.items[0]["archived_at"] is not None
    assert walk.items[2]["read_at"] is not None


@pytest.mark.parametrize("mark", ["read", "archived"])
def test_a_mark_that_is_taken_off_is_told_as_well(
    letters: Letters, resident: Caller, mark: str
) -> None:
    message_id = letters.tell(resident, seconds_ago=900)
    letters.put(resident, message_id, mark)
    since = letters.walk(resident).since

    letters.delete(resident, message_id, mark)

    [told] = letters.walk(resident, since).items
    assert told[f"{mark}_at"] is None


def test_all_that_was_read_at_once_is_told(
    client: FlaskClient, letters: Letters, resident: Caller
) -> None:
    ids = [letters.tell(resident, seconds_ago=900) for _ in range(3)]
    since = letters.walk(resident).since

    client.put("/v1/messages/read", json={"up_to": ids[1]}, headers=resident.headers)

    assert letters.walk(resident, since).ids == ids[:2]


def test_a_replaced_message_is_told_so_that_an_app_removes_it(
    letters: Letters, resident: Caller
) -> None:
    old = letters.tell(resident, about_id="bill_a", seconds_ago=900)
    since = letters.walk(resident).since

    new = letters.tell(resident, about_id="bill_a", kind=MessageKind.BILL_AMENDED)

    told = {item["id"]: item["replaced_by"] for item in letters.walk(resident, since).items}
    assert told == {old: new, new: None}


def test_a_message_that_commits_after_later_ones_were_seen_is_not_lost(
    letters: Letters, database: Database, resident: Caller
) -> None:
    # Its time was read 40 seconds before its transaction commits, and others overtook it.
    seen = letters.tell(resident, seconds_ago=20)
    since = letters.walk(resident).since

    late = letters.tell(resident, seconds_ago=40)

    assert letters.walk(resident, since).ids == [late, seen]


@pytest.mark.slow
def test_a_message_that_commits_in_the_midst_of_a_walk_is_not_lost(
    letters: Letters, resident: Caller
) -> None:
    for seconds_ago in (30, 20, 10):
        letters.tell(resident, seconds_ago=seconds_ago)

    first = letters.get(resident, "/v1/messages/changes?limit=2")
    behind_its_back = letters.tell(resident, seconds_ago=25)
    second = letters.get(resident, first["next"])

    assert behind_its_back not in [item["id"] for item in second["items"]]
    assert behind_its_back in letters.walk(resident, second["since"]).ids


def test_the_token_of_a_long_walk_is_of_its_beginning(
    letters: Letters, database: Database, resident: Caller
) -> None:
    for _ in range(3):
        letters.tell(resident)
    began = clock.now()
    with database.transaction(read_only=True) as db:
        first = list_changes(db, resident.id, find_place(None, None, began), 2)
        later = find_place(None, first.next_cursor, began + timedelta(hours=1))
        second = list_changes(db, resident.id, later, 2)

    assert second.since == encode_since(began)


def test_in_an_open_transaction_a_message_is_not_told_and_then_it_is(
    letters: Letters, database: Database, resident: Caller
) -> None:
    with database.transaction() as db:
        late = write(db, resident, clock.now())
        meanwhile = letters.walk(resident)

    assert meanwhile.ids == []
    assert letters.walk(resident, meanwhile.since).ids == [late]


def test_a_quiet_inbox_is_told_once_and_then_nothing_is(letters: Letters, resident: Caller) -> None:
    letters.tell(resident, seconds_ago=100)

    since = letters.walk(resident).since
    again = letters.walk(resident, since)

    assert again.items == []
    assert letters.walk(resident, again.since).items == []


@pytest.mark.slow
@pytest.mark.parametrize("limit", [1, 2, 3])
def test_more_changes_of_one_moment_than_a_page_holds_are_each_told_once(
    letters: Letters, database: Database, resident: Caller, limit: int
) -> None:
    ids = [letters.tell(resident) for _ in range(5)]
    before = letters.walk(resident, limit=limit).since
    with database.transaction() as db:
        db.execute(update(Message).values(changed_at=clock.now()))

    walks = [letters.walk(resident, since, limit) for since in (None, before)]

    assert [walk.ids for walk in walks] == [ids, ids]
    assert {walk.pages for walk in walks} == {-(-len(ids) // limit)}


def test_the_addresses_of_a_walk_keep_its_language(letters: Letters, resident: Caller) -> None:
    letters.tell(resident)
    letters.tell(resident)

    page = letters.get(resident, "/v1/messages/changes?limit=1&lang=zh-Hant")
    end = letters.get(resident, page["next"])

    assert "lang=zh-Hant" in page["next"]
    assert end["items"][0]["title"] == "水務署發出新賬單"


SINCE = encode_cursor("1795448730000000")


@pytest.mark.parametrize(
    "query",
    [
        "since=x",
        "since=" + encode_cursor("msg_1"),
        "since=" + encode_cursor("-5"),
        "since=" + encode_cursor("٣"),
        "since=" + encode_cursor("9" * 18),
        "since=" + encode_cursor("1", "msg_1", "1"),
        "cursor=" + SINCE,
        "cursor=" + encode_cursor("1", "msg_1", "later"),
        "cursor=" + encode_cursor("1.5", "msg_1", "1"),
    ],
)
def test_a_token_that_we_did_not_make_is_refused(
    client: FlaskClient, resident: Caller, query: str
) -> None:
    reply = client.get(f"/v1/messages/changes?{query}", headers=resident.headers)

    assert (reply.status_code, reply.json["code"]) == (422, "cursor_not_known")


@pytest.mark.parametrize("moment", ["0", "9" * 17])
def test_a_token_of_any_time_is_answered(
    client: FlaskClient, letters: Letters, resident: Caller, moment: str
) -> None:
    letters.tell(resident)

    assert letters.walk(resident, encode_cursor(moment)).since


def test_a_message_of_a_newer_version_is_passed_over(
    letters: Letters, database: Database, resident: Caller
) -> None:
    strange, known = letters.tell(resident), letters.tell(resident)
    with database.transaction() as db:
        db.execute(update(Message).where(Message.id == strange).values(kind="to_come"))

    assert letters.walk(resident).ids == [known]
    assert letters.put(resident, strange, "read").status_code == 404
