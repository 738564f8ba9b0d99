"""A conversation over HTTP: whose it is, how long it lasts, what it remembers."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from backend.app import Gateways, create_app
from backend.assistant.conversations.models import Conversation
from backend.assistant.conversations.rules import KEPT_FOR, SWEPT_PER_BEGIN
from backend.core import clock
from backend.core.database import Database
from backend.core.settings import Settings
from tests.assistant.conversations.conftest import HOME, STRANGER, Talk
from tests.conftest import Caller
from tests.core.once import on_sqlite
from tests.core.together import together

pytestmark = pytest.mark.slow
Begin = Callable[..., Talk]


def services(answer: Any) -> list[str]:
    return [choice["service"] for choice in answer["choices"]]


def count(database: Database) -> int:
    with database.transaction(read_only=True) as db:
        return db.scalars(select(func.count()).select_from(Conversation)).one()


def let_pass(database: Database, time: timedelta) -> None:
    """Make every conversation older by `time`."""
    with database.transaction() as db:
        for row in db.scalars(select(Conversation)):
            row.expires_at -= time


def test_a_conversation_may_begin_with_a_question(client: FlaskClient) -> None:
    reply = client.post(HOME, json={"text": "點樣交水費呀", "lang": "zh-Hant"})

    assert reply.status_code == 201
    assert reply.json["answer"]["choices"][0]["service"] == "wsd-pay"
    assert reply.json["answer"]["says"] == "你要找的應該是這項服務。"
    assert reply.headers["Cache-Control"] == "no-store"


def test_a_conversation_may_begin_with_nothing_said(client: FlaskClient) -> None:
    reply = client.post(HOME, json={})

    assert reply.status_code == 201
    assert reply.json["answer"] is None
    assert reply.json["id"].startswith("conv_")


def test_what_was_spoken_of_is_known_in_the_next_turn(talk: Begin) -> None:
    conversation = talk()
    conversation.say("how do I pay my water bill")

    cost = conversation.say("how much does it cost")

    assert cost["outcome"] == "told"
    assert services(cost) == ["wsd-pay"]
    assert "Payment of Water and Sewage Charges" in cost["says"]
    assert "{" not in cost["says"]
    assert cost["hotline"] == "2824 5000"


def test_the_second_one_is_the_second_that_was_shown(talk: Begin) -> None:
    conversation = talk(language="zh-Hant")
    shown = conversation.say("我想交水費")

    picked = conversation.say("第二個")

    assert picked["outcome"] == "answer"
    assert services(picked) == services(shown)[1:2]


def test_a_tapped_service_is_what_is_spoken_of(talk: Begin) -> None:
    conversation = talk()

    tapped = conversation.tap("ird-pay")

    assert (tapped["outcome"], services(tapped)) == ("answer", ["ird-pay"])
    assert services(conversation.say("how much does it cost")) == ["ird-pay"]


def test_a_tap_on_what_the_menu_does_not_have_is_refused(talk: Begin) -> None:
    reply = talk().turn(choice="no-such-service")

    assert (reply.status_code, reply.json["code"]) == (422, "service_not_known")


def test_with_nothing_spoken_of_a_follow_up_is_honestly_not_understood(talk: Begin) -> None:
    answer = talk().say("the second one")

    assert (answer["outcome"], answer["choices"]) == ("none", [])
    assert answer["says"]


def test_a_turn_said_twice_is_answered_alike(talk: Begin) -> None:
    conversation = talk()
    conversation.say("how do I pay my water bill")

    for text in ("the second one", "how much does it cost", "no, the other one"):
        assert conversation.say(text) == conversation.say(text)


def test_a_crisis_in_the_middle_is_told_first(talk: Begin) -> None:
    conversation = talk()
    conversation.say("how do I pay my water bill")

    answer = conversation.say("I want to kill myself")

    assert answer["outcome"] == "crisis"
    assert services(conversation.say("how much does it cost")) == ["wsd-pay"]


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"text": None, "choice": None},
        {"text": "x", "choice": "wsd-pay"},
        {"text": ""},
        {"text": "x" * 2001},
        {"choice": ""},
        {"choice": "x" * 63},
        {"choice": 7},
        {"text": "x", "lang": "fr"},
        {"text": "x", "more": 1},
    ],
)
@on_sqlite
def test_a_turn_is_one_text_or_one_tap(talk: Begin, said: dict[str, Any]) -> None:
    reply = talk().turn(**said)

    assert (reply.status_code, reply.json["code"]) == (422, "invalid")


@on_sqlite
def test_what_a_turn_needs_is_said_in_the_readers_language(talk: Begin) -> None:
    for language, words in (("en", "Send exactly one of"), ("zh-Hant", "請只提供其中一項")):
        reply = talk(language=language).turn(text="x", choice="wsd-pay")

        assert reply.json["errors"] == [
            {"pointer": "#", "detail": reply.json["errors"][0]["detail"]}
        ]
        assert reply.json["errors"][0]["detail"].startswith(words)


def test_the_id_alone_lets_a_stranger_go_on(talk: Begin, app: Flask) -> None:
    conversation = talk()
    conversation.say("how do I pay my water bill")

    other_phone = Talk(app.test_client(), STRANGER, "en", conversation.id)

    assert services(other_phone.say("how much does it cost")) == ["wsd-pay"]


def test_a_residents_conversation_is_theirs_alone(
    talk: Begin, resident: Caller, neighbour: Caller
) -> None:
    conversation = talk(resident)
    missing = Talk(conversation.client, STRANGER, "en", conversation.id[:-5] + "00000")

    refused = [
        held.turn(text="pay my water bill")
        for held in (conversation.by(neighbour), conversation.by(STRANGER), missing)
    ]

    assert conversation.turn(text="pay my water bill").status_code == 200
    assert {reply.status_code for reply in refused} == {404}
    alike = {str({**reply.json, "trace_id": ""}) for reply in refused}
    assert len(alike) == 1
    assert refused[0].json["code"] == "conversation_not_found"


def test_a_strangers_conversation_becomes_the_residents_who_goes_on_with_it(
    talk: Begin, resident: Caller, neighbour: Caller
) -> None:
    conversation = talk()
    conversation.say("how do I pay my water bill")

    mine = conversation.by(resident)

    assert services(mine.say("how much does it cost")) == ["wsd-pay"]
    assert conversation.turn(text="hello").status_code == 404
    assert conversation.by(neighbour).turn(text="hello").status_code == 404


def test_a_refused_turn_makes_it_nobodys_still(talk: Begin, resident: Caller) -> None:
    conversation = talk()

    conversation.by(resident).turn(choice="no-such-service")

    assert conversation.turn(text="pay my water bill").status_code == 200


def test_it_lasts_half_an_hour_from_the_last_turn(talk: Begin, database: Database) -> None:
    conversation = talk()
    let_pass(database, KEPT_FOR - timedelta(minutes=1))
    renewed = conversation.turn(text="how do I pay my water bill").json["expires_at"]
    let_pass(database, KEPT_FOR - timedelta(minutes=1))

    still = conversation.turn(text="how much does it cost")
    let_pass(database, KEPT_FOR)
    gone = conversation.turn(text="how much does it cost")

    assert renewed > clock.now().isoformat()
    assert still.json["answer"]["choices"]
    assert (gone.status_code, gone.json["code"]) == (404, "conversation_not_found")


def test_it_is_gone_at_the_very_moment_it_expires(
    talk: Begin, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = talk()
    with database.transaction(read_only=True) as db:
        expires_at = db.scalars(select(Conversation.expires_at)).one()

    monkeypatch.setattr(clock, "now", lambda: expires_at)

    assert conversation.turn(text="hello").status_code == 404


def test_ending_it_forgets_it_at_once(
    talk: Begin, database: Database, resident: Caller, neighbour: Caller
) -> None:
    conversation = talk(resident)
    path, client = f"{HOME}/{conversation.id}", conversation.client

    foreign = client.delete(path, headers=neighbour.headers)
    ended = client.delete(path, headers=resident.headers)
    again = client.delete(path, headers=resident.headers)

    assert [foreign.status_code, ended.status_code, again.status_code] == [404, 204, 404]
    assert count(database) == 0


def test_forgotten_ones_are_swept_a_few_at_a_time(talk: Begin, database: Database) -> None:
    for _ in range(SWEPT_PER_BEGIN + 2):
        talk()
    with database.transaction() as db:
        db.execute(update(Conversation).values(expires_at=clock.now()))
    living = talk()

    assert count(database) == 3
    talk()
    assert count(database) == 2
    assert living.turn(text="hello").status_code == 200


def test_it_outlives_the_process(talk: Begin, settings: Settings, database_url: str) -> None:
    conversation = talk()
    conversation.say("how do I pay my water bill")
    restarted = Database(database_url)

    app = create_app(settings, Gateways({}), restarted)
    after = Talk(app.test_client(), STRANGER, "en", conversation.id)

    assert services(after.say("how much does it cost")) == ["wsd-pay"]
    restarted.close()


def test_two_turns_at_once_are_both_answered(talk: Begin, app: Flask) -> None:
    conversation = talk()
    conversation.say("how do I pay my water bill")

    def deed(number: int) -> Any:
        held = Talk(app.test_client(), STRANGER, "en", conversation.id)
        return held.turn(text=("how much does it cost", "where is it")[number % 2])

    replies = together(6, deed)

    assert [reply.status_code for reply in replies] == [200] * 6
    assert all(services(reply.json["answer"]) == ["wsd-pay"] for reply in replies)
    assert services(conversation.say("how much does it cost")) == ["wsd-pay"]


def test_two_residents_who_take_it_up_at_once_do_not_share_it(
    talk: Begin, app: Flask, resident: Caller, neighbour: Caller
) -> None:
    callers = (resident, neighbour)
    for conversation in [talk() for _ in range(6)]:
        held = [Talk(app.test_client(), caller, "en", conversation.id) for caller in callers]

        replies = together(2, lambda number, held=held: held[number].turn(text="pay water bill"))

        assert sorted(reply.status_code for reply in replies) == [200, 404]


def test_a_conversation_keeps_no_word_of_the_resident(talk: Begin, database: Database) -> None:
    conversation = talk()
    conversation.say("my name is Chan Tai Man and I want to pay my water bill zanzibar")
    conversation.say("zanzibar")

    with database.engine.connect() as connection:
        kept = [str(row) for row in connection.exec_driver_sql("select * from conversations")]

    assert any("wsd-pay" in row for row in kept)
    assert not any("zanzibar" in row.lower() or "Chan Tai" in row for row in kept)


@on_sqlite
def test_a_row_of_an_older_or_newer_ferry_is_still_a_conversation(
    talk: Begin, database: Database
) -> None:
    conversation = talk()
    for state in ({}, {"service": "wsd-pay", "from_tomorrow": [1]}):
        with database.transaction() as db:
            db.execute(update(Conversation).values(state=state))

        assert conversation.turn(text="how much does it cost").status_code == 200
