"""A department's system gets its token: RFC 6749, by form and by Basic."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from backend import departments
from backend.core import clock
from backend.core.database import Database
from backend.departments.models import DepartmentClient, DepartmentToken
from backend.departments.rules import SWEPT_PER_GRANT
from tests.conftest import Caller
from tests.core.once import on_sqlite
from tests.core.problems import assert_problem
from tests.core.together import together

TOKEN = "/v1/department/token"  # an address
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Credentials:
    """A client's id and secret."""

    id: str
    secret: str


@pytest.fixture
def water(database: Database) -> Credentials:
    with database.transaction() as db:
        return Credentials(
            *departments.admit_client(db, "WSD", frozenset({"bills", "other"}), clock.now())
        )


def ask(client: FlaskClient, credentials: Credentials, **changes: str) -> Any:
    form = {
        "grant_type": "client_credentials",
        "client_id": credentials.id,
        "client_secret": credentials.secret,
        **changes,
    }
    return client.post(TOKEN, data=form)


def basic(user: str, password: str) -> dict[str, str]:
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}


GRANT = {"grant_type": "client_credentials"}


def assert_refused(reply: Any, status: int, error: str) -> None:
    problem = assert_problem(reply, status, error)
    assert problem["error"] == error
    assert ("WWW-Authenticate" in reply.headers) == (status == 401)


def test_right_credentials_get_a_short_lived_token(client: FlaskClient, water: Credentials) -> None:
    reply = ask(client, water)

    assert reply.status_code == 200
    assert set(reply.json) == {"access_token", "token_type", "expires_in", "scope"}
    assert (reply.json["token_type"], reply.json["expires_in"]) == ("Bearer", 600)
    assert reply.json["scope"] == "bills other"
    assert reply.json["access_token"].startswith("fdt_")
    assert reply.headers["Cache-Control"] == "no-store"


@on_sqlite
def test_credentials_may_come_by_basic(client: FlaskClient, water: Credentials) -> None:
    reply = client.post(TOKEN, data=GRANT, headers=basic(water.id, water.secret))

    assert reply.status_code == 200


@on_sqlite
def test_basic_is_percent_encoded_within(client: FlaskClient, water: Credentials) -> None:
    encoded = ["".join(f"%{ord(char):02X}" for char in text) for text in (water.id, water.secret)]

    fully = client.post(TOKEN, data=GRANT, headers=basic(*encoded))
    usual = client.post(
        TOKEN, data=GRANT, headers=basic(quote_plus(water.id), quote_plus(water.secret))
    )

    assert fully.status_code == usual.status_code == 200


@on_sqlite
def test_the_client_id_may_stand_in_the_form_beside_basic(
    client: FlaskClient, water: Credentials
) -> None:
    form = {**GRANT, "client_id": water.id}

    reply = client.post(TOKEN, data=form, headers=basic(water.id, water.secret))

    assert reply.status_code == 200


@on_sqlite
def test_two_ways_of_proving_at_once_are_refused(client: FlaskClient, water: Credentials) -> None:
    form = {**GRANT, "client_id": water.id, "client_secret": water.secret}

    reply = client.post(TOKEN, data=form, headers=basic(water.id, water.secret))

    assert_refused(reply, 400, "invalid_request")


BROKEN_BASIC = (
    "Basic", "Basic ", "Basic %%%", "Basic bm8gY29sb24=", "Basic " + base64.b64encode(b"\xff:\xff").decode(),
    "Basic " + base64.b64encode(b"a\0b:c").decode(), "Basic " + base64.b64encode(b"%00:%00").decode(),
    "Basic " + base64.b64encode(b"%ff:%ed%a0%80").decode(), "Basic " + base64.b64encode(b":").decode(),
    "basic Og==", "Basic é", "Basic " + base64.b64encode(b"x" * 20_000 + b":y").decode(),
)  # fmt: skip


def test_broken_basic_is_no_client(client: FlaskClient, water: Credentials) -> None:
    for header in BROKEN_BASIC:
        form = {**GRANT, "client_id": water.id}
        reply = client.post(TOKEN, data=form, headers={"Authorization": header})

        assert reply.status_code in {401, 429}, header
        if reply.status_code == 401:
            assert_refused(reply, 401, "invalid_client")


def test_an_unknown_client_and_a_wrong_secret_are_told_alike(
    client: FlaskClient, water: Credentials
) -> None:
    replies = [
        ask(client, water, client_secret="wrong"),
        ask(client, water, client_secret=""),
        ask(client, water, client_id="cli_nobody"),
        ask(client, water, client_id=""),
        ask(client, water, client_id="x" * 60_000),
        ask(client, water, client_secret=water.secret + "x"),
        ask(client, water, client_secret=water.secret.swapcase()),
    ]

    for reply in replies:
        assert_refused(reply, 401, "invalid_client")
        assert reply.headers["WWW-Authenticate"].startswith("Basic ")
    assert len({str({**reply.json, "trace_id": ""}) for reply in replies}) == 1


@on_sqlite
def test_another_grant_is_not_offered(client: FlaskClient, water: Credentials) -> None:
    for grant in (
        "password",
        "authorization_code",
        "refresh_token",
        "CLIENT_CREDENTIALS",
        "x" * 500,
    ):
        assert_refused(ask(client, water, grant_type=grant), 400, "unsupported_grant_type")


@on_sqlite
def test_a_request_without_a_grant_is_refused(client: FlaskClient, water: Credentials) -> None:
    assert_refused(ask(client, water, grant_type=""), 400, "invalid_request")
    assert_refused(client.post(TOKEN, data={"scope": "bills"}), 400, "invalid_request")


@on_sqlite
def test_a_doubled_parameter_is_refused(client: FlaskClient, water: Credentials) -> None:
    once = f"grant_type=client_credentials&client_id={water.id}&client_secret={water.secret}"

    for doubled in ("grant_type=client_credentials", f"client_id={water.id}", "scope=a&scope=b"):
        reply = client.post(TOKEN, data=f"{once}&{doubled}", content_type=FORM)
        assert_problem(reply, 400, "body_not_readable")


@on_sqlite
def test_an_unknown_parameter_is_passed_over(client: FlaskClient, water: Credentials) -> None:
    reply = ask(client, water, audience="https://ferry.example", scopes="admin")

    assert reply.status_code == 200
    assert reply.json["scope"] == "bills other"


@on_sqlite
def test_a_json_body_is_not_taken(client: FlaskClient, water: Credentials) -> None:
    reply = client.post(TOKEN, json={**GRANT, "client_id": water.id})

    assert_problem(reply, 415, "media_type_not_taken")


@on_sqlite
def test_credentials_in_the_address_count_for_nothing(
    client: FlaskClient, water: Credentials
) -> None:
    reply = client.post(f"{TOKEN}?client_id={water.id}&client_secret={water.secret}", data=GRANT)

    assert_refused(reply, 401, "invalid_client")


@on_sqlite
def test_a_client_may_ask_for_fewer_scopes(client: FlaskClient, water: Credentials) -> None:
    def granted(scope: str) -> str:
        reply = ask(client, water, scope=scope)
        assert reply.status_code == 200
        return str(reply.json["scope"])

    assert granted("bills") == "bills"
    assert granted("other bills") == granted("bills  other bills") == "bills other"
    assert granted("") == "bills other"


@on_sqlite
def test_a_client_may_not_ask_for_more(client: FlaskClient, water: Credentials) -> None:
    for scope in ("admin", "bills admin", "BILLS", "bill", " ", "*", "bills,other"):
        assert_refused(ask(client, water, scope=scope), 400, "invalid_scope")


@on_sqlite
def test_a_token_does_what_its_scope_says(client: FlaskClient, water: Credentials) -> None:
    token = ask(client, water, scope="other").json["access_token"]

    reply = client.post(
        "/v1/department/bills",
        json={},
        headers={"Authorization": f"Bearer {token}", "Idempotency-Key": "k"},
    )

    problem = assert_problem(reply, 403, "scope_missing")
    assert "bills" in problem["detail"]


@on_sqlite
def test_a_resident_is_no_department(client: FlaskClient, resident: Caller) -> None:
    headers = {**resident.headers, "Idempotency-Key": "k"}

    reply = client.post("/v1/department/bills", json={}, headers=headers)

    assert_problem(reply, 403, "not_your_door")


def test_an_ended_token_is_dead(
    client: FlaskClient, department: Caller, database: Database
) -> None:
    with database.transaction() as db:
        db.execute(update(DepartmentToken).values(expires_at=clock.now()))

    reply = client.post("/v1/department/bills", json={}, headers=department.headers)

    assert_problem(reply, 401, "sign_in_needed")


def test_the_token_of_a_client_that_is_gone_is_dead(
    client: FlaskClient,
    make_department: Callable[[str, frozenset[str]], Caller],
    database: Database,
) -> None:
    gone = make_department("WSD", frozenset({"bills"}))
    with database.transaction() as db:
        db.query(DepartmentToken).delete()
        db.query(DepartmentClient).delete()

    reply = client.post("/v1/department/bills", json={}, headers=gone.headers)

    assert_problem(reply, 401, "sign_in_needed")


@on_sqlite
def test_guessing_is_slowed_and_the_right_client_still_passes(
    client: FlaskClient, water: Credentials
) -> None:
    guesses = [ask(client, water, client_secret=f"guess-{n}") for n in range(12)]
    right = ask(client, water)
    later = ask(client, water, client_secret="guess")

    assert [reply.status_code for reply in guesses] == [401] * 10 + [429] * 2
    assert_problem(guesses[-1], 429, "too_many_requests")
    assert 0 < int(guesses[-1].headers["Retry-After"]) <= 300
    assert right.status_code == 200
    assert later.status_code == 429


@on_sqlite
def test_guessing_at_one_client_harms_no_other(
    client: FlaskClient, water: Credentials, database: Database
) -> None:
    for number in range(11):
        ask(client, water, client_secret=f"guess-{number}")
    with database.transaction() as db:
        other = Credentials(*departments.admit_client(db, "RVD", frozenset({"bills"}), clock.now()))

    assert ask(client, other, client_secret="wrong").status_code == 401
    assert ask(client, other).status_code == 200


def test_each_grant_sweeps_more_ended_tokens_than_it_adds(
    client: FlaskClient, water: Credentials, database: Database
) -> None:
    def count() -> int:
        with database.transaction(read_only=True) as db:
            return db.scalars(select(func.count()).select_from(DepartmentToken)).one()

    for _ in range(SWEPT_PER_GRANT + 2):
        ask(client, water)
    with database.transaction() as db:
        ended = clock.now() - timedelta(seconds=1)
        db.execute(update(DepartmentToken).values(expires_at=ended))

    ask(client, water)
    assert count() == 3
    ask(client, water)
    assert count() == 2


@pytest.mark.slow
def test_many_grants_at_once_all_succeed(
    app: Flask, water: Credentials, database: Database
) -> None:
    with database.transaction() as db:
        db.add_all(
            DepartmentToken(token_hash=f"{n:064x}", client_id=water.id, scopes="bills",
                            expires_at=clock.now() - timedelta(days=1))
            for n in range(100)
        )  # fmt: skip

    replies = together(8, lambda _: ask(app.test_client(), water))  # type: ignore[arg-type]

    assert {reply.status_code for reply in replies} == {200}
    assert len({reply.json["access_token"] for reply in replies}) == 8


def test_neither_secret_nor_token_is_in_the_file(
    client: FlaskClient, water: Credentials, database: Database, tmp_path: Path
) -> None:
    token = ask(client, water).json["access_token"]
    with database.transaction(read_only=True) as db:
        rows = [
            *db.execute(select(DepartmentClient.__table__)),
            *db.execute(select(DepartmentToken.__table__)),
        ]
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("ferry.db*")) + str(rows).encode()

    assert water.id.encode() in kept
    assert water.secret.encode() not in kept
    assert token.encode() not in kept
    assert token.removeprefix("fdt_").encode() not in kept
