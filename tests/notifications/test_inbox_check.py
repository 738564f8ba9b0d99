"""Anybody asks whether a message is ours, and learns that alone."""

from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from backend.core.database import Database
from backend.notifications import Message, MessageKind
from tests.conftest import Caller
from tests.notifications.letters import Letters

NOT_OURS = {"is_ours": False}
CODE = "K7M2Q9XPDA"


def check(client: FlaskClient, code: str, lang: str = "en") -> Any:
    reply = client.get(f"/v1/messages/verify/{code}?lang={lang}")
    assert reply.status_code == 200
    assert reply.headers["Cache-Control"] == "no-store"
    return reply.json


@pytest.fixture
def message_id(letters: Letters, database: Database, resident: Caller) -> str:
    """A message with a code that is known, sent shortly after midnight in Hong Kong."""
    told = letters.tell(resident)
    sent = datetime(2026, 11, 22, 16, 1, tzinfo=UTC)
    with database.transaction() as db:
        coded = update(Message).where(Message.id == told)
        db.execute(coded.values(check_code=CODE, created_at=sent))
    return told


@pytest.mark.usefixtures("message_id")
def test_a_message_of_ours_is_told_by_what_a_lock_screen_shows_and_no_more(
    client: FlaskClient,
) -> None:
    assert check(client, "K7M2Q-9XPDA") == {
        "is_ours": True,
        "department": {"id": "WSD", "name": "Water Supplies Department"},
        "kind": "bill_new",
        "title": "New bill",
        "sent_on": "2026-11-23",
    }
    chinese = check(client, "K7M2Q-9XPDA", "zh-Hant")
    assert (chinese["title"], chinese["department"]["name"]) == ("新賬單", "水務署")


@pytest.mark.usefixtures("message_id")
@pytest.mark.parametrize(
    "typed", [CODE, "k7m2q9xpda", "k7m2q-9xpda", "K7M2Q%209XPDA", "-K-7M2Q 9XPDA- "]
)
def test_a_code_may_be_typed_as_people_do(client: FlaskClient, typed: str) -> None:
    assert check(client, typed)["is_ours"] is True


def test_letters_that_look_like_digits_are_taken_as_these(
    client: FlaskClient, letters: Letters, database: Database, resident: Caller
) -> None:
    letters.tell(resident)
    with database.transaction() as db:
        db.execute(update(Message).values(check_code="0011AAAAAA"))

    assert check(client, "oOiLa-aaaaa")["is_ours"] is True


@pytest.mark.usefixtures("message_id")
@pytest.mark.parametrize(
    "typed",
    [
        "K7M2Q-9XPDB",
        "K7M2Q-9XPD",
        "K7M2Q-9XPDAA",
        "U7M2Q-9XPDA",
        "K7M2Q%009XPDA",
        "%ED%A0%80" * 10,
        "Ｋ７Ｍ２Ｑ９ＸＰＤＡ",
        "ßßßßß",
        "%25" * 10,
        "-" * 3000,
        "K" * 3000,
        "' or 1=1 --",
    ],
)
def test_what_is_no_code_of_ours_is_told_so_and_is_no_error(
    client: FlaskClient, typed: str
) -> None:
    assert check(client, typed) == NOT_OURS


def test_a_message_without_a_code_is_found_by_none(
    client: FlaskClient, letters: Letters, database: Database, resident: Caller
) -> None:
    letters.tell(resident)
    with database.transaction() as db:
        db.execute(update(Message).values(check_code=None))

    assert check(client, "None") == NOT_OURS


def test_replaced_archived_and_unfamiliar_messages_are_still_ours(
    client: FlaskClient, letters: Letters, database: Database, resident: Caller, message_id: str
) -> None:
    letters.put(resident, message_id, "archived")
    with database.transaction() as db:
        ours = update(Message).where(Message.id == message_id)
        db.execute(ours.values(replaced_by="msg_newer"))
    replaced = check(client, CODE)
    with database.transaction() as db:
        db.execute(ours.values(kind="to_come"))
    unfamiliar = check(client, CODE)

    assert (replaced["is_ours"], replaced["kind"]) == (True, MessageKind.BILL_NEW)
    assert (unfamiliar["is_ours"], unfamiliar["title"]) == (True, None)
