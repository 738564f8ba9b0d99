"""Every test listens to what its app says: here it is shown that the ear can tell wrong from right."""

import json

import pytest
from flask import Flask

from tests.hearing import Exchange, hear, what_is_wrong

THEMES = ("/v1/themes", "GET", 200, "application/json")
MISSING = ("/v1/services/{service_id}", "GET", 404, "application/problem+json")


def test_what_an_app_says_is_heard_and_sound(app: Flask) -> None:
    hearing = hear(app)

    app.test_client().get("/v1/themes")
    app.test_client().get("/v1/services/nothing")
    app.test_client().get("/nowhere")

    assert (hearing.count, hearing.wrong) == (2, [])


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        (Exchange(*THEMES, b"[]"), "[] is not of type 'object'"),
        (Exchange(*THEMES, b"{}"), "'items' is a required property"),
        (Exchange(*THEMES[:2], 418, "application/json", b"{}"), "418 is not documented"),
        (Exchange(*THEMES[:3], "video/mp4", b""), "video/mp4 is not documented"),
        (Exchange("/v1/themes", "PATCH", 200, "", b""), "the operation is not described"),
        (Exchange(*MISSING, json.dumps({"status": 404}).encode()), "is a required property"),
    ],
    ids=str,
)
def test_what_nobody_described_is_wrong(said: Exchange, wrong: str) -> None:
    assert wrong in str(what_is_wrong(said))


def test_one_wrong_word_is_told(app: Flask) -> None:
    hearing = hear(app)

    hearing.take(Exchange("/v1/themes", "GET", 418, "", b""))

    assert hearing.wrong == ["GET /v1/themes 418: 418 is not documented"]
