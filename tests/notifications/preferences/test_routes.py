"""A resident chooses when and of what their phone tells them, and chooses for nobody else."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from backend.core.database import Database
from backend.notifications.preferences.models import PushPreferences
from tests.conftest import Caller
from tests.core.together import together

ADDRESS = "/v1/notifications/preferences"
MUTES = "/v1/notifications/mutes"
AT_FIRST = {
    "quiet_from": "22:00",
    "quiet_until": "08:00",
    "shows_details": False,
    "reminds_before": True,
    "reminds_on_day": True,
    "reminds_overdue": True,
    "tells_when_read": False,
}
OTHERWISE = {
    "quiet_from": "00:00",
    "quiet_until": "00:00",
    "shows_details": True,
    "reminds_before": False,
    "reminds_on_day": False,
    "reminds_overdue": False,
    "tells_when_read": True,
}


def get(client: FlaskClient, caller: Caller, address: str = ADDRESS) -> Any:
    return client.get(address, headers=caller.headers).json


def put(client: FlaskClient, caller: Caller, body: Any) -> Any:
    return client.put(ADDRESS, json=body, headers=caller.headers)


def muted(client: FlaskClient, caller: Caller) -> list[str]:
    return [item["department"]["id"] for item in get(client, caller, MUTES)["items"]]


def mute(client: FlaskClient, caller: Caller, department_id: str) -> Any:
    return client.put(f"{MUTES}/{department_id}", headers=caller.headers)


def unmute(client: FlaskClient, caller: Caller, department_id: str) -> Any:
    return client.delete(f"{MUTES}/{department_id}", headers=caller.headers)


def test_whoever_chose_nothing_has_quiet_nights_and_discreet_pushes(
    client: FlaskClient, resident: Caller
) -> None:
    assert get(client, resident) == AT_FIRST


def test_a_choice_takes_the_place_of_the_one_before_and_is_nobody_elses(
    client: FlaskClient, resident: Caller, neighbour: Caller
) -> None:
    first = put(client, resident, OTHERWISE)
    told = get(client, resident)
    second = put(client, resident, AT_FIRST | {"quiet_from": "23:59"})

    assert (first.status_code, first.json, told) == (200, OTHERWISE, OTHERWISE)
    assert second.json == get(client, resident) == AT_FIRST | {"quiet_from": "23:59"}
    assert get(client, neighbour) == AT_FIRST


@pytest.mark.parametrize("name", AT_FIRST)
def test_a_choice_is_whole_or_none(client: FlaskClient, resident: Caller, name: str) -> None:
    put(client, resident, OTHERWISE)
    partial = {each: value for each, value in AT_FIRST.items() if each != name}

    reply = put(client, resident, partial)

    assert (reply.status_code, reply.json["code"]) == (422, "invalid")
    assert reply.json["errors"][0]["pointer"] == f"#/{name}"
    assert get(client, resident) == OTHERWISE


@pytest.mark.parametrize(
    "hour",
    [
        "24:00",
        "7:30",
        "07:60",
        "0730",
        "07:30:00",
        "07:30\n",
        " 07:30",
        "٠٧:٣٠",
        "",
        "7",
        730,
        None,
    ],
)
def test_an_hour_has_one_spelling(client: FlaskClient, resident: Caller, hour: Any) -> None:
    for name in ("quiet_from", "quiet_until"):
        reply = put(client, resident, AT_FIRST | {name: hour})

        assert (reply.status_code, reply.json["code"]) == (422, "invalid")


@pytest.mark.parametrize(
    "more",
    [
        {"shows_details": "true"},
        {"tells_when_read": "yes"},
        {"reminds_before": None},
        {"resident_id": "res_1"},
        {"changed_at": "2026-11-23T00:00:00Z"},
    ],
)
def test_what_is_not_a_choice_is_refused(
    client: FlaskClient, resident: Caller, more: dict[str, Any]
) -> None:
    reply = put(client, resident, AT_FIRST | more)

    assert (reply.status_code, reply.json["code"]) == (422, "invalid")


@pytest.mark.slow
def test_first_choices_that_meet_are_all_taken(client: FlaskClient, resident: Caller) -> None:
    choices = [AT_FIRST | {"quiet_from": f"2{number}:00"} for number in range(4)]

    def choose(number: int) -> int:
        another = client.application.test_client()
        status: int = put(another, resident, choices[number]).status_code
        return status

    assert together(4, choose) == [200] * 4
    assert get(client, resident) in choices


def test_a_choice_is_dated(client: FlaskClient, database: Database, resident: Caller) -> None:
    dates = []
    for choice in (OTHERWISE, AT_FIRST):
        put(client, resident, choice)
        with database.transaction(read_only=True) as db:
            row = db.get(PushPreferences, resident.id)
            assert row is not None
            dates.append(row.changed_at)

    assert dates[0] < dates[1]


def test_departments_are_muted_and_heard_again_as_often_as_it_is_said(
    client: FlaskClient, resident: Caller, neighbour: Caller
) -> None:
    first = mute(client, resident, "WSD")
    again = mute(client, resident, "WSD")
    mute(client, resident, "RVD")
    both = muted(client, resident)
    gone = [unmute(client, resident, "WSD").status_code for _ in range(2)]

    assert first.status_code == again.status_code == 200
    assert first.json["department"] == {"id": "WSD", "name": "Water Supplies Department"}
    assert first.json == again.json
    assert both == ["RVD", "WSD"]
    assert gone == [204, 204]
    assert (muted(client, resident), muted(client, neighbour)) == (["RVD"], [])


@pytest.mark.parametrize("name", ["XYZ", "wsd", "WSD%00", "%ED%A0%80", "W" * 900, "水務署"])
def test_only_a_department_of_the_menu_can_be_muted(
    client: FlaskClient, resident: Caller, name: str
) -> None:
    refused, gone = mute(client, resident, name), unmute(client, resident, name)

    assert (refused.status_code, refused.json["code"]) == (404, "department_not_found")
    assert gone.status_code == 204
    assert muted(client, resident) == []


def test_a_department_that_left_the_menu_can_still_be_heard_again(
    client: FlaskClient, database: Database, resident: Caller
) -> None:
    mute(client, resident, "WSD")
    catalogue = client.application.extensions["catalogue"]
    department = catalogue.department_by_id.pop("WSD")

    told = get(client, resident, MUTES)["items"][0]["department"]
    gone = unmute(client, resident, "WSD")
    catalogue.department_by_id["WSD"] = department

    assert told == {"id": "WSD", "name": "WSD"}
    assert gone.status_code == 204
    assert muted(client, resident) == []
