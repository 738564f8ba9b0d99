"""Doors: who may come in, by what token, and what an unwelcome caller hears."""

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Blueprint, Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, update

from backend.accounts.models import ResidentSession
from backend.app import BLUEPRINTS
from backend.core import access, clock
from backend.core.access import ANYONE, DOORS, GUEST, DepartmentCaller, Door, ResidentCaller
from backend.core.database import Database
from backend.departments.actions import admit_client, grant_token
from tests.core.conftest import token_of
from tests.core.problems import assert_problem


def test_every_blueprint_has_its_door_and_every_door_its_blueprint() -> None:
    assert {blueprint.name for blueprint in BLUEPRINTS} == set(DOORS)


def test_only_these_doors_stand_open() -> None:
    stand_open = {name for name, door in DOORS.items() if door == ANYONE}

    assert stand_open == {
        "operations",
        "api-page",
        "menu",
        "suggestions",
        "feedback",
        "sign-in",
        "department-sign-in",
        "bank-callbacks",
        "calendar-feed",
        "receipt-check",
        "message-check",
    }
    assert {"menu"} == access.CACHEABLE <= stand_open


def test_strangers_and_residents_share_these_doors() -> None:
    shared = {name for name, door in DOORS.items() if door == GUEST}

    assert shared == {"assistant", "conversations"}
    assert not shared & access.CACHEABLE


def test_a_departments_door_asks_for_a_scope() -> None:
    doors = [door for door in DOORS.values() if door.kind is DepartmentCaller]

    assert set(doors) == {Door(DepartmentCaller, "bills")}


def test_a_blueprint_without_a_door_stops_the_start() -> None:
    app = Flask("unlisted")
    app.register_blueprint(Blueprint("back-door", __name__))

    with pytest.raises(LookupError, match="back-door"):
        access.guard(app, [])


def test_a_route_outside_any_blueprint_stops_the_start() -> None:
    app = Flask("unlisted", static_folder=None)
    app.add_url_rule("/hole", view_func=lambda: "in")

    with pytest.raises(LookupError, match="a route of no blueprint"):
        access.guard(app, [])


def test_a_route_added_after_the_start_stays_shut(plain: FlaskClient) -> None:
    plain.application.add_url_rule("/hole", view_func=lambda: "in")

    assert_problem(plain.get("/hole"), 500, "internal_server_error")


def test_a_signed_in_resident_comes_in(small: FlaskClient, database: Database) -> None:
    reply = small.get("/mine/id", headers=token_of(database))

    assert reply.json["id"].startswith("res_")


def test_without_a_token_the_door_says_how_to_get_one(plain: FlaskClient) -> None:
    reply = plain.get("/mine/id")

    assert_problem(reply, 401, "sign_in_needed")
    assert reply.headers["WWW-Authenticate"] == 'Bearer realm="ferry"'


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_may_be_in_any_case(
    plain: FlaskClient, sqlite_alone: Database, scheme: str
) -> None:
    token = token_of(sqlite_alone)["Authorization"].partition(" ")[2]

    reply = plain.get("/mine/id", headers={"Authorization": f"{scheme} {token}"})

    assert reply.status_code == 200


@pytest.mark.parametrize(
    "header",
    ["", " ", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "Token {token}", "{token}",
     "Bearer,{token}", "Bearer:{token}", "Bearer\t{token}", "BearerX {token}", "Digest x=y"],
)  # fmt: skip
def test_what_is_no_bearer_token_is_no_sign_in(
    plain: FlaskClient, sqlite_alone: Database, header: str
) -> None:
    token = token_of(sqlite_alone)["Authorization"].partition(" ")[2]

    reply = plain.get("/mine/id", headers={"Authorization": header.format(token=token)})

    assert_problem(reply, 401, "sign_in_needed")
    assert reply.headers["WWW-Authenticate"] == 'Bearer realm="ferry"'


@pytest.mark.parametrize(
    "header",
    ["Bearer  {token}", "Bearer {token} x", "Bearer {token},", "Bearer x{token}",
     "Bearer {token}x", "Bearer {upper}", "Bearer {token}\x7f", "Bearer \xe9", "Bearer \xb2",
     "Bearer frt_", "Bearer fdt_", "Bearer null", "Bearer ' or 1=1 --", "Bearer =", "Bearer %00",
     "Bearer " + "x" * 10_000, "Bearer frt_" + "x" * 10_000, "Bearer {token}, Bearer {token}"],
    ids=lambda header: ascii(header[:30]),
)  # fmt: skip
def test_a_token_that_is_not_ours_is_refused(
    plain: FlaskClient, sqlite_alone: Database, header: str
) -> None:
    token = token_of(sqlite_alone)["Authorization"].partition(" ")[2]
    sent = header.format(token=token, upper=token.upper())

    reply = plain.get("/mine/id", headers={"Authorization": sent})

    assert_problem(reply, 401, "sign_in_needed")
    assert 'error="invalid_token"' in reply.headers["WWW-Authenticate"]


def test_a_token_anywhere_but_in_its_header_is_no_sign_in(
    plain: FlaskClient, sqlite_alone: Database
) -> None:
    token = token_of(sqlite_alone)["Authorization"].partition(" ")[2]

    plain.set_cookie("access_token", token)
    reply = plain.get(
        f"/mine/id?access_token={token}", headers={"X-Authorization": f"Bearer {token}"}
    )

    assert_problem(reply, 401, "sign_in_needed")


def test_a_token_is_dead_the_moment_it_expires(small: FlaskClient, database: Database) -> None:
    headers = token_of(database)
    with database.transaction() as db:
        db.execute(update(ResidentSession).values(expires_at=clock.now()))

    assert_problem(small.get("/mine/id", headers=headers), 401, "sign_in_needed")


def test_a_token_lives_until_then(small: FlaskClient, database: Database) -> None:
    headers = token_of(database)
    with database.transaction() as db:
        soon = clock.now() + timedelta(seconds=30)
        db.execute(update(ResidentSession).values(expires_at=soon))

    assert small.get("/mine/id", headers=headers).status_code == 200


def test_a_revoked_token_is_dead_at_once(small: FlaskClient, database: Database) -> None:
    headers = token_of(database)
    with database.transaction() as db:
        db.execute(delete(ResidentSession))

    assert_problem(small.get("/mine/id", headers=headers), 401, "sign_in_needed")


def test_a_token_is_nowhere_in_the_file(
    plain: FlaskClient, sqlite_alone: Database, sqlite_file: Path
) -> None:
    token = token_of(sqlite_alone)["Authorization"].partition(" ")[2]
    plain.get("/mine/id", headers={"Authorization": f"Bearer {token}"})

    kept = b"".join(path.read_bytes() for path in sqlite_file.parent.glob("alone.db*"))

    assert b"resident_sessions" in kept
    assert token.encode() not in kept
    assert token.removeprefix("frt_").encode() not in kept


def test_a_stranger_comes_in_at_a_guests_door(plain: FlaskClient) -> None:
    assert plain.get("/guest/id").json == {"id": None}


def test_a_resident_at_a_guests_door_is_known(small: FlaskClient, database: Database) -> None:
    reply = small.get("/guest/id", headers=token_of(database))

    assert reply.json["id"].startswith("res_")


@pytest.mark.parametrize("header", ["", "Basic dXNlcjpwYXNz", "Bearer frt_" + "x" * 43])
def test_who_claims_to_be_somebody_at_a_guests_door_must_be(
    plain: FlaskClient, header: str
) -> None:
    reply = plain.get("/guest/id", headers={"Authorization": header})

    assert_problem(reply, 401, "sign_in_needed")


def test_a_department_is_no_guest(plain: FlaskClient, sqlite_alone: Database) -> None:
    with sqlite_alone.transaction() as db:
        now = clock.now()
        client_id, secret = admit_client(db, "WSD", frozenset({"bills"}), now)
        grant = grant_token(db, client_id, secret, "bills", now=now, minutes=10)

    headers = {"Authorization": f"Bearer {grant.access_token}"}
    reply = plain.get("/guest/id", headers=headers)

    assert_problem(reply, 403, "not_your_door")


def test_options_at_a_closed_door_needs_a_token_too(plain: FlaskClient) -> None:
    assert_problem(plain.options("/mine/id"), 401, "sign_in_needed")


def test_a_head_is_let_in_like_a_get(plain: FlaskClient, sqlite_alone: Database) -> None:
    reply = plain.head("/mine/id", headers=token_of(sqlite_alone))

    assert (reply.status_code, reply.data) == (200, b"")


def test_callers_go_by_their_account() -> None:
    assert ResidentCaller("res_1", "plus", "ses_1").name == "res_1"
    assert DepartmentCaller("WSD", "cli_1", frozenset()).name == "cli_1"
