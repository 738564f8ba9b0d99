"""`ferry departments`: credentials given and taken back, as an operator does it."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from backend.cli import ferry
from backend.core.database import Database
from backend.departments.actions import dismiss_client
from tests.conftest import Caller
from tests.engines import SqliteRoom


@pytest.fixture
def run(sqlite_room: SqliteRoom, tmp_path: Path) -> CliRunner:
    sqlite_room.copy_to(tmp_path / "ferry.db")
    return CliRunner(env={"FERRY_STAGE": "demo", "FERRY_DATA_DIR": str(tmp_path)})


def test_an_admitted_client_is_shown_once_and_can_be_dismissed(run: CliRunner) -> None:
    admitted = run.invoke(ferry, ["departments", "admit", "WSD", "--scope", "bills"])
    client_id = admitted.stdout.split()[1]

    dismissed = run.invoke(ferry, ["departments", "dismiss", client_id])
    again = run.invoke(ferry, ["departments", "dismiss", client_id])

    assert admitted.exit_code == dismissed.exit_code == 0
    assert "client_secret" in admitted.stdout
    assert again.exit_code == 1
    assert f"There is no client {client_id}." in again.stderr


def test_an_unknown_scope_is_refused(run: CliRunner) -> None:
    refused = run.invoke(ferry, ["departments", "admit", "WSD", "--scope", "everything"])

    assert refused.exit_code == 2
    assert "everything" in refused.stderr


def test_a_department_that_the_catalogue_has_not_is_refused(run: CliRunner) -> None:
    refused = run.invoke(ferry, ["departments", "admit", "wsd", "--scope", "bills"])

    assert refused.exit_code == 1
    assert "no department wsd. Did you mean WSD?" in refused.stderr


def test_missing_settings_are_named_in_plain_sentences(tmp_path: Path) -> None:
    bare = CliRunner(env={"FERRY_STAGE": "production", "FERRY_DATA_DIR": str(tmp_path)})

    refused = bare.invoke(ferry, ["departments", "admit", "WSD", "--scope", "bills"])

    assert refused.exit_code == 1
    assert "FERRY_DATABASE_URL is missing" in refused.stderr


def test_a_dismissed_clients_token_is_dead_at_once(
    client: FlaskClient, department: Caller, database: Database
) -> None:
    before = client.post("/v1/department/bills", json={}, headers=department.headers)

    with database.transaction() as db:
        dismiss_client(db, department.id)

    after = client.post("/v1/department/bills", json={}, headers=department.headers)
    assert (before.status_code, after.status_code) == (400, 401)
