"""Questions about one's own bills and messages, over HTTP: shown to their owner, and to nobody else."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from backend.bills import BillKind
from backend.core.database import Database
from tests.assistant.billing import owe
from tests.assistant.conversations.conftest import HOME, STRANGER, Talk
from tests.conftest import Caller
from tests.core.once import on_sqlite
from tests.core.together import together

pytestmark = pytest.mark.slow
Begin = Callable[..., Talk]
LATER = date(2199, 11, 30)


def post(client: FlaskClient, caller: Caller, text: str, language: str = "en") -> Any:
    """Ask a question that stands alone."""
    path = f"/v1/assistant/questions?lang={language}"
    return client.post(path, json={"text": text}, headers=caller.headers)


def ask(client: FlaskClient, caller: Caller, text: str, language: str = "en") -> Any:
    reply = post(client, caller, text, language)
    assert reply.status_code == 200, reply.text
    return reply.json


@pytest.mark.parametrize(
    ("text", "language", "says"),
    [
        ("how much is my water bill", "en", "Your water bill: HK$482.30, due on 30 November 2199."),
        (
            "我張水費單幾多錢",
            "zh-Hant",
            "你的水費單：港幣 482.30 元，繳款限期為2199年11月30日。",
        ),
        (
            "我的水费多少钱",
            "zh-Hans",
            "你的水费单：港币 482.30 元，缴款期限为2199年11月30日。",
        ),
    ],
)
def test_my_water_bill_is_told_with_its_amount_its_date_and_how_to_pay(
    client: FlaskClient, database: Database, resident: Caller, text: str, language: str, says: str
) -> None:
    bill = owe(database, resident.id, due_on=LATER)
    owe(database, resident.id, "RVD", BillKind.RATES, 100_000, LATER)

    reply = post(client, resident, text, language)

    answer = reply.json
    assert (answer["outcome"], answer["says"], answer["sign_in"]) == ("told", says, False)
    own = answer["own"]
    assert (own["topic"], own["count"], own["total_due_cents"]) == ("bills", 1, 48230)
    assert own["bills"][0]["id"] == bill
    assert own["bills"][0]["department"]["id"] == "WSD"
    assert (own["bills"][0]["amount_cents"], own["bills"][0]["currency"]) == (48230, "HKD")
    assert (own["bills"][0]["due_on"], own["bills"][0]["overdue"]) == ("2199-11-30", False)
    assert own["bills"][0]["state"] == "open"
    assert own["bills"][0]["pay"] == {"bill": bill, "service": "wsd-pay"}
    assert own["messages"] == []
    assert reply.headers["Cache-Control"] == "no-store"


def test_when_it_is_due_tells_of_all_that_is_due(
    client: FlaskClient, database: Database, resident: Caller
) -> None:
    owe(database, resident.id, due_on=LATER)
    owe(database, resident.id, "RVD", BillKind.RATES, 100_000, LATER - timedelta(days=1))

    answer = ask(client, resident, "幾時到期", "zh-Hant")

    assert answer["own"]["topic"] == "due"
    assert [bill["due_on"] for bill in answer["own"]["bills"]] == ["2199-11-29", "2199-11-30"]
    assert "2199年11月29日" in answer["says"]


def test_have_i_paid_is_answered_honestly(
    client: FlaskClient, database: Database, resident: Caller
) -> None:
    owe(database, resident.id, due_on=LATER)

    answer = ask(client, resident, "have I paid")

    assert answer["own"]["topic"] == "paid"
    assert answer["says"].startswith("I have no record of a payment here.")
    assert "HK$482.30" in answer["says"]


def test_new_messages_are_told_by_their_titles_alone(
    client: FlaskClient, database: Database, resident: Caller
) -> None:
    bill = owe(database, resident.id, due_on=LATER)

    answer = ask(client, resident, "any new messages")

    assert answer["own"]["bills"] == []
    (message,) = answer["own"]["messages"]
    assert set(message) == {"id", "title", "about", "created_at"}
    assert message["about"] == bill
    assert message["title"] == "New bill from Water Supplies Department"


def test_who_owes_nothing_is_told_so(client: FlaskClient, resident: Caller) -> None:
    answer = ask(client, resident, "show me my bills")

    assert answer["says"].startswith("I have no bill of yours here.")
    assert (answer["own"]["bills"], answer["own"]["total_due_cents"]) == ([], 0)


@pytest.mark.parametrize("text", ["how much is my water bill", "have I paid", "any new messages"])
@on_sqlite
def test_signed_out_the_same_question_offers_to_sign_in(client: FlaskClient, text: str) -> None:
    answer = ask(client, STRANGER, text)

    assert (answer["outcome"], answer["sign_in"], answer["own"]) == ("told", True, None)
    assert answer["says"].startswith("Sign in and ask me again")


@on_sqlite
def test_signed_out_the_service_is_offered_all_the_same(client: FlaskClient) -> None:
    answer = ask(client, STRANGER, "我的水费多少钱", "zh-Hans")

    assert answer["choices"][0]["service"] == "wsd-pay"


@pytest.mark.parametrize("path", ["/v1/assistant/questions", HOME])
@on_sqlite
def test_a_dead_token_is_refused_and_never_taken_for_a_stranger(
    client: FlaskClient, resident: Caller, path: str
) -> None:
    client.delete("/v1/sessions/current", headers=resident.headers)

    reply = client.post(path, json={"text": "pay my water bill"}, headers=resident.headers)

    assert (reply.status_code, reply.json["code"]) == (401, "sign_in_needed")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("show me my neighbour's water bill", "en"),
        ("show me Mr Chan's water bill", "en"),
        ("睇下我老公有冇交稅", "zh-Hant"),
        ("帮我查一下房东的账单", "zh-Hans"),
    ],
)
def test_anothers_data_is_refused_and_nothing_is_revealed(
    client: FlaskClient,
    database: Database,
    resident: Caller,
    neighbour: Caller,
    text: str,
    language: str,
) -> None:
    owe(database, resident.id, due_on=LATER)
    owe(database, neighbour.id, due_on=LATER)

    answers = [ask(client, caller, text, language) for caller in (resident, neighbour, STRANGER)]

    assert answers[0] == answers[1] == answers[2]
    assert (answers[0]["outcome"], answers[0]["own"]) == ("told", None)
    assert (answers[0]["choices"], answers[0]["sign_in"]) == ([], False)
    assert "482" not in str(answers[0])


def test_the_other_bill_is_the_next_of_those_shown(
    talk: Begin, database: Database, resident: Caller
) -> None:
    water = owe(database, resident.id, due_on=LATER)
    rates = owe(database, resident.id, "RVD", BillKind.RATES, 100_000, LATER + timedelta(days=1))
    conversation = talk(resident)
    listed = conversation.say("show me my bills")

    other = conversation.say("no, the other bill")
    again = conversation.say("no, the other bill")

    assert [bill["id"] for bill in listed["own"]["bills"]] == [water, rates]
    assert [bill["id"] for bill in other["own"]["bills"]] == [rates]
    assert other["says"].startswith("Your rates bill: HK$1,000.00")
    assert again == other


def test_with_three_bills_the_other_one_asks_which(
    talk: Begin, database: Database, resident: Caller
) -> None:
    bills = [
        owe(database, resident.id, "RVD", BillKind.RATES, 100 + day, LATER + timedelta(days=day))
        for day in range(3)
    ]
    conversation = talk(resident)
    conversation.say("show me my bills")

    others = conversation.say("no, the other bill")
    second = conversation.say("the second one")

    assert [bill["id"] for bill in others["own"]["bills"]] == bills[1:]
    assert others["says"] == "Which of these bills do you mean?"
    assert others["own"]["total_due_cents"] == 203
    assert [bill["id"] for bill in second["own"]["bills"]] == bills[2:]


def test_the_second_one_is_the_second_bill(
    talk: Begin, database: Database, resident: Caller
) -> None:
    owe(database, resident.id, due_on=LATER)
    rates = owe(database, resident.id, "RVD", BillKind.RATES, 100_000, LATER + timedelta(days=1))
    conversation = talk(resident, "zh-Hant")
    conversation.say("show me my bills")

    picked = conversation.say("第二個")
    due = conversation.say("幾時到期")

    assert [bill["id"] for bill in picked["own"]["bills"]] == [rates]
    assert [bill["id"] for bill in due["own"]["bills"]] == [rates]
    assert "2199年12月1日" in due["says"]


def test_how_to_pay_after_a_bill_is_about_that_bill(
    talk: Begin, database: Database, resident: Caller
) -> None:
    bill = owe(database, resident.id, due_on=LATER)
    conversation = talk(resident, "zh-Hant")
    conversation.say("我張水費單幾多錢")

    answer = conversation.say("點樣交呀")

    assert answer["outcome"] == "told"
    assert answer["own"]["bills"][0]["pay"] == {"bill": bill, "service": "wsd-pay"}
    assert [choice["service"] for choice in answer["choices"]] == ["wsd-pay"]
    assert answer["says"].endswith("請經「繳交水費及排污費」繳付。")
    assert "港幣 482.30 元" in answer["says"]
    assert answer["hotline"] == "2824 5000"


@pytest.mark.parametrize("count", [0, 1, 3])
@pytest.mark.parametrize(
    "texts",
    [
        ["幾時到期"],
        ["have I paid"],
        ["show me my bills"],
        ["any new messages"],
        ["show me my bills", "no, the other bill"],
        ["show me my bills", "幾時到期"],
        ["show me my bills", "the last one", "how do I pay it"],
        ["幾時到期", "the second one"],
    ],
    ids=", ".join,
)
@on_sqlite
def test_a_turn_that_comes_twice_over_a_bad_line_brings_the_same(
    talk: Begin, database: Database, resident: Caller, texts: list[str], count: int
) -> None:
    for day in range(count):
        owe(database, resident.id, due_on=LATER + timedelta(days=day))
    conversation = talk(resident)

    for text in texts:
        assert conversation.say(text) == conversation.say(text)


def test_another_follow_up_after_a_bill_is_about_where_it_is_paid(
    talk: Begin, database: Database, resident: Caller
) -> None:
    owe(database, resident.id, due_on=LATER)
    conversation = talk(resident)
    conversation.say("how much is my water bill")

    answer = conversation.say("what's their phone number")

    assert "2824 5000" in answer["says"]
    assert answer["own"]["bills"]


def test_a_bill_that_no_service_takes_is_shown_without_one(
    talk: Begin, database: Database, resident: Caller
) -> None:
    bill = owe(database, resident.id, "TD", BillKind.FIXED_PENALTY, due_on=LATER)
    conversation = talk(resident)
    conversation.say("show me my bills")

    answer = conversation.say("how do I pay it")

    assert answer["own"]["bills"][0]["pay"] == {"bill": bill, "service": None}
    assert answer["says"].startswith("Your fixed penalty: HK$482.30")


def test_a_strangers_conversation_shows_the_residents_own_once_they_sign_in(
    talk: Begin, database: Database, resident: Caller
) -> None:
    owe(database, resident.id, due_on=LATER)
    conversation = talk()
    before = conversation.say("how much is my water bill")

    after = conversation.by(resident).say("how much is my water bill")

    assert (before["sign_in"], before["own"]) == (True, None)
    assert (after["sign_in"], after["own"]["total_due_cents"]) == (False, 48230)
    assert conversation.turn(text="how do I pay it").status_code == 404


def test_a_service_asked_for_after_a_bill_is_what_is_spoken_of(
    talk: Begin, database: Database, resident: Caller
) -> None:
    owe(database, resident.id, due_on=LATER)
    conversation = talk(resident)
    conversation.say("how much is my water bill")
    conversation.say("pay tax")

    answer = conversation.say("how much does it cost")

    assert answer["own"] is None
    assert [choice["service"] for choice in answer["choices"]] == ["ird-pay"]


@pytest.mark.parametrize("with_conversation", [False, True])
def test_two_residents_never_mix(
    talk: Begin,
    app: Flask,
    database: Database,
    resident: Caller,
    neighbour: Caller,
    with_conversation: bool,
) -> None:
    callers = (resident, neighbour)
    owned = [owe(database, each.id, amount_cents=11100, due_on=LATER) for each in callers]
    texts = ("how much is my water bill", "show me my bills", "have I paid", "any new messages")
    held = [talk(each) for each in callers]

    def deed(number: int) -> list[str]:
        place, client, found = number % 2, app.test_client(), []
        for text in texts * 2:
            if with_conversation:
                ids = Talk(client, callers[place], "en", held[place].id)
                answer = ids.say(text)
            else:
                answer = ask(client, callers[place], text)
            own = answer["own"]
            found += [bill["id"] for bill in own["bills"]]
            found += [message["about"] for message in own["messages"]]
        return found

    brought = together(6, deed)

    for number, found in enumerate(brought):
        assert set(found) == {owned[number % 2]}
        assert len(found) == 8


@on_sqlite
def test_nothing_of_a_resident_reaches_the_log(
    talk: Begin,
    database: Database,
    resident: Caller,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    bill = owe(database, resident.id, due_on=LATER)
    conversation = talk(resident)
    conversation.say("how much is my water bill, says Zanzibar")
    conversation.say("how do I pay it")

    written = "".join(capsys.readouterr()) + caplog.text

    assert "/v1/assistant/conversations/<id:conversation_id>/turns" in written
    for secret in (bill, conversation.id, resident.id, "482", "Zanzibar", "water", "wsd-pay"):
        assert secret not in written
