"""What a department reads of what was settled for it, out of the ledger."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.conftest import Caller
from tests.core.problems import assert_problem
from tests.payments.harbour import CENTS
from tests.payments.parity.night import TODAY, Night
from tests.payments.refunds.desk import RefundDesk

PATH = f"/v1/department/settlements/{TODAY}"


def read(client: FlaskClient, department: Caller, path: str = PATH) -> Any:
    reply = client.get(path, headers=department.headers)
    assert reply.status_code == 200, reply.text
    return reply.json


def test_a_day_is_told_by_its_bills_and_their_sum(
    night: Night, client: FlaskClient, department: Caller
) -> None:
    attempts = [night.paid() for _ in range(3)]
    RefundDesk(night.harbour).held()  # a fourth bill, and money that is held beside it

    settlement = read(client, department)

    assert (settlement["day"], settlement["currency"]) == ("2026-11-23", "HKD")
    assert (settlement["count"], settlement["total_cents"]) == (4, 4 * CENTS)
    assert settlement["next"] is None
    assert [each["bill_id"] for each in settlement["items"][:3]] == [
        attempt.bill_id for attempt in attempts
    ]
    assert set(settlement["items"][0]) == {
        *("bill_number", "bill_id", "amount_cents"),
        *("fps_reference", "paid_at", "receipt_number"),
    }
    assert settlement["items"][0]["receipt_number"].startswith("R20261123-")


def test_pages_hold_every_bill_once_and_the_sums_of_the_whole(
    night: Night, client: FlaskClient, department: Caller
) -> None:
    attempts = [night.paid() for _ in range(5)]

    pages, path = [], f"{PATH}?limit=2"
    while path:
        pages.append(read(client, department, path))
        path = pages[-1]["next"]

    assert [len(page["items"]) for page in pages] == [2, 2, 1]
    assert {page["total_cents"] for page in pages} == {5 * CENTS}
    assert [each["bill_id"] for page in pages for each in page["items"]] == [
        attempt.bill_id for attempt in attempts
    ]


def test_another_departments_bills_and_days_are_not_there(
    night: Night, client: FlaskClient, department: Caller
) -> None:
    resident = night.harbour.resident()
    bill = night.harbour.bill(resident, department_id="RVD")
    night.harbour.pay(night.harbour.announced(resident, bill))
    night.harbour.hear_all()

    empty = read(client, department)
    other_day = read(client, department, "/v1/department/settlements/2026-11-22")

    for settlement in (empty, other_day):
        assert (settlement["count"], settlement["total_cents"], settlement["items"]) == (0, 0, [])


@pytest.mark.parametrize(
    "day",
    [
        "today",
        "2026-11-31",
        "2026-1-1",
        "20261123",
        "2026-W48-1",
        "２０２６-11-23",
        "0001-01-01",
        "%00",
    ],
)
def test_a_day_that_is_none_is_refused(client: FlaskClient, department: Caller, day: str) -> None:
    reply = client.get(f"/v1/department/settlements/{day}", headers=department.headers)

    assert_problem(reply, 422, "day_not_readable")
