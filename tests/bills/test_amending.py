"""Amending a bill and taking one back: what is kept, who is told, what is refused."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from backend.bills.models import BillVersion
from backend.core.database import Database
from backend.notifications.outbox.models import Delivery
from backend.notifications.wording import PUSH_BODIES, PUSH_TITLES
from tests.bills.posting import (
    BILL,
    FULL,
    amend,
    get,
    pay,
    posted,
    stored,
    today,
    told,
    withdraw,
)
from tests.conftest import Caller
from tests.core.once import on_sqlite

MakeDepartment = Callable[[str, frozenset[str]], Caller]


@pytest.fixture
def being_paid(app: Flask) -> set[str]:
    """Ids of the bills that are being paid at this moment."""
    bills: set[str] = set()
    app.extensions["bill_is_being_paid"] = lambda _db, bill_id: bill_id in bills
    return bills


def versions(database: Database) -> int:
    with database.transaction(read_only=True) as db:
        return db.scalars(select(func.count()).select_from(BillVersion)).one()


def test_an_amended_bill_is_read_anew_and_its_resident_is_told(
    client: FlaskClient, resident: Caller, department: Caller
) -> None:
    bill_id = posted(client, department, resident_id=resident.id)
    new = {**FULL, "account_number": None, "amount_cents": 41850, "due_on": "2026-12-27"}
    new["surcharges"] = []

    reply = amend(client, department, bill_id, **new, resident_id=resident.id, reason="Meter read")

    assert reply.status_code == 200, reply.text
    assert (reply.json["version"], reply.json["due_on"]) == (2, "2026-12-27")
    bill = get(client, resident, f"/v1/bills/{bill_id}")
    assert (bill["version"], bill["due_on"], len(bill["lines"])) == (2, "2026-12-27", 3)
    assert bill["amended_at"] is not None
    assert told(client, resident) == ["bill_new", "bill_amended"]
    [newest] = get(client, resident, "/v1/messages?lang=en")["items"]
    assert newest["body"] == (
        "It is now HK$418.50, due on 2026-12-27. The department's reason: Meter read"
    )


def test_a_change_without_a_reason_is_told_without_one(
    client: FlaskClient, resident: Caller, department: Caller
) -> None:
    bill_id = posted(client, department, resident_id=resident.id)

    new = {**BILL, "due_on": "2026-12-27", "resident_id": resident.id}
    assert amend(client, department, bill_id, **new).status_code == 200

    newest = get(client, resident, "/v1/messages")["items"][0]
    assert newest["body"].endswith("due on 2026-12-27.")


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "you need not pay it any more. The department's reason: {0} twice, {amount}"),
        ("zh-Hant", "你無須再繳付。部門說明的原因：{0} twice, {amount}"),
        ("zh-Hans", "你无须再缴付。部门说明的原因：{0} twice, {amount}"),
    ],
)
def test_a_resident_is_told_why_a_bill_was_taken_back(
    client: FlaskClient, resident: Caller, department: Caller, language: str, said: str
) -> None:
    bill_id = posted(client, department, resident_id=resident.id)

    withdraw(client, department, bill_id, reason="{0} twice, {amount}")

    newest = get(client, resident, f"/v1/messages?lang={language}")["items"][0]
    assert newest["kind"] == "bill_withdrawn"
    assert newest["body"].endswith(said)


def test_no_push_says_more_than_that_there_is_something() -> None:
    for words in (*PUSH_BODIES.values(), *PUSH_TITLES.values()):
        assert "{" not in words.en + words.zh_hant + words.zh_hans


def test_the_former_versions_are_kept_for_the_department(
    client: FlaskClient, resident: Caller, department: Caller, database: Database
) -> None:
    whole = {**FULL, "resident_id": resident.id}
    bill_id = posted(client, department, **whole)
    whole["lines"] = []
    amend(client, department, bill_id, **{**whole, "amount_cents": 2}, reason="Wrong meter")
    amend(client, department, bill_id, **{**whole, "amount_cents": 3})

    bill = get(client, department, f"/v1/department/bills/{bill_id}")

    assert (bill["version"], bill["amount_cents"]) == (3, 3)
    assert [(each["number"], each["reason"]) for each in bill["versions"]] == [
        (1, "Wrong meter"),
        (2, None),
    ]
    assert set(bill["versions"][0]) == {"number", "replaced_at", "reason"}
    with database.transaction(read_only=True) as db:
        first = db.get_one(BillVersion, (bill_id, 1)).facts
    assert (first["amount_cents"], len(first["details"]["lines"])) == (41850, 3)
    assert FULL["link_code"] not in str(first)


def test_the_same_content_again_changes_nothing(
    client: FlaskClient, resident: Caller, department: Caller, database: Database
) -> None:
    whole = {**FULL, "resident_id": resident.id}
    bill_id = posted(client, department, **whole)
    del whole["issued_on"]

    again = amend(client, department, bill_id, **whole, reason="To be sure")

    assert (again.status_code, again.json["version"], again.json["amended_at"]) == (200, 1, None)
    assert again.json["issued_on"] == FULL["issued_on"]
    assert told(client, resident) == ["bill_new"]
    assert versions(database) == 0


def test_an_amendment_whose_reply_was_lost_may_be_sent_again(
    client: FlaskClient, resident: Caller, department: Caller, database: Database
) -> None:
    bill_id = posted(client, department, resident_id=resident.id)
    new = {**BILL, "resident_id": resident.id, "amount_cents": 500}
    first = amend(client, department, bill_id, **new)
    pay(database, bill_id)

    again = amend(client, department, bill_id, **new)

    assert (again.status_code, again.json["version"]) == (200, first.json["version"])
    assert told(client, resident) == ["bill_new", "bill_amended"]


def test_a_number_a_resident_and_an_account_stay(
    client: FlaskClient, resident: Caller, neighbour: Caller, department: Caller, database: Database
) -> None:
    whole = {**FULL, "resident_id": resident.id}
    bill_id = posted(client, department, **whole)
    changes: list[tuple[str, dict[str, Any]]] = [
        ("bill_number_fixed", {"bill_number": "W-2"}),
        ("bill_receiver_fixed", {"resident_id": neighbour.id}),
        ("bill_receiver_fixed", {"resident_id": None}),
        ("bill_receiver_fixed", {"account_number": "999"}),
        ("bill_receiver_fixed", {"account_number": None}),
    ]

    for code, change in changes:
        reply = amend(client, department, bill_id, **{**whole, **change})
        assert (reply.status_code, reply.json["code"]) == (409, code)

    assert versions(database) == 0
    assert get(client, neighbour, "/v1/bills?state=all")["items"] == []
    assert stored(database, bill_id).resident_id == resident.id


def test_an_amendment_that_contradicts_itself_is_refused(
    client: FlaskClient, resident: Caller, department: Caller, database: Database
) -> None:
    whole = {**FULL, "resident_id": resident.id}
    bill_id = posted(client, department, **whole)

    wrong_sum = amend(client, department, bill_id, **{**whole, "amount_cents": 1})
    too_early = amend(client, department, bill_id, **{**whole, "due_on": "2026-11-19"})

    assert wrong_sum.json["code"] == "bill_lines_do_not_sum"
    assert too_early.json["code"] == "bill_dates_wrong"
    assert (versions(database), stored(database, bill_id).amount_cents) == (0, 41850)


def test_a_bill_that_waits_unseen_is_amended_without_a_word(
    client: FlaskClient, resident: Caller, department: Caller
) -> None:
    bill_id = posted(client, department, **FULL)

    reply = amend(client, department, bill_id, **{**FULL, "premises": "Flat B"})

    assert (reply.json["version"], reply.json["seen_by_resident"]) == (2, False)
    assert told(client, resident) == []


def test_a_bill_that_was_put_off_comes_up_again_once_it_is_amended(
    client: FlaskClient, resident: Caller, department: Caller
) -> None:
    whole = {**BILL, "due_on": "2199-01-01", "resident_id": resident.id}
    bill_id = posted(client, department, **whole)
    until = {"until": str(today() + timedelta(days=3))}
    client.put(f"/v1/bills/{bill_id}/later", json=until, headers=resident.headers)

    amend(client, department, bill_id, **{**whole, "amount_cents": 1})

    assert get(client, resident, f"/v1/bills/{bill_id}")["later_on"] is None


def test_a_withdrawn_bill_is_told_and_leaves_what_is_due(
    client: FlaskClient, resident: Caller, department: Caller
) -> None:
    bill_id = posted(client, department, resident_id=resident.id)

    reply = withdraw(client, department, bill_id, "Posted twice")

    assert (reply.status_code, reply.json["state"]) == (200, "withdrawn")
    assert reply.json["withdrawn"]["reason"] == "Posted twice"
    assert told(client, resident) == ["bill_new", "bill_withdrawn"]
    assert get(client, resident, "/v1/bills")["items"] == []
    assert get(client, resident, "/v1/bills/total")["total_cents"] == 0
    bill = get(client, resident, f"/v1/bills/{bill_id}")
    assert (bill["state"], bill["payable_cents"], bill["overdue"]) == ("withdrawn", 0, False)
    assert bill["withdrawn"]["reason"] == "Posted twice"


def test_a_bill_is_withdrawn_once(
    client: FlaskClient, resident: Caller, department: Caller
) -> None:
    bill_id = posted(client, department, resident_id=resident.id)
    first = withdraw(client, department, bill_id, "Posted twice")

    again = withdraw(client, department, bill_id, "For another reason")

    assert (again.status_code, again.json) == (200, first.json)
    assert told(client, resident) == ["bill_new", "bill_withdrawn"]


def test_what_was_still_to_be_pushed_of_a_withdrawn_bill_is_called_off(
    client: FlaskClient, resident: Caller, department: Caller, database: Database
) -> None:
    address = {"kind": "token", "value": "phone-address"}
    phone = {"platform": "android", "address": address}
    client.put("/v1/devices/phone-number-1", json=phone, headers=resident.headers)
    bill_id = posted(client, department, resident_id=resident.id)
    other_id = posted(client, department, resident_id=resident.id, bill_number="W-2")

    withdraw(client, department, bill_id)

    with database.transaction(read_only=True) as db:
        states = db.scalars(select(Delivery.state).order_by(Delivery.id)).all()
    assert states == ["dropped", "waiting", "waiting"], other_id


def test_a_paid_bill_is_neither_amended_nor_withdrawn(
    client: FlaskClient, resident: Caller, department: Caller, database: Database
) -> None:
    bill_id = posted(client, department, resident_id=resident.id)
    pay(database, bill_id)

    new = {**BILL, "resident_id": resident.id, "amount_cents": 1}
    replies = [amend(client, department, bill_id, **new), withdraw(client, department, bill_id)]

    assert [(each.status_code, each.json["code"]) for each in replies] == [(409, "bill_paid")] * 2
    assert stored(database, bill_id).state == "paid"
    assert told(client, resident) == ["bill_new"]


def test_a_withdrawn_bill_is_not_amended(
    client: FlaskClient, resident: Caller, department: Caller
) -> None:
    bill_id = posted(client, department, resident_id=resident.id)
    withdraw(client, department, bill_id)

    new = {**BILL, "resident_id": resident.id, "amount_cents": 1}
    reply = amend(client, department, bill_id, **new)

    assert (reply.status_code, reply.json["code"]) == (409, "bill_withdrawn")


def test_a_bill_that_is_being_paid_is_left_alone_until_that_is_over(
    client: FlaskClient, resident: Caller, department: Caller, being_paid: set[str]
) -> None:
    bill_id = posted(client, department, resident_id=resident.id)
    being_paid.add(bill_id)
    new = {**BILL, "resident_id": resident.id, "amount_cents": 1}

    refused = [amend(client, department, bill_id, **new), withdraw(client, department, bill_id)]
    being_paid.clear()
    taken = [amend(client, department, bill_id, **new), withdraw(client, department, bill_id)]

    assert [(each.status_code, each.json["code"]) for each in refused] == [
        (409, "bill_being_paid")
    ] * 2
    assert [each.status_code for each in taken] == [200, 200]


def test_another_departments_bill_looks_like_no_bill(
    client: FlaskClient, resident: Caller, department: Caller, make_department: MakeDepartment
) -> None:
    bill_id = posted(client, department, resident_id=resident.id)
    other = make_department("IRD", frozenset({"bills"}))
    missing_id = bill_id[:-4] + "0000"
    new = {**BILL, "resident_id": resident.id, "amount_cents": 1}

    for deed in (
        lambda wanted: client.get(f"/v1/department/bills/{wanted}", headers=other.headers),
        lambda wanted: amend(client, other, wanted, **new),
        lambda wanted: withdraw(client, other, wanted),
    ):
        foreign, missing = deed(bill_id), deed(missing_id)
        assert foreign.status_code == missing.status_code == 404
        assert {**foreign.json, "trace_id": ""} == {**missing.json, "trace_id": ""}

    assert get(client, other, "/v1/department/bills")["items"] == []
    assert get(client, resident, f"/v1/bills/{bill_id}")["amount_cents"] == 41850


def test_two_departments_may_use_the_same_number(
    client: FlaskClient, resident: Caller, department: Caller, make_department: MakeDepartment
) -> None:
    other = make_department("IRD", frozenset({"bills"}))

    first = posted(client, department, resident_id=resident.id)
    second = posted(client, other, resident_id=resident.id, amount_cents=7)

    assert first != second
    mine = get(client, other, "/v1/department/bills?bill_number=W-1")["items"]
    assert [bill["id"] for bill in mine] == [second]


@on_sqlite
def test_a_withdrawal_needs_a_reason_that_can_be_read(
    client: FlaskClient, resident: Caller, department: Caller
) -> None:
    bill_id = posted(client, department, resident_id=resident.id)

    for reason in ("", " ", "a\nb", "x" * 301, None, 7):
        reply = withdraw(client, department, bill_id, reason)  # type: ignore[arg-type]
        assert (reply.status_code, reply.json["code"]) == (422, "invalid"), reason


def test_a_department_lists_its_own_bills_newest_first(
    client: FlaskClient, resident: Caller, department: Caller, database: Database
) -> None:
    numbers = [f"W-{number}" for number in range(5)]
    ids = [posted(client, department, resident_id=resident.id, bill_number=n) for n in numbers]
    pay(database, ids[1])
    withdraw(client, department, ids[2])
    tax = posted(client, department, resident_id=resident.id, bill_number="T-1", kind="tax")

    def listed(query: str) -> list[str]:
        seen, address = [], f"/v1/department/bills?limit=2{query}"
        while address:
            page = get(client, department, address)
            seen += [bill["id"] for bill in page["items"]]
            address = page["next"]
        return seen

    assert listed("") == [tax, *reversed(ids)]
    assert listed("&state=open&kind=water") == [ids[4], ids[3], ids[0]]
    assert listed("&state=paid") == [ids[1]]
    assert listed("&state=withdrawn") == [ids[2]]
    assert listed("&kind=tax") == [tax]
    assert listed("&bill_number=W-3") == [ids[3]]
    paid = get(client, department, f"/v1/department/bills/{ids[1]}")
    assert (paid["state"], paid["paid_cents"]) == ("paid", 41850)
    assert paid["paid_at"] is not None


@on_sqlite
def test_a_query_that_makes_no_sense_is_refused(client: FlaskClient, department: Caller) -> None:
    for query in ("state=all", "kind=gas", "bill_number=%20", "cursor=x", "limit=0", "year=2026"):
        reply = client.get(f"/v1/department/bills?{query}", headers=department.headers)
        assert reply.status_code == 422, query


def test_every_post_and_change_has_the_worker_woken(
    app: Flask, client: FlaskClient, resident: Caller, department: Caller
) -> None:
    queue = app.extensions["bell"].huey
    new = {**BILL, "resident_id": resident.id, "amount_cents": 1}
    rings = []

    bill_id = posted(client, department, resident_id=resident.id)
    rings.append(queue.pending_count())
    queue.flush()
    amend(client, department, bill_id, **new)
    rings.append(queue.pending_count())
    queue.flush()
    withdraw(client, department, bill_id)
    rings.append(queue.pending_count())

    assert rings == [1, 1, 1]
