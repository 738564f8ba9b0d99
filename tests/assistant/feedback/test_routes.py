"""A word on an answer over HTTP, and a question that nobody could answer."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from backend.assistant.feedback.models import AnswerVotes, MissedQuestion
from backend.core.database import Database

pytestmark = pytest.mark.slow
NONSENSE = "zzzz qqqq xxxx"


def send(client: FlaskClient, text: str, query: str = "", **members: Any) -> Any:
    body = {"text": text, "service": None, "helpful": False, **members}
    return client.post(f"/v1/assistant/feedback{query}", json=body)


def ask(client: FlaskClient, text: str) -> Any:
    """Ask, and take the reply to its end: what is noted is noted behind it."""
    reply = client.post("/v1/assistant/questions?lang=en", json={"text": text})
    reply.close()
    return reply


def rows(database: Database) -> list[tuple[str, str, str, str | None, int]]:
    with database.transaction(read_only=True) as db:
        found = db.scalars(select(MissedQuestion).order_by(MissedQuestion.id)).all()
    return [(each.text, each.language, each.reason, each.service, each.count) for each in found]


def votes(database: Database) -> dict[str, tuple[int, int]]:
    with database.transaction(read_only=True) as db:
        found = db.scalars(select(AnswerVotes)).all()
    return {each.service: (each.helpful, each.unhelpful) for each in found}


def test_what_did_not_help_is_kept_masked(client: FlaskClient, database: Database) -> None:
    reply = send(client, "my number 9123 4567 got a bill", lang="en", service="wsd-pay")

    assert (reply.status_code, reply.data) == (204, b"")
    assert rows(database) == [("my number [phone] got a bill", "en", "not_helpful", "wsd-pay", 1)]
    assert votes(database) == {"wsd-pay": (0, 1)}


def test_what_helped_is_only_counted(client: FlaskClient, database: Database) -> None:
    for _ in range(2):
        assert send(client, "交水費", service="wsd-pay", helpful=True).status_code == 204

    assert rows(database) == []
    assert votes(database) == {"wsd-pay": (2, 0)}


def test_an_answer_without_a_service_can_be_unhelpful_too(
    client: FlaskClient, database: Database
) -> None:
    send(client, "養貓牌照", query="?lang=zh-Hant")

    assert rows(database) == [("養貓牌照", "zh-Hant", "not_helpful", None, 1)]
    assert votes(database) == {"": (0, 1)}


@pytest.mark.parametrize(
    "text",
    [
        *("I want to kill myself", "我唔想做人", "我不想活了"),
        "I want to speak to a person, there is a fire",
    ],
)
@pytest.mark.parametrize("helpful", [True, False])
def test_of_somebody_in_danger_not_even_a_count_is_kept(
    client: FlaskClient, database: Database, text: str, helpful: bool
) -> None:
    ask(client, text)
    reply = send(client, text, helpful=helpful, service="wsd-pay")

    assert reply.status_code == 204
    assert rows(database) == []
    assert votes(database) == {}


def test_an_unknown_service_is_refused(client: FlaskClient, database: Database) -> None:
    reply = send(client, "交水費", service="no-such-service")

    assert (reply.status_code, reply.json["code"]) == (422, "service_not_known")
    assert rows(database) == []


@pytest.mark.parametrize(
    "members",
    [
        {"text": ""},
        {"text": "x" * 2001},
        {"text": 7},
        {"lang": "fr"},
        {"helpful": "yes"},
        {"helpful": None},
        {"service": ""},
        {"service": 7},
        {"release": "r1"},
    ],
)
def test_a_word_out_of_form_is_refused(client: FlaskClient, members: dict[str, Any]) -> None:
    reply = send(client, **{"text": "交水費", **members})

    assert (reply.status_code, reply.json["code"]) == (422, "invalid")


def test_a_word_must_say_whether_it_helped_and_of_which_service(client: FlaskClient) -> None:
    for missing in ("helpful", "service", "text"):
        body = {"text": "交水費", "service": None, "helpful": True}
        del body[missing]

        assert client.post("/v1/assistant/feedback", json=body).status_code == 422


def test_a_question_that_nobody_could_answer_is_noted(
    client: FlaskClient, database: Database
) -> None:
    for text in (f"{NONSENSE} A123456(3)", f"{NONSENSE} a123456(3)"):
        assert ask(client, text).json["outcome"] == "none"

    assert rows(database) == [(f"{NONSENSE} [HKID]", "en", "none", None, 2)]


def test_talk_that_leads_nowhere_is_no_missed_question(
    client: FlaskClient, database: Database
) -> None:
    for text in ("neither of them", "the second one", "how much does it cost"):
        assert ask(client, text).json["outcome"] == "none"

    assert rows(database) == []


def test_a_question_that_was_answered_is_not_noted(client: FlaskClient, database: Database) -> None:
    assert ask(client, "pay my water bill").json["outcome"] == "answer"

    assert rows(database) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_database_without_its_table_does_not_spoil_an_answer(
    client: FlaskClient, database: Database
) -> None:
    with database.transaction() as db:
        MissedQuestion.__table__.drop(db.connection())  # type: ignore[attr-defined]

    assert ask(client, NONSENSE).json["outcome"] == "none"
