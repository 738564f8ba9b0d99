"""Who is told how a question went: after the reply, and never of somebody in danger."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from backend.assistant.answering import Answered
from backend.assistant.policy import Outcome
from backend.core.database import Database
from tests.assistant.conversations.conftest import HOME

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
pytestmark = [SQLITE, pytest.mark.slow]
QUESTIONS = "/v1/assistant/questions"


@pytest.fixture
def told(app: Flask) -> list[Answered]:
    """Listen to the app; give what it is told."""
    heard: list[Answered] = []
    app.extensions["answered"] = heard.append
    return heard


def send(client: FlaskClient, path: str, **members: Any) -> Any:
    """Ask, read the reply, and let the server come to its end."""
    reply = client.post(path, json=members)
    assert reply.status_code in (200, 201), reply.text
    reply.close()
    return reply


@pytest.mark.parametrize("path", [QUESTIONS, HOME])
def test_the_listener_is_told_of_a_question(
    client: FlaskClient, told: list[Answered], path: str
) -> None:
    send(client, path, text="zzzz qqqq", lang="zh-Hans")
    send(client, path, text="pay my water bill", lang="en")

    assert [each.outcome for each in told] == [Outcome.NONE, Outcome.ANSWER]
    assert [each.service for each in told] == [None, "wsd-pay"]
    assert (told[0].text, told[0].language) == ("zzzz qqqq", "zh-Hans")
    assert told[0].release


def test_the_listener_is_told_of_what_is_typed_in_a_turn_and_not_of_a_tap(
    client: FlaskClient, told: list[Answered]
) -> None:
    conversation = send(client, HOME).json["id"]

    send(client, f"{HOME}/{conversation}/turns", choice="wsd-pay")
    send(client, f"{HOME}/{conversation}/turns", text="zzzz qqqq")

    assert [each.text for each in told] == ["zzzz qqqq"]


def test_of_somebody_in_danger_nothing_is_told(client: FlaskClient, told: list[Answered]) -> None:
    for path in (QUESTIONS, HOME):
        send(client, path, text="I want to kill myself")

    assert told == []


def test_the_listener_comes_after_the_commit_and_may_write(
    client: FlaskClient, app: Flask, database: Database
) -> None:
    written = []

    def write(settled: Answered) -> None:
        with database.transaction() as db:
            written.append(db.connection().exec_driver_sql("select count(*) from conversations"))
            written[-1] = written[-1].scalar()

    app.extensions["answered"] = write

    send(client, HOME, text="zzzz qqqq")

    assert written == [1]


def test_a_listener_that_fails_harms_nobody_and_quotes_nothing(
    client: FlaskClient, app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(settled: Answered) -> None:
        raise RuntimeError(settled.text)

    app.extensions["answered"] = fail

    reply = send(client, QUESTIONS, text="zzzz qqqq")

    assert reply.json["outcome"] == "none"
    assert "RuntimeError" in caplog.text
    assert "qqqq" not in caplog.text
