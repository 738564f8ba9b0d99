"""A question over HTTP: what each outcome looks like, in the language that was asked for."""

from typing import Any

import pytest
from flask.testing import FlaskClient

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
pytestmark = [SQLITE, pytest.mark.slow]


def ask(client: FlaskClient, text: str, query: str = "", **members: Any) -> Any:
    reply = client.post(f"/v1/assistant/questions{query}", json={"text": text, **members})
    assert reply.status_code == 200, reply.text
    return reply.json


def test_an_answer_names_the_service_its_department_and_why(client: FlaskClient) -> None:
    answer = ask(client, "點樣交水費呀", "?lang=zh-Hant")

    best = answer["choices"][0]
    assert answer["outcome"] == "answer"
    assert (best["service"], best["title"]) == ("wsd-pay", "繳交水費及排污費")
    assert best["department"] == {"id": "WSD", "name": "水務署", "hotline": "2824 5000"}
    assert answer["hotline"] == "2824 5000"
    assert 0 < best["confidence"] <= 1
    assert best["why"]["words"]
    assert best["why"]["phrase"]
    assert answer["crisis"] is None


def test_the_language_in_the_body_wins_over_that_of_the_request(client: FlaskClient) -> None:
    answer = ask(client, "交水費", "?lang=en", lang="zh-Hans")

    assert answer["choices"][0]["title"] == "缴交水费及排污费"
    assert answer["says"] == "你要找的应该是这项服务。"


def test_nothing_is_offered_where_no_service_fits(client: FlaskClient) -> None:
    answer = ask(client, "zzzz qqqq xxxx", "?lang=en")

    assert answer["outcome"] == "none"
    assert answer["choices"] == []
    assert answer["hotline"] == "1823"
    assert "1823" in answer["says"]


@pytest.mark.parametrize(
    ("text", "language"),
    [("I want to kill myself", "en"), ("我唔想做人", "zh-Hant"), ("我不想活了", "zh-Hans")],
)
def test_a_crisis_is_told_first_whom_to_call(client: FlaskClient, text: str, language: str) -> None:
    answer = ask(client, text, f"?lang={language}")

    assert answer["outcome"] == "crisis"
    assert answer["choices"] == []
    assert answer["hotline"] == "999"
    assert {"999", "18111"} <= {call["number"] for call in answer["crisis"]["calls"]}
    assert all(call["source"] and call["checked"] for call in answer["crisis"]["calls"])


def test_every_answer_names_its_release_and_that_it_is_not_official(client: FlaskClient) -> None:
    answer = ask(client, "pay tax", "?lang=en")

    assert answer["release"]
    assert "Not official" in answer["notice"]


@pytest.mark.parametrize(
    "text",
    [
        "?",
        "🙂",
        "\u202eabc",
        "a" * 2000,
        "水" * 2000,
        "e" + "\u0301" * 50,
        "'; drop table bills; --",
    ],
)
def test_any_text_is_answered(client: FlaskClient, text: str) -> None:
    assert ask(client, text)["outcome"] in {"answer", "clarify", "none", "crisis", "told"}


@pytest.mark.parametrize(
    "body",
    [{}, {"text": ""}, {"text": "x" * 2001}, {"text": 7}, {"text": "x", "lang": "fr"}],
)
def test_a_question_out_of_form_is_refused(client: FlaskClient, body: dict[str, Any]) -> None:
    reply = client.post("/v1/assistant/questions", json=body)

    assert (reply.status_code, reply.json["code"]) == (422, "invalid")
