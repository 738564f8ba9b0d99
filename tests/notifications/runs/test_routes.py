"""The pushes of a bill run over HTTP, to the department's own clients."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from backend.core import clock
from backend.core.clock import new_id
from backend.core.database import Database
from backend.notifications import RunPlan, open_push_run, plan_pushes
from tests.conftest import Caller

MEMBERS = {
    *("id", "state", "bills", "planned", "waiting", "sent", "failed", "dropped", "is_whole"),
    *("needs_approval", "started_by", "approved_by", "approved_at", "starts_at", "over_minutes"),
    *("created_at", "settled_at"),
}
Open = Callable[..., str]


@pytest.fixture
def open_run(database: Database) -> Open:
    """Open a push run of five pushes for so many bills; return its address."""

    def opening(bills: int, started_by: str | None = None) -> str:
        plan = RunPlan(new_id("run"), "WSD", bills, started_by, over_minutes=60)
        with database.transaction() as db:
            plan_pushes(db, open_push_run(db, plan, clock.now()), 5, is_last=True)
        return f"/v1/department/bill-runs/{plan.run_id}/pushes"

    return opening


def test_a_run_is_shown_with_its_counts(
    client: FlaskClient, department: Caller, open_run: Open
) -> None:
    shown = client.get(open_run(7, "cli_somebody"), headers=department.headers)

    assert shown.status_code == 200
    assert set(shown.json) == MEMBERS
    counts = [shown.json[name] for name in ("bills", "planned", "waiting", "sent", "dropped")]
    assert counts == [7, 5, 5, 0, 0]
    assert (shown.json["started_by"], shown.json["over_minutes"]) == ("cli_somebody", 60)
    assert (shown.json["state"], shown.json["needs_approval"]) == ("going", False)


def test_each_deed_is_shown_and_may_be_repeated(
    client: FlaskClient, department: Caller, open_run: Open
) -> None:
    address = open_run(7)

    for deed, state in (("pause", "paused"), ("resume", "going"), ("cancel", "cancelled")):
        for _ in range(2):
            reply = client.post(f"{address}/{deed}", headers=department.headers)
            assert (reply.status_code, reply.json["state"]) == (200, state)
    refused = client.post(f"{address}/pause", headers=department.headers)
    assert (refused.status_code, refused.json["code"]) == (409, "push_run_state")


def test_the_starter_is_told_in_each_language_that_it_takes_two(
    client: FlaskClient, department: Caller, open_run: Open
) -> None:
    address = f"{open_run(10_001, department.id)}/approve"

    said = [
        client.post(f"{address}?lang={language}", headers=department.headers)
        for language in ("en", "zh-Hant", "zh-Hans")
    ]

    assert {reply.status_code for reply in said} == {403}
    assert {reply.json["code"] for reply in said} == {"second_person_needed"}
    assert "10000 bills take two" in said[0].json["detail"]
    assert len({reply.json["detail"] for reply in said}) == 3


def test_a_run_that_is_not_there_is_not_found(client: FlaskClient, department: Caller) -> None:
    path = "/v1/department/bill-runs/run_00000000000000000000000000/pushes"

    reply = client.get(path, headers=department.headers)

    assert (reply.status_code, reply.json["code"]) == (404, "push_run_not_found")
