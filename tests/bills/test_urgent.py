"""What is urgent is pushed at any hour, and only a system that holds the right may say so."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from sqlalchemy import func, select

from backend.bills.models import Bill
from backend.bills.rules import BillKind
from backend.bills.runs.stated import SHAPE
from backend.cli import ferry
from backend.core import clock
from backend.core.clock import HONG_KONG
from backend.core.database import Database
from backend.core.settings import Settings
from backend.gateways.push import FirebasePush
from backend.notifications.models import Message
from tests.bills.posting import BILL, amend, post, posted
from tests.conftest import Caller
from tests.notifications.town import Town
from tests.simulators.desk import Desk

MakeDepartment = Callable[[str, frozenset[str]], Caller]
BOTH = frozenset({"bills", "urgent"})


@pytest.fixture
def observatory(make_department: MakeDepartment) -> Caller:
    """A system that may wake people."""
    return make_department("WSD", BOTH)


@pytest.fixture
def phone(client: FlaskClient, resident: Caller) -> None:
    body = {"platform": "android", "address": {"kind": "token", "value": "the-phone"}}
    reply = client.put("/v1/devices/the-phone", json=body, headers=resident.headers)
    assert reply.status_code < 300, reply.text


@pytest.fixture
def night(database: Database, sender: FirebasePush, desk: Desk) -> Town:
    """The town at the next half past eleven in the evening."""
    local = clock.now().astimezone(HONG_KONG)
    late = local.replace(hour=23, minute=30, second=0, microsecond=0)
    return Town(database, sender, late if late > local else late + timedelta(days=1))


@pytest.mark.usefixtures("phone")
def test_an_urgent_bill_comes_at_night_to_whoever_muted_and_beyond_the_days_number(
    client: FlaskClient, resident: Caller, observatory: Caller, night: Town, desk: Desk
) -> None:
    night.mute(resident.id, "WSD")
    for number in range(5):
        posted(client, observatory, resident_id=resident.id, bill_number=f"U-{number}", urgent=True)
    posted(client, observatory, resident_id=resident.id, bill_number="O-1")

    night.work_off()

    assert desk.addresses() == ["the-phone"] * 5
    assert {line["message"]["android"]["priority"] for line in desk.accepted()} == {"high"}
    states = sorted(night.states(), key=str)
    assert states == [("dropped", "department muted"), *[("sent", None)] * 5]


@pytest.mark.usefixtures("phone")
def test_an_amendment_may_be_urgent_where_the_bill_was_not(
    client: FlaskClient, resident: Caller, observatory: Caller, night: Town, desk: Desk
) -> None:
    own = {**BILL, "resident_id": resident.id}
    bill_id = posted(client, observatory, resident_id=resident.id)

    reply = amend(client, observatory, bill_id, **{**own, "amount_cents": 1}, urgent=True)
    night.work_off()

    assert reply.status_code == 200, reply.text
    assert [line["message"]["data"]["kind"] for line in desk.accepted()] == ["bill_amended"]


def test_without_the_right_nothing_is_urgent_and_nothing_is_posted(
    client: FlaskClient, resident: Caller, department: Caller, database: Database
) -> None:
    reply = post(client, department, resident_id=resident.id, urgent=True)

    assert (reply.status_code, reply.json["code"]) == (403, "scope_missing")
    assert "urgent" in reply.json["detail"]
    with database.transaction(read_only=True) as db:
        assert db.scalar(select(func.count()).select_from(Bill)) == 0


def test_without_the_right_a_bill_that_stands_is_refused_alike(
    client: FlaskClient, resident: Caller, department: Caller, database: Database
) -> None:
    own = {**BILL, "resident_id": resident.id}
    bill_id = posted(client, department, resident_id=resident.id)

    again = post(client, department, resident_id=resident.id, urgent=True)
    same = amend(client, department, bill_id, **own, urgent=True)
    other = amend(client, department, bill_id, **{**own, "amount_cents": 1}, urgent=True)
    foreign = amend(client, department, "bill_" + "0" * 26, **own, urgent=True)

    codes = [(reply.status_code, reply.json["code"]) for reply in (again, same, other, foreign)]
    assert codes == [(403, "scope_missing")] * 4
    with database.transaction(read_only=True) as db:
        assert db.scalar(select(func.count()).select_from(Message)) == 1


def test_a_bill_that_is_said_again_urgently_tells_nobody_again(
    client: FlaskClient, resident: Caller, observatory: Caller, database: Database
) -> None:
    posted(client, observatory, resident_id=resident.id)

    reply = post(client, observatory, resident_id=resident.id, urgent=True)

    assert reply.status_code == 200
    with database.transaction(read_only=True) as db:
        assert db.scalar(select(func.count()).select_from(Message)) == 1


@pytest.mark.parametrize("urgent", ["yes", "true", 2, [], {}])
def test_urgent_is_yes_or_no(client: FlaskClient, observatory: Caller, urgent: Any) -> None:
    reply = post(client, observatory, account_number="77", urgent=urgent)

    assert reply.status_code == 422, reply.text


def test_not_urgent_may_be_said_without_the_right(client: FlaskClient, department: Caller) -> None:
    assert post(client, department, account_number="77", urgent=False).status_code == 201


def test_the_bills_of_a_file_are_never_urgent() -> None:
    bill = {"bill_number": "W-1", "kind": BillKind.WATER, "amount_cents": 1, "due_on": "2099-01-01"}

    assert SHAPE.validate({**bill, "account_number": "7"}) == {}
    assert "urgent" in SHAPE.validate({**bill, "account_number": "7", "urgent": True})


@pytest.mark.slow
def test_the_right_is_given_by_the_command(
    settings: Settings, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FERRY_STAGE", "demo")
    monkeypatch.setenv("FERRY_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("FERRY_DATA_DIR", str(settings.data_dir))
    command = ["departments", "admit", "WSD", "--scope", "bills", "--scope", "urgent"]

    admitted = CliRunner().invoke(ferry, command)

    assert admitted.exit_code == 0, admitted.output
    client_id, secret = (line.split()[1] for line in admitted.stdout.splitlines()[:2])
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    granted = client.post("/v1/department/token", data=form).json
    assert granted["scope"] == "bills urgent"
    headers = {"Authorization": f"Bearer {granted['access_token']}"}
    assert (
        post(client, Caller(client_id, headers), account_number="7", urgent=True).status_code == 201
    )
