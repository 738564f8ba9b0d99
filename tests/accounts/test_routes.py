"""Signing in and out, and the phones that are told, over HTTP."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from backend.accounts import Device, devices_of
from backend.accounts.models import Resident, ResidentSession
from backend.accounts.rules import MOST_DEVICES, SWEPT_PER_SIGN_IN
from backend.core import clock
from backend.core.database import Database
from backend.gateways.identity_proofing import DEMO_PEOPLE
from tests.conftest import Caller
from tests.core.once import on_sqlite
from tests.core.problems import assert_problem
from tests.core.together import together

ADDRESS = "fcm-address-of-one-phone"


def sign_in_as(client: FlaskClient, subject: str) -> Any:
    return client.post("/v1/sessions", json={"provider": "demo", "proof": subject})


def register(
    client: FlaskClient, caller: Caller, device_id: str = "phone-0001", address: str = ADDRESS
) -> Any:
    body = {"platform": "android", "address": {"kind": "token", "value": address}}
    return client.put(f"/v1/devices/{device_id}", json=body, headers=caller.headers)


def owners(database: Database, address: str = ADDRESS) -> list[str]:
    with database.transaction(read_only=True) as db:
        return list(db.scalars(select(Device.resident_id).where(Device.address == address)))


def count(database: Database, table: type) -> int:
    with database.transaction(read_only=True) as db:
        return db.scalars(select(func.count()).select_from(table)).one()


def test_a_demo_person_signs_in(client: FlaskClient) -> None:
    reply = sign_in_as(client, "chan-sau-ying")

    assert reply.status_code == 201
    assert set(reply.json) == {"access_token", "token_type", "expires_in", "resident"}
    assert (reply.json["token_type"], reply.json["expires_in"]) == ("Bearer", 600)
    assert set(reply.json["resident"]) == {"id", "name", "language", "level"}
    assert reply.json["resident"]["name"] == "陳秀英"
    assert reply.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in reply.headers


@on_sqlite
def test_a_token_is_256_random_bits_and_new_each_time(client: FlaskClient) -> None:
    tokens = {sign_in_as(client, "chan-sau-ying").json["access_token"] for _ in range(5)}

    assert len(tokens) == 5
    assert all(token.startswith("frt_") and len(token) == 4 + 43 for token in tokens)


def test_a_person_stays_the_same_resident(client: FlaskClient, database: Database) -> None:
    ids = {sign_in_as(client, "chan-sau-ying").json["resident"]["id"] for _ in range(3)}
    others = {sign_in_as(client, "li-xiaoyu").json["resident"]["id"]}

    assert len(ids) == 1
    assert not ids & others
    assert count(database, Resident) == 2


@pytest.mark.slow
def test_a_first_sign_in_from_ten_phones_at_once_makes_one_resident(
    app: Flask, database: Database
) -> None:
    replies = together(10, lambda _: sign_in_as(app.test_client(), "chan-sau-ying"))  # type: ignore[arg-type]

    assert {reply.status_code for reply in replies} == {201}
    assert len({reply.json["resident"]["id"] for reply in replies}) == 1
    assert count(database, ResidentSession) == 10


@on_sqlite
def test_what_is_wrong_with_a_sign_in_is_named(client: FlaskClient, database: Database) -> None:
    def refusal(**body: object) -> tuple[int, str]:
        reply = client.post("/v1/sessions", json=body)
        assert_problem(reply, reply.status_code, reply.json["code"])
        return reply.status_code, reply.json["code"]

    assert refusal(provider="demo", proof="nobody") == (422, "proof_not_accepted")
    assert refusal(provider="demo", proof="CHAN-SAU-YING") == (422, "proof_not_accepted")
    assert refusal(provider="bank", proof="chan-sau-ying") == (422, "provider_not_known")
    assert refusal(provider="demo") == (422, "invalid")
    assert refusal(provider="demo", proof="") == (422, "invalid")
    assert refusal(provider="demo", proof=["chan-sau-ying"]) == (422, "invalid")
    assert refusal(provider="demo", proof="chan-sau-ying", level="plus") == (422, "invalid")
    assert refusal(provider="demo", proof="x" * 4001) == (422, "invalid")
    assert (count(database, Resident), count(database, ResidentSession)) == (0, 0)


@on_sqlite
def test_a_chosen_token_is_never_taken_over(client: FlaskClient) -> None:
    planted = {"Authorization": "Bearer frt_" + "a" * 43}

    reply = client.post(
        "/v1/sessions", json={"provider": "demo", "proof": "chan-sau-ying"}, headers=planted
    )

    assert reply.json["access_token"] not in planted["Authorization"]
    assert client.get("/v1/bills", headers=planted).status_code == 401


def test_a_signed_out_session_is_dead_at_once_and_no_other(
    client: FlaskClient, sign_in: Callable[[str], Caller]
) -> None:
    here, there = sign_in("chan-sau-ying"), sign_in("chan-sau-ying")

    reply = client.delete("/v1/sessions/current", headers=here.headers)

    assert (reply.status_code, reply.data) == (204, b"")
    assert_problem(client.get("/v1/bills", headers=here.headers), 401, "sign_in_needed")
    again = client.delete("/v1/sessions/current", headers=here.headers)
    assert_problem(again, 401, "sign_in_needed")
    assert client.get("/v1/bills", headers=there.headers).status_code == 200


@on_sqlite
def test_a_department_has_no_phone_and_no_session(client: FlaskClient, department: Caller) -> None:
    replies = [
        register(client, department),
        client.delete("/v1/devices/phone-0001", headers=department.headers),
        client.delete("/v1/sessions/current", headers=department.headers),
        client.get("/v1/bills", headers=department.headers),
    ]

    for reply in replies:
        assert_problem(reply, 403, "not_your_door")


def test_each_sign_in_sweeps_more_ended_sessions_than_it_adds(
    client: FlaskClient, database: Database, sign_in: Callable[[str], Caller]
) -> None:
    alive = sign_in("li-xiaoyu")
    for _ in range(SWEPT_PER_SIGN_IN + 2):
        sign_in("chan-sau-ying")
    ended = clock.now() - timedelta(seconds=1)
    with database.transaction() as db:
        theirs = ResidentSession.resident_id != alive.id
        db.execute(update(ResidentSession).where(theirs).values(expires_at=ended))

    sign_in("priya-nair")

    assert count(database, ResidentSession) == 1 + 2 + 1
    assert client.get("/v1/bills", headers=alive.headers).status_code == 200
    sign_in("priya-nair")
    assert count(database, ResidentSession) == 1 + 2


def test_a_phone_is_registered_and_its_address_not_shown(
    client: FlaskClient, resident: Caller, database: Database
) -> None:
    reply = register(client, resident)

    assert reply.status_code == 200
    assert set(reply.json) == {"id", "platform", "registered_at"}
    assert reply.json["id"] == "phone-0001"
    assert ADDRESS not in reply.text
    assert owners(database) == [resident.id]


def test_a_phone_with_a_new_address_is_the_same_phone(
    client: FlaskClient, resident: Caller, database: Database
) -> None:
    register(client, resident)

    reply = register(client, resident, address="another-address")

    assert reply.status_code == 200
    assert owners(database) == []
    assert owners(database, "another-address") == [resident.id]
    assert count(database, Device) == 1


def test_the_same_registration_again_changes_nothing(
    client: FlaskClient, resident: Caller, database: Database
) -> None:
    replies = [register(client, resident) for _ in range(3)]

    assert {reply.status_code for reply in replies} == {200}
    assert count(database, Device) == 1


def test_an_address_moves_to_whoever_signs_in_on_that_phone(
    client: FlaskClient, resident: Caller, neighbour: Caller, database: Database
) -> None:
    register(client, resident)

    register(client, neighbour)

    assert owners(database) == [neighbour.id]
    register(client, resident)
    assert owners(database) == [resident.id]


def test_a_reinstalled_app_leaves_one_device_for_its_address(
    client: FlaskClient, resident: Caller, database: Database
) -> None:
    register(client, resident, "phone-0001")

    register(client, resident, "phone-0002")

    assert count(database, Device) == 1


def test_two_residents_may_give_their_phones_one_name(
    client: FlaskClient, resident: Caller, neighbour: Caller, database: Database
) -> None:
    register(client, resident, address="address-1")
    register(client, neighbour, address="address-2")

    assert count(database, Device) == 2


@pytest.mark.slow
def test_the_eleventh_phone_is_refused_until_one_is_forgotten(
    client: FlaskClient, resident: Caller, database: Database
) -> None:
    for number in range(MOST_DEVICES):
        assert (
            register(client, resident, f"phone-{number:04d}", f"address-{number}").status_code
            == 200
        )

    eleventh = register(client, resident, "phone-0010", "address-10")

    assert_problem(eleventh, 422, "too_many_devices")
    assert str(MOST_DEVICES) in eleventh.json["detail"]
    assert register(client, resident, "phone-0003", "address-new").status_code == 200
    assert client.delete("/v1/devices/phone-0000", headers=resident.headers).status_code == 204
    assert register(client, resident, "phone-0010", "address-10").status_code == 200
    assert count(database, Device) == MOST_DEVICES


def test_a_refused_phone_takes_no_address_away(
    client: FlaskClient, resident: Caller, neighbour: Caller, database: Database
) -> None:
    register(client, neighbour)
    with database.transaction() as db:
        db.add_all(
            Device(resident_id=resident.id, installation_id=f"old-{n}", platform="ios",
                   address_kind="token", address=f"old-{n}", registered_at=clock.now())
            for n in range(MOST_DEVICES)
        )  # fmt: skip

    reply = register(client, resident)

    assert reply.status_code == 422
    assert owners(database) == [neighbour.id]


def test_a_forgotten_phone_is_gone(
    client: FlaskClient, resident: Caller, database: Database
) -> None:
    register(client, resident)

    first = client.delete("/v1/devices/phone-0001", headers=resident.headers)
    again = client.delete("/v1/devices/phone-0001", headers=resident.headers)

    assert first.status_code == 204
    assert_problem(again, 404, "device_not_found")
    assert count(database, Device) == 0


@on_sqlite
def test_a_neighbours_phone_looks_like_no_phone(
    client: FlaskClient, resident: Caller, neighbour: Caller, database: Database
) -> None:
    register(client, resident, "phone-0001")

    foreign = client.delete("/v1/devices/phone-0001", headers=neighbour.headers)
    missing = client.delete("/v1/devices/phone-0002", headers=neighbour.headers)

    assert_problem(foreign, 404, "device_not_found")
    assert {**foreign.json, "trace_id": ""} == {**missing.json, "trace_id": ""}
    assert owners(database) == [resident.id]


@on_sqlite
def test_a_phone_that_makes_no_sense_is_refused(
    client: FlaskClient, resident: Caller, database: Database
) -> None:
    sound = {"platform": "android", "address": {"kind": "token", "value": ADDRESS}}
    bodies: list[Any] = [
        {}, {"platform": "android"}, {**sound, "platform": "symbian"}, {**sound, "address": ADDRESS},
        {**sound, "address": None}, {**sound, "id": "x"}, {**sound, "resident_id": "res_1"},
        *({**sound, "address": {"kind": "token", "value": value}}
          for value in ("short", "with blank", "é" * 9, "x" * 4097, f"{ADDRESS}\n", 12345678, None)),
        {**sound, "address": {"kind": "mail", "value": ADDRESS}},
        {**sound, "address": {"kind": "token", "value": ADDRESS, "more": 1}},
    ]  # fmt: skip

    for body in bodies:
        reply = client.put("/v1/devices/phone-0001", json=body, headers=resident.headers)
        assert_problem(reply, 422, "invalid")
    assert count(database, Device) == 0


@on_sqlite
def test_a_phones_name_has_one_spelling(client: FlaskClient, resident: Caller) -> None:
    for name in ("short", "x" * 65, "phone 0001", "phone.0001", "%E6%89%8B" * 8, "phone-0001%0a"):
        assert_problem(register(client, resident, name), 404, "not_found")
    for name in ("phone001", "x" * 64, "A-b_0123"):
        assert register(client, resident, name).status_code == 200


@pytest.mark.slow
def test_two_residents_racing_for_one_address_leave_one_owner(
    app: Flask, database: Database, resident: Caller, neighbour: Caller
) -> None:
    callers = [resident, neighbour] * 4

    def race(number: int) -> Any:
        return register(app.test_client(), callers[number])  # type: ignore[arg-type]

    for _ in range(5):
        replies = together(len(callers), race)

        assert {reply.status_code for reply in replies} <= {200, 409}
        assert any(reply.status_code == 200 for reply in replies)
        assert len(owners(database)) == 1


@pytest.mark.slow
def test_one_resident_racing_past_the_limit_stays_within_it(
    app: Flask, database: Database, resident: Caller
) -> None:
    def race(number: int) -> Any:
        client: Any = app.test_client()
        return register(client, resident, f"phone-{number:04d}", f"address-{number}")

    replies = together(MOST_DEVICES + 6, race)

    assert sorted(reply.status_code for reply in replies) == [200] * MOST_DEVICES + [422] * 6
    assert count(database, Device) == MOST_DEVICES


@pytest.mark.slow
def test_one_phone_racing_with_itself_is_one_phone(
    app: Flask, database: Database, resident: Caller
) -> None:
    def race(number: int) -> Any:
        client: Any = app.test_client()
        if number % 3 == 2:
            return client.delete("/v1/devices/phone-0001", headers=resident.headers)
        return register(client, resident)

    for _ in range(5):
        replies = together(9, race)
        assert {reply.status_code for reply in replies} <= {200, 204, 404, 409}

    register(app.test_client(), resident)  # type: ignore[arg-type]
    with database.transaction(read_only=True) as db:
        assert len(db.scalars(devices_of(resident.id)).all()) == 1


def test_the_demo_people_are_invented_and_apart() -> None:
    assert len({person.subject for person in DEMO_PEOPLE}) == len(DEMO_PEOPLE)
    assert {person.level for person in DEMO_PEOPLE} == {"smart", "plus"}
