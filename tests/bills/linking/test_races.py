"""Two at the same moment: one account has one resident, and no bill falls between two chairs."""

from datetime import date

import pytest
from flask import Flask

from backend.bills import Bill
from tests.bills.linking.village import Village
from tests.conftest import Caller
from tests.core.together import Beside, together

ROUNDS = 6
pytestmark = pytest.mark.slow


def test_of_two_who_link_one_account_at_once_one_gets_it(
    village: Village, app: Flask, resident: Caller, neighbour: Caller
) -> None:
    callers = (resident, neighbour)
    for round_number in range(4):
        account = f"race{round_number}"
        bill_id = village.bill(account)

        def link(number: int, account: str = account) -> int:
            own = Village(app.test_client(), village.database)
            return int(own.link(callers[number], account_number=account).status_code)

        statuses = together(2, link)

        assert sorted(statuses) == [201, 422]
        assert village.owner_of(bill_id) == callers[statuses.index(201)].id


def test_one_who_links_twice_at_once_has_one_link(
    village: Village, app: Flask, resident: Caller
) -> None:
    village.bill()

    def link(_number: int) -> tuple[int, str]:
        reply = Village(app.test_client(), village.database).link(resident)
        return reply.status_code, reply.json["id"]

    replies = together(2, link)

    assert sorted(status for status, _ in replies) == [200, 201]
    assert len({link_id for _, link_id in replies}) == 1
    assert len(village.told(resident)) == 1


def test_a_bill_that_is_posted_while_its_account_is_linked_is_seen(
    village: Village, app: Flask, resident: Caller
) -> None:
    for round_number in range(ROUNDS):
        account = f"race{round_number}"
        village.bill(account)

        def work(number: int, account: str = account) -> str:
            own = Village(app.test_client(), village.database)
            return str(own.bill(account) if number else own.link(resident, account_number=account))

        _, bill_id = together(2, work)

        assert village.owner_of(bill_id) == resident.id
        assert village.told(resident).count(bill_id) == 1


def test_a_bill_that_is_posted_while_its_account_is_unlinked_is_nobodys(
    village: Village, app: Flask, resident: Caller
) -> None:
    for round_number in range(ROUNDS):
        account = f"race{round_number}"
        village.bill(account)
        link_id = village.link(resident, account_number=account).json["id"]

        def work(number: int, account: str = account, link_id: str = link_id) -> str:
            own = Village(app.test_client(), village.database)
            return str(own.bill(account) if number else own.unlink(resident, link_id))

        _, bill_id = together(2, work)

        assert village.owner_of(bill_id) is None
        assert village.bills_of(resident) == []


def test_an_account_that_is_unlinked_twice_at_once_is_gone(
    village: Village, app: Flask, resident: Caller
) -> None:
    village.bill()
    link_id = village.link(resident).json["id"]

    def unlink(_number: int) -> int:
        own = Village(app.test_client(), village.database)
        return int(own.unlink(resident, link_id).status_code)

    statuses = together(3, unlink)

    assert sorted(statuses) == [204, 404, 404]


def test_a_link_and_whoever_takes_bills_back_lock_them_in_one_order(
    village: Village, app: Flask, resident: Caller
) -> None:
    bills = [village.bill(issued_on=date(2026, 11, day), link_code="A1") for day in (1, 2)]

    with village.database.transaction() as db:
        db.get_one(Bill, bills[0], with_for_update=True)
        beside = Beside(lambda: Village(app.test_client(), village.database).link(resident))
        waited = beside.is_waiting()
        db.get_one(Bill, bills[1], with_for_update=True)

    assert waited
    assert beside.result().status_code == 201


def test_a_bill_that_is_amended_while_its_account_is_linked_is_told_as_it_is_then(
    village: Village, app: Flask, resident: Caller
) -> None:
    bill_id = village.bill(link_code="A1")

    with village.database.transaction() as db:
        bill = db.get_one(Bill, bill_id, with_for_update=True)
        own = Village(app.test_client(), village.database)
        beside = Beside(lambda: own.link(resident, {"code": "A1"}))
        waited = beside.is_waiting()
        bill.amount_cents = 77700

    assert waited
    assert beside.result().status_code == 201
    page = village.client.get("/v1/messages", headers=resident.headers)
    assert "777.00" in page.json["items"][0]["body"]
