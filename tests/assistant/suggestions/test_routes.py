"""Suggestions over HTTP, from one release at a time."""

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from backend.assistant import Release
from backend.assistant.suggestions.suggester import Suggester
from backend.menu import Catalogue

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
pytestmark = [SQLITE, pytest.mark.slow]


def suggest(client: FlaskClient, q: str, **query: Any) -> Any:
    return client.get("/v1/assistant/suggestions", query_string={"q": q, **query})


def test_a_suggestion_names_its_service_and_department(client: FlaskClient) -> None:
    reply = suggest(client, "交水", lang="zh-Hant", limit=1)

    assert reply.status_code == 200
    (found,) = reply.json["items"]
    assert found["service"] == "wsd-pay"
    assert found["text"].startswith("交水")
    assert found["title"] == "繳交水費及排污費"
    assert found["department"] == {"id": "WSD", "name": "水務署"}


def test_the_reply_names_its_release_and_that_it_is_not_official(
    client: FlaskClient, release: Release
) -> None:
    reply = suggest(client, "pay")

    assert reply.json["release"] == release.version
    assert "Not official" in reply.json["notice"]


def test_no_cache_keeps_what_somebody_types(client: FlaskClient) -> None:
    assert suggest(client, "pay").headers["Cache-Control"] == "no-store"


def test_five_are_given_unless_told_otherwise(client: FlaskClient) -> None:
    assert len(suggest(client, "pay").json["items"]) == 5
    assert len(suggest(client, "pay", limit=2).json["items"]) == 2
    assert len(suggest(client, "pay", limit=10).json["items"]) > 5


@pytest.mark.parametrize("limit", [0, 11, "many"])
def test_a_limit_out_of_bounds_is_refused(client: FlaskClient, limit: object) -> None:
    assert suggest(client, "pay", limit=limit).status_code == 422


def test_an_empty_field_is_refused(client: FlaskClient) -> None:
    assert suggest(client, "").status_code == 422
    assert client.get("/v1/assistant/suggestions").status_code == 422


@pytest.mark.parametrize("q", [" ", "?", "🙂", "e" + "\u0301" * 50])
def test_what_says_nothing_brings_nothing(client: FlaskClient, q: str) -> None:
    assert suggest(client, q).json["items"] == []


def test_only_the_first_256_characters_count(client: FlaskClient) -> None:
    padded = suggest(client, "pay my water" + " " * 250 + "zzzz")

    assert padded.status_code == 200
    assert padded.json["items"] == suggest(client, "pay my water").json["items"]


def test_an_index_is_made_once_for_a_release(app: Flask, release: Release) -> None:
    suggester: Suggester = app.extensions["suggester"]

    assert suggester.suggestions(release) is suggester.suggestions(release)


def test_while_a_new_index_is_made_the_old_one_serves(app: Flask, release: Release) -> None:
    catalogue: Catalogue = app.extensions["catalogue"]
    suggester = Suggester(catalogue)
    old = suggester.suggestions(release)
    newer = replace(release, version="newer")

    with suggester.turn:
        meanwhile = suggester.suggestions(newer)
    afterwards = suggester.suggestions(newer)

    assert meanwhile is old
    assert (meanwhile.release, afterwards.release) == (release.version, "newer")


@pytest.mark.parametrize("cry", ["I want to die", "想死"])
def test_whoever_is_in_danger_is_offered_nothing(client: FlaskClient, cry: str) -> None:
    assert suggest(client, cry).json["items"] == []
