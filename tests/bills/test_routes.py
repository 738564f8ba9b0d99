"""Posting a bill and reading one's own, over HTTP."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from backend.core import clock
from tests.conftest import Caller


def post(client: FlaskClient, department: Caller, key: str = "k1", **changes: Any) -> Any:
    """Post a sound bill, changed as asked; a member that is None is left out."""
    bill = {
        "bill_number": "W-1",
        "kind": "water",
        "amount_cents": 41850,
        "due_on": "2026-12-20",
        "issued_on": "2026-11-20",
        **changes,
    }
    bill = {name: value for name, value in bill.items() if value is not None}
    return client.post(
        "/v1/department/bills", json=bill, headers={**department.headers, "Idempotency-Key": key}
    )


def test_a_posted_bill_is_seen_by_its_resident(
    client: FlaskClient, resident: Caller, department: Caller
) -> None:
    posted = post(client, department, resident_id=resident.id)

    assert posted.status_code == 201
    listed = client.get("/v1/bills?lang=zh-Hant", headers=resident.headers).json
    assert [bill["id"] for bill in listed["items"]] == [posted.json["id"]]
    assert listed["items"][0]["title"] == "水費及排污費"
    assert listed["items"][0]["department"] == {"id": "WSD", "name": "水務署"}
    assert listed["next"] is None
    one = client.get(f"/v1/bills/{posted.json['id']}", headers=resident.headers)
    assert one.json["amount_cents"] == 41850


def test_a_posted_bill_is_told_once_in_the_inbox(
    client: FlaskClient, resident: Caller, department: Caller
) -> None:
    posted = post(client, department, resident_id=resident.id)

    inbox = client.get("/v1/messages?lang=en", headers=resident.headers).json["items"]

    assert [message["about"] for message in inbox] == [posted.json["id"]]
    assert inbox[0]["title"] == "New bill from Water Supplies Department"
    assert inbox[0]["body"] == "HK$418.50 is due on 2026-12-20."


def test_the_same_key_gives_the_same_answer_and_tells_nobody_again(
    client: FlaskClient, resident: Caller, department: Caller
) -> None:
    first = post(client, department, resident_id=resident.id)

    again = post(client, department, resident_id=resident.id)

    assert (again.status_code, again.data) == (first.status_code, first.data)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(client.get("/v1/messages", headers=resident.headers).json["items"]) == 1


def test_the_same_bill_under_another_key_is_the_bill_that_stands(
    client: FlaskClient, resident: Caller, department: Caller
) -> None:
    first = post(client, department, key="k1", resident_id=resident.id)

    again = post(client, department, key="k2", resident_id=resident.id)

    assert again.status_code == 200
    assert again.json == first.json
    assert len(client.get("/v1/messages", headers=resident.headers).json["items"]) == 1


def test_the_same_bill_again_after_its_last_day_is_the_bill_that_stands(
    client: FlaskClient, resident: Caller, department: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = clock.hong_kong_date(clock.now())
    bill = {"due_on": today.isoformat(), "issued_on": None, "resident_id": resident.id}
    first = post(client, department, key="k1", **bill)
    tomorrow = today + timedelta(days=1)
    monkeypatch.setattr(clock, "hong_kong_date", lambda _moment: tomorrow)

    again = post(client, department, key="k2", **bill)

    assert (again.status_code, again.json["id"]) == (200, first.json["id"])


def test_another_bill_under_the_same_number_is_refused(
    client: FlaskClient, resident: Caller, department: Caller
) -> None:
    post(client, department, key="k1", resident_id=resident.id)

    other = post(client, department, key="k2", resident_id=resident.id, amount_cents=1)

    assert (other.status_code, other.json["code"]) == (409, "bill_number_taken")


def test_a_key_with_another_payload_is_refused(
    client: FlaskClient, resident: Caller, department: Caller
) -> None:
    post(client, department, resident_id=resident.id)

    other = post(client, department, resident_id=resident.id, amount_cents=1)

    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reused")


def test_a_post_without_a_key_is_refused(
    client: FlaskClient, resident: Caller, department: Caller
) -> None:
    reply = client.post("/v1/department/bills", json={}, headers=department.headers)

    assert (reply.status_code, reply.json["code"]) == (400, "idempotency_key_missing")


def test_a_refused_bill_does_not_use_its_key_up(
    client: FlaskClient, resident: Caller, department: Caller
) -> None:
    refused = post(client, department, resident_id=resident.id, amount_cents=0)

    mended = post(client, department, resident_id=resident.id)

    assert (refused.status_code, mended.status_code) == (422, 201)
    assert refused.json["errors"][0]["pointer"] == "#/amount_cents"


def test_a_bill_for_nobody_is_refused(client: FlaskClient, department: Caller) -> None:
    reply = post(client, department, resident_id="res_00000000000000000000000000")

    assert (reply.status_code, reply.json["code"]) == (422, "resident_not_known")


def test_a_bill_due_before_it_is_issued_is_refused(
    client: FlaskClient, resident: Caller, department: Caller
) -> None:
    reply = post(client, department, resident_id=resident.id, due_on="2026-11-19")

    assert (reply.status_code, reply.json["code"]) == (422, "bill_dates_wrong")


def test_a_neighbours_bill_looks_like_no_bill(
    client: FlaskClient, resident: Caller, neighbour: Caller, department: Caller
) -> None:
    bill_id = post(client, department, resident_id=resident.id).json["id"]
    missing_id = bill_id[:-4] + "0000"

    foreign = client.get(f"/v1/bills/{bill_id}", headers=neighbour.headers)
    missing = client.get(f"/v1/bills/{missing_id}", headers=neighbour.headers)

    assert foreign.status_code == missing.status_code == 404
    same = [{**reply.json, "trace_id": ""} for reply in (foreign, missing)]
    assert same[0] == same[1]
    assert client.get("/v1/bills", headers=neighbour.headers).json["items"] == []


def test_bills_come_in_pages_the_first_due_first(
    client: FlaskClient, resident: Caller, department: Caller
) -> None:
    for number in range(5):
        due_on = f"2026-12-{20 - number // 2:02d}"
        post(
            client,
            department,
            key=f"k{number}",
            resident_id=resident.id,
            bill_number=f"W-{number}",
            due_on=due_on,
        )

    seen, address = [], "/v1/bills?limit=2"
    while address:
        page = client.get(address, headers=resident.headers).json
        seen += [(bill["due_on"], bill["bill_number"]) for bill in page["items"]]
        address = page["next"]

    assert len(seen) == 5
    assert [due_on for due_on, _ in seen] == sorted(due_on for due_on, _ in seen)
    assert len(set(seen)) == 5


def test_a_department_without_the_scope_may_not_post(
    client: FlaskClient,
    resident: Caller,
    make_department: Callable[[str, frozenset[str]], Caller],
) -> None:
    reply = post(client, make_department("RVD", frozenset()), resident_id=resident.id)

    assert (reply.status_code, reply.json["code"]) == (403, "scope_missing")
