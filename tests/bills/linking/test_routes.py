"""Linking an account and ending that, over HTTP."""

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.bills.linking.village import ACCOUNT, AMOUNT, Village
from tests.conftest import Caller

FIRST = date(2025, 1, 1)


def sans_trace(reply: Any) -> dict[str, Any]:
    return {**reply.json, "trace_id": ""}


def test_a_linked_accounts_bill_comes_to_its_resident(village: Village, resident: Caller) -> None:
    bill_id = village.bill()
    before = village.bills_of(resident)

    linked = village.link(resident)

    assert before == []
    assert linked.status_code == 201
    assert set(linked.json) == {"id", "department", "account_number", "created_at"}
    assert linked.json["department"] == {"id": "WSD", "name": "Water Supplies Department"}
    assert linked.json["account_number"] == "***6789"
    assert village.bills_of(resident) == village.told(resident) == [bill_id]


def test_the_next_bill_of_a_linked_account_comes_by_itself(
    village: Village, resident: Caller
) -> None:
    first = village.bill()
    village.link(resident)

    second = village.bill(issued_on=date(2026, 11, 2))

    assert set(village.bills_of(resident)) == set(village.told(resident)) == {first, second}


def test_an_account_may_be_written_as_on_the_bill(village: Village, resident: Caller) -> None:
    bill_id = village.bill("12345678A")

    linked = village.link(resident, account_number="1234-5678 a")

    assert linked.status_code == 201
    assert village.bills_of(resident) == [bill_id]


@pytest.mark.parametrize(
    ("proof", "status"),
    [
        ({"code": "new-1"}, 201),
        ({"code": "MID 1"}, 201),
        ({"code": "old1"}, 422),
        ({"amount_cents": 200}, 422),
    ],
)
def test_the_codes_of_the_last_two_bills_and_the_newest_amount_prove(
    village: Village, resident: Caller, proof: dict[str, Any], status: int
) -> None:
    for month, (amount, code) in enumerate([(100, "OLD1"), (200, "MID1"), (300, "NEW1")], 1):
        village.bill(amount_cents=amount, link_code=code, issued_on=date(2026, month, 1))

    assert village.link(resident, proof).status_code == status


def test_a_withdrawn_bill_proves_nothing_and_a_paid_one_does(
    village: Village, resident: Caller
) -> None:
    village.pay(village.bill(amount_cents=100, issued_on=date(2026, 1, 1)))
    village.withdraw(village.bill(amount_cents=200, issued_on=date(2026, 2, 1)))

    by_withdrawn = village.link(resident, {"amount_cents": 200})
    by_paid = village.link(resident, {"amount_cents": 100})

    assert (by_withdrawn.status_code, by_paid.status_code) == (422, 201)


def test_nobody_learns_why_an_account_was_not_linked(
    village: Village, resident: Caller, neighbour: Caller
) -> None:
    village.bill()
    village.bill("42", department_id="RVD")
    village.link(neighbour)

    refused = [
        village.link(resident),  # another's, with the right proof
        village.link(resident, {"amount_cents": 1}),
        village.link(resident, {"code": "X"}, "42", "RVD"),  # its bill has no code
        village.link(resident, AMOUNT, "no such account"),
        village.link(resident, AMOUNT, "---", "NOSUCH"),
    ]

    assert {reply.status_code for reply in refused} == {422}
    assert refused[0].json["code"] == "account_not_proved"
    assert [sans_trace(reply) for reply in refused] == [sans_trace(refused[0])] * 5
    assert village.bills_of(resident) == []


def test_linking_again_is_the_link_that_stands(village: Village, resident: Caller) -> None:
    village.bill()
    first = village.link(resident)

    again = village.link(resident, {"amount_cents": 1})

    assert (again.status_code, again.json) == (200, first.json)
    assert len(village.told(resident)) == 1


def test_the_same_key_gives_the_same_answer(village: Village, resident: Caller) -> None:
    village.bill()
    first = village.link(resident, key="k")

    again = village.link(resident, key="k")

    assert (again.status_code, again.data) == (201, first.data)
    assert again.headers["Idempotency-Replayed"] == "true"


def test_what_a_former_occupant_paid_never_appears(
    village: Village, resident: Caller, neighbour: Caller
) -> None:
    theirs = village.bill(issued_on=date(2026, 1, 1))
    link = village.link(neighbour).json
    village.pay(theirs)
    unseen = village.bill("9", issued_on=date(2026, 1, 1))
    village.pay(unseen)
    village.unlink(neighbour, link["id"])

    linked = [village.link(resident), village.link(resident, account_number="9")]

    assert [reply.status_code for reply in linked] == [201, 201]
    assert village.bills_of(resident) == village.told(resident) == []
    assert village.bills_of(neighbour) == [theirs]


def test_the_resident_whom_a_department_named_keeps_the_bill(
    village: Village, resident: Caller, neighbour: Caller
) -> None:
    named = village.bill(resident_id=neighbour.id)

    linked = village.link(resident)

    assert linked.status_code == 201
    assert village.bills_of(resident) == []
    assert village.bills_of(neighbour) == [named]


def test_a_named_residents_bill_does_not_leave_with_a_link(
    village: Village, resident: Caller
) -> None:
    named = village.bill(resident_id=resident.id)
    link = village.link(resident).json

    village.unlink(resident, link["id"])

    assert village.bills_of(resident) == [named]


@pytest.mark.slow
def test_the_newest_twelve_are_told_and_all_appear(village: Village, resident: Caller) -> None:
    bills = [village.bill(issued_on=FIRST + timedelta(days=day)) for day in range(14)]

    village.link(resident)

    assert set(village.bills_of(resident)) == set(bills)
    assert set(village.told(resident)) == set(bills[2:])


def test_an_unlinked_accounts_open_bills_go_and_the_paid_stay(
    village: Village, resident: Caller
) -> None:
    paid, due = village.bill(), village.bill(issued_on=date(2026, 11, 2))
    link = village.link(resident).json
    village.pay(paid)

    ended = village.unlink(resident, link["id"])

    assert (ended.status_code, ended.data) == (204, b"")
    assert village.bills_of(resident) == [paid]
    assert village.owner_of(due) is None
    assert village.unlink(resident, link["id"]).status_code == 404
    village.bill(issued_on=date(2026, 11, 3))
    assert village.bills_of(resident) == [paid]


def test_what_was_put_off_is_not_put_off_for_the_next(village: Village, resident: Caller) -> None:
    bill_id = village.bill()
    link = village.link(resident).json
    village.change(bill_id, lambda bill: setattr(bill, "later_on", date(2026, 12, 1)))

    village.unlink(resident, link["id"])
    village.link(resident)

    bill = village.client.get(f"/v1/bills/{bill_id}", headers=resident.headers).json
    assert bill["later_on"] is None


def test_an_account_whose_bill_is_being_paid_stays_linked(
    village: Village, resident: Caller, app: Flask
) -> None:
    village.bill()
    bill_id = village.bill(issued_on=date(2026, 11, 2))
    link = village.link(resident).json
    app.extensions["bill_is_being_paid"] = lambda _db, asked: asked == bill_id

    refused = village.unlink(resident, link["id"])

    assert (refused.status_code, refused.json["code"]) == (409, "account_being_paid")
    assert "You are paying" in refused.json["detail"]
    assert len(village.bills_of(resident)) == 2


def test_each_who_gets_a_bill_is_told_of_it_once(
    village: Village, resident: Caller, neighbour: Caller
) -> None:
    bill_id = village.bill()
    for caller in (resident, neighbour, resident, neighbour):
        link = village.link(caller).json
        village.unlink(caller, link["id"])

    assert village.told(resident) == village.told(neighbour) == [bill_id]


def test_links_come_in_pages_newest_first_and_only_mine(
    village: Village, client: FlaskClient, resident: Caller, neighbour: Caller
) -> None:
    made = []
    for number in range(3):
        village.bill(f"{number}")
        made.append(village.link(resident, account_number=f"{number}").json["id"])
    village.bill("foreign")
    village.link(neighbour, account_number="foreign")

    seen, address = [], "/v1/account-links?limit=2&lang=en"
    while address:
        page = client.get(address, headers=resident.headers).json
        seen += [link["id"] for link in page["items"]]
        address = page["next"]

    assert sorted(seen, reverse=True) == seen
    assert set(seen) == set(made)


def test_anothers_link_looks_like_none(
    village: Village, resident: Caller, neighbour: Caller
) -> None:
    village.bill()
    link_id = village.link(resident).json["id"]

    foreign = village.unlink(neighbour, link_id)
    missing = village.unlink(neighbour, link_id[:-4] + "0000")

    assert foreign.status_code == missing.status_code == 404
    assert sans_trace(foreign) == sans_trace(missing)
    assert len(village.bills_of(resident)) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"proof": {}},
        {"proof": {"amount_cents": 41850, "code": "A"}},
        {"proof": {"amount_cents": 418.5}},
        {"proof": {"amount_cents": "41850"}},
        {"proof": {"amount_cents": True}},
        {"proof": {"amount_cents": 0}},
        {"proof": {"amount_cents": 2**63}},
        {"proof": {"code": ""}},
        {"proof": {"code": "x" * 61}},
        {"proof": None},
        {"proof": [41850]},
        {"account_number": ""},
        {"account_number": "9" * 61},
        {"account_number": 123456789},
        {"department": "wsd"},
        {"department": "WSD\n"},
        {"resident_id": "res_00000000000000000000000000"},
    ],
)
def test_what_is_not_in_the_expected_form_is_refused_and_no_guess(
    village: Village, resident: Caller, changes: dict[str, Any]
) -> None:
    village.bill()
    body = {"department": "WSD", "account_number": ACCOUNT, "proof": AMOUNT, **changes}
    headers = {**resident.headers, "Idempotency-Key": "k"}

    refused = [
        village.client.post("/v1/account-links", json=body, headers=headers) for _ in range(6)
    ]

    assert {(each.status_code, each.json["code"]) for each in refused} == {(422, "invalid")}
    assert village.link(resident).status_code == 201


def test_a_link_without_a_key_is_refused(
    village: Village, client: FlaskClient, resident: Caller
) -> None:
    body = {"department": "WSD", "account_number": ACCOUNT, "proof": AMOUNT}

    reply = client.post("/v1/account-links", json=body, headers=resident.headers)

    assert (reply.status_code, reply.json["code"]) == (400, "idempotency_key_missing")
