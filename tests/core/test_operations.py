"""What an operator's tools hear: alive, ready, and the numbers."""

from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from backend.app import Gateways, create_app
from backend.core import migrations
from backend.core.database import Database
from backend.core.settings import Settings, Stage
from tests.core.once import on_sqlite
from tests.core.problems import assert_problem


@on_sqlite
def test_a_process_that_answers_is_alive(client: FlaskClient) -> None:
    reply = client.get("/health/live")

    assert (reply.status_code, reply.json) == (200, {"status": "ok"})
    assert reply.headers["Cache-Control"] == "no-store"


def make_client(
    content_dir: Path, tmp_path: Path, database: Database, **changes: object
) -> FlaskClient:
    settings = Settings(
        stage=Stage.DEMO,
        data_dir=tmp_path,
        database_url="unused",
        fcm_project_id="ferry-test",
        fcm_credentials=None,
    )
    (tmp_path / "catalogue.json").symlink_to(content_dir / "catalogue.json")
    app: Flask = create_app(replace(settings, **changes), Gateways({}), database)  # type: ignore[arg-type]
    return app.test_client()  # type: ignore[return-value]


def not_ready(client: FlaskClient) -> set[str]:
    reply = client.get("/health/ready?lang=en")
    problem = assert_problem(reply, 503, "not_ready")
    assert reply.headers["Retry-After"] == "5"
    return set(problem["detail"].removeprefix("Not ready: ").removesuffix(".").split(", "))


def test_without_its_database_it_is_alive_and_not_ready(content_dir: Path, tmp_path: Path) -> None:
    away = Database("postgresql://nobody@127.0.0.1:1/ferry")

    client = make_client(content_dir, tmp_path, away)

    assert not_ready(client) == {"database", "tables", "assistant"}
    assert client.get("/health/live").status_code == 200


def test_without_its_database_its_metrics_go_on(content_dir: Path, tmp_path: Path) -> None:
    client = make_client(content_dir, tmp_path, Database("postgresql://nobody@127.0.0.1:1/ferry"))

    told = client.get("/metrics")

    assert told.status_code == 200
    assert "ferry_http_requests_total" in told.text
    assert "ferry_deliveries_open" not in told.text


def test_without_its_tables_it_is_not_ready(
    content_dir: Path, tmp_path: Path, sqlite_alone: Database
) -> None:
    migrations.downgrade(sqlite_alone)

    client = make_client(content_dir, tmp_path, sqlite_alone)

    assert not_ready(client) == {"tables", "assistant"}


@pytest.mark.slow
def test_with_all_it_needs_it_is_ready(client: FlaskClient, app: Flask) -> None:
    app.extensions["ready_checks"] = {
        name: check for name, check in app.extensions["ready_checks"].items() if name != "assistant"
    }

    assert client.get("/health/ready").json == {"status": "ok"}


@on_sqlite
def test_the_numbers_of_a_demo_are_open(client: FlaskClient) -> None:
    reply = client.get("/metrics")

    assert reply.status_code == 200
    assert reply.mimetype == "text/plain"
    assert "ferry_http_requests_total" in reply.text


def test_the_numbers_ask_for_their_token(
    content_dir: Path, tmp_path: Path, sqlite_alone: Database
) -> None:
    client = make_client(content_dir, tmp_path, sqlite_alone, metrics_token="long-word")

    def ask(header: str | None) -> int:
        headers = {"Authorization": header} if header else {}
        return client.get("/metrics", headers=headers).status_code

    assert ask("Bearer long-word") == ask("bearer long-word") == 200
    for wrong in (None, "Bearer long-wor", "Bearer long-word2", "long-word", "Basic long-word",
                  "Bearer ", "Bearer \xe9", "Bearer long-word\xe9"):  # fmt: skip
        assert ask(wrong) == 401, wrong
