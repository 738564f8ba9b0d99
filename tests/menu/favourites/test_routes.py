"""Services that a resident keeps at hand."""

from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from backend.core.database import Database
from backend.menu import Catalogue
from backend.menu.favourites.models import Favourite
from backend.menu.favourites.rules import MOST_FAVOURITES
from tests.conftest import Caller
from tests.core.together import together


def put(client: FlaskClient, caller: Caller, service_id: str) -> tuple[int, str]:
    reply = client.put(f"/v1/favourites/{service_id}", headers=caller.headers)
    return reply.status_code, reply.json.get("code", "")


def ids(client: FlaskClient, caller: Caller) -> list[str]:
    items = client.get("/v1/favourites", headers=caller.headers).json["items"]
    return [item["id"] for item in items]


def keep(database: Database, caller: Caller, service_ids: list[str]) -> None:
    """Write favourites straight into the rows, all of long ago."""
    long_ago = datetime(2026, 1, 1, tzinfo=UTC)
    with database.transaction() as db:
        for each in service_ids:
            db.add(Favourite(resident_id=caller.id, service_id=each, added_at=long_ago))


def test_favourites_are_listed_newest_first_as_in_the_menu(
    client: FlaskClient, resident: Caller
) -> None:
    for service_id in ("wsd-pay", "wsd-ebill"):
        put(client, resident, service_id)

    listed = client.get("/v1/favourites?lang=zh-Hant", headers=resident.headers).json

    in_the_menu = client.get("/v1/services/wsd-ebill?lang=zh-Hant").json
    notice = in_the_menu.pop("notice")
    assert [item["id"] for item in listed["items"]] == ["wsd-ebill", "wsd-pay"]
    assert listed["items"][0] == in_the_menu
    assert listed["notice"] == notice


def test_a_favourite_that_is_kept_again_keeps_its_place(
    client: FlaskClient, resident: Caller
) -> None:
    for service_id in ("wsd-pay", "wsd-ebill", "wsd-pay"):
        assert put(client, resident, service_id) == (200, "")

    assert ids(client, resident) == ["wsd-ebill", "wsd-pay"]


def test_a_favourite_is_let_go_and_that_twice_is_no_harm(
    client: FlaskClient, resident: Caller
) -> None:
    put(client, resident, "wsd-pay")

    gone = [client.delete("/v1/favourites/wsd-pay", headers=resident.headers) for _ in range(2)]

    assert [reply.status_code for reply in gone] == [204, 204]
    assert ids(client, resident) == []


def test_favourites_are_ones_own(client: FlaskClient, resident: Caller, neighbour: Caller) -> None:
    put(client, resident, "wsd-pay")

    client.delete("/v1/favourites/wsd-pay", headers=neighbour.headers)

    assert ids(client, neighbour) == []
    assert ids(client, resident) == ["wsd-pay"]


def test_a_service_that_the_catalogue_does_not_have_is_not_found(
    client: FlaskClient, resident: Caller
) -> None:
    assert put(client, resident, "no-such-service") == (404, "service_not_found")
    assert put(client, resident, "WSD-PAY") == (404, "not_found")


def test_a_service_that_left_the_catalogue_is_passed_over_and_can_be_let_go(
    client: FlaskClient, database: Database, resident: Caller
) -> None:
    keep(database, resident, ["left-the-catalogue"])
    put(client, resident, "wsd-pay")

    listed = ids(client, resident)
    gone = client.delete("/v1/favourites/left-the-catalogue", headers=resident.headers)

    assert listed == ["wsd-pay"]
    assert gone.status_code == 204


def test_there_is_room_for_fifty(
    client: FlaskClient, database: Database, resident: Caller, app: Flask
) -> None:
    catalogue: Catalogue = app.extensions["catalogue"]
    known = [service.id for service in catalogue.services_by_id][: MOST_FAVOURITES + 1]
    keep(database, resident, [*known[: MOST_FAVOURITES - 1], "left-the-catalogue"])

    last, past, again = (put(client, resident, known[n]) for n in (-2, -1, 0))

    assert (last, past, again) == ((200, ""), (422, "too_many_favourites"), (200, ""))
    assert len(ids(client, resident)) == MOST_FAVOURITES


@pytest.mark.slow
def test_the_last_place_is_had_by_one_of_two_at_once(
    client: FlaskClient, database: Database, resident: Caller, app: Flask
) -> None:
    catalogue: Catalogue = app.extensions["catalogue"]
    known = [service.id for service in catalogue.services_by_id][: MOST_FAVOURITES + 1]
    keep(database, resident, known[: MOST_FAVOURITES - 1])

    replies = together(2, lambda n: put(app.test_client(), resident, known[-1 - n])[0])

    assert sorted(replies) == [200, 422]


def test_a_favourite_takes_no_body(client: FlaskClient, resident: Caller) -> None:
    reply = client.put("/v1/favourites/wsd-pay", json={}, headers=resident.headers)

    assert (reply.status_code, reply.json["code"]) == (400, "body_not_expected")
