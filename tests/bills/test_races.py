"""What meets at one bill at the same moment: each deed sees the other whole or not at all."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from backend.bills import bill_to_pay, settle_bill
from backend.bills.linking.models import AccountLink
from backend.bills.matching import hold_links
from backend.bills.models import Bill, BillVersion
from backend.core import clock
from backend.core.database import Database
from tests.bills.posting import BILL, FULL, amend, get, post, posted, stored, today, told, withdraw
from tests.conftest import Caller
from tests.core.together import Beside, together

pytestmark = pytest.mark.slow


def count(database: Database, table: type[Any]) -> int:
    with database.transaction(read_only=True) as db:
        return db.scalars(select(func.count()).select_from(table)).one()


def test_one_number_posted_by_several_at_once_is_one_bill_and_told_once(
    app: Flask, client: FlaskClient, resident: Caller, department: Caller, database: Database
) -> None:
    replies = together(
        6, lambda _number: post(app.test_client(), department, resident_id=resident.id)
    )

    assert sorted(reply.status_code for reply in replies) == [200] * 5 + [201]
    assert len({reply.json["id"] for reply in replies}) == 1
    assert count(database, Bill) == 1
    assert told(client, resident) == ["bill_new"]


def test_of_two_bills_posted_under_one_number_at_once_one_stands(
    app: Flask, client: FlaskClient, resident: Caller, department: Caller
) -> None:
    replies = together(
        4,
        lambda number: post(
            app.test_client(), department, resident_id=resident.id, amount_cents=number + 1
        ),
    )

    assert sorted(reply.status_code for reply in replies) == [201] + [409] * 3
    (first,) = (reply for reply in replies if reply.status_code == 201)
    listed = get(client, resident, "/v1/bills")["items"]
    assert [bill["amount_cents"] for bill in listed] == [first.json["amount_cents"]]
    assert told(client, resident) == ["bill_new"]


@pytest.mark.parametrize("deed", ["amend", "withdraw", "put off"])
def test_whoever_comes_while_a_bill_is_settled_finds_it_paid(
    app: Flask,
    client: FlaskClient,
    resident: Caller,
    department: Caller,
    database: Database,
    deed: str,
) -> None:
    whole = {**BILL, "due_on": "2199-01-01", "resident_id": resident.id}
    bill_id = posted(client, department, **whole)
    until = {"until": str(today() + timedelta(days=1))}
    path = f"/v1/bills/{bill_id}/later"
    other = app.test_client()
    deeds: dict[str, Callable[[], Any]] = {
        "amend": lambda: amend(other, department, bill_id, **{**whole, "amount_cents": 1}),
        "withdraw": lambda: withdraw(other, department, bill_id),
        "put off": lambda: other.put(path, json=until, headers=resident.headers),
    }

    with database.transaction() as db:
        bill = bill_to_pay(db, resident.id, bill_id)
        beside = Beside(deeds[deed])
        waited = beside.is_waiting()
        settle_bill(db, bill, bill.amount_cents, clock.now(), clock.now())

    assert waited
    assert (beside.result().status_code, beside.result().json["code"]) == (409, "bill_paid")
    assert (stored(database, bill_id).state, stored(database, bill_id).version) == ("paid", 1)
    assert told(client, resident) == ["bill_new"]


def test_whoever_pays_while_a_bill_is_changed_pays_what_it_says_then(
    app: Flask, client: FlaskClient, resident: Caller, department: Caller, database: Database
) -> None:
    whole = {**BILL, "resident_id": resident.id}
    bill_id = posted(client, department, **whole)
    locked, go_on = threading.Event(), threading.Event()

    def hesitate(_db: object, _bill_id: str) -> bool:
        locked.set()
        return not go_on.wait(30)

    def to_pay() -> int:
        with database.transaction() as db:
            return bill_to_pay(db, resident.id, bill_id).amount_cents

    app.extensions["bill_is_being_paid"] = hesitate
    amending = Beside(
        lambda: amend(app.test_client(), department, bill_id, **{**whole, "amount_cents": 777})
    )
    locked.wait(30)
    paying = Beside(to_pay)
    waited = paying.is_waiting()
    go_on.set()

    assert waited
    assert amending.result().status_code == 200
    assert paying.result() == 777


def test_an_amendment_and_a_withdrawal_at_once_follow_one_another(
    app: Flask, client: FlaskClient, resident: Caller, department: Caller, database: Database
) -> None:
    for number in range(4):
        whole = {**BILL, "bill_number": f"W-{number}", "resident_id": resident.id}
        bill_id = posted(client, department, **whole)
        new = {**whole, "amount_cents": 1}
        deeds: list[Callable[[], Any]] = [
            lambda new=new, bill_id=bill_id: amend(app.test_client(), department, bill_id, **new),
            lambda bill_id=bill_id: withdraw(app.test_client(), department, bill_id),
        ]

        amended, withdrawn = together(2, lambda which, deeds=deeds: deeds[which]())

        assert withdrawn.status_code == 200
        bill = get(client, department, f"/v1/department/bills/{bill_id}")
        assert bill["state"] == "withdrawn"
        if amended.status_code == 200:
            assert (bill["version"], len(bill["versions"])) == (2, 1)
        else:
            assert (amended.status_code, amended.json["code"]) == (409, "bill_withdrawn")
            assert (bill["version"], bill["versions"]) == (1, [])
    assert told(client, resident).count("bill_withdrawn") == 4
    assert told(client, resident).count("bill_amended") == count(database, BillVersion)


def test_the_same_amendment_twice_at_once_is_one(
    app: Flask, client: FlaskClient, resident: Caller, department: Caller, database: Database
) -> None:
    whole = {**BILL, "resident_id": resident.id}
    bill_id = posted(client, department, **whole)

    replies = together(
        4,
        lambda _number: amend(
            app.test_client(), department, bill_id, **{**whole, "amount_cents": 1}
        ),
    )

    assert [(each.status_code, each.json["version"]) for each in replies] == [(200, 2)] * 4
    assert count(database, BillVersion) == 1
    assert told(client, resident) == ["bill_new", "bill_amended"]


def test_a_bill_posted_while_its_account_is_linked_reaches_its_resident(
    app: Flask, client: FlaskClient, resident: Caller, department: Caller, database: Database
) -> None:
    with database.transaction() as db:
        hold_links(db, "WSD", alone=True)
        db.add(
            AccountLink(
                resident_id=resident.id,
                department_id="WSD",
                account_number="12345678A",
                created_at=clock.now(),
            )
        )
        db.flush()
        posting = Beside(lambda: post(app.test_client(), department, **FULL))
        waited = posting.is_waiting()

    assert waited
    assert posting.result().json["seen_by_resident"] is True
    assert told(client, resident) == ["bill_new"]


def test_an_account_is_not_linked_between_a_post_s_look_and_its_commit(
    database: Database,
) -> None:
    def link_now() -> bool:
        with database.transaction() as db:
            hold_links(db, "WSD", alone=True)
            db.execute(select(1))
        return True

    with database.transaction() as db:
        hold_links(db, "WSD", alone=False)
        db.execute(select(1))
        linking = Beside(link_now)
        waited = linking.is_waiting()

    assert waited
    assert linking.result()
