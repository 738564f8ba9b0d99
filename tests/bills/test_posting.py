"""Posting a bill with everything that it carries, for a resident or for an account."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from backend.bills.models import details_from
from backend.core.database import Database
from tests.bills.posting import (
    BILL,
    DETAILS,
    FULL,
    amend,
    get,
    link,
    pay,
    post,
    posted,
    stored,
    told,
    withdraw,
)
from tests.conftest import Caller
from tests.core.once import on_sqlite

TO_ITS_DEPARTMENT = {
    *("id bill_number resident_id kind amount_cents currency issued_on due_on created_at").split(),
    *("account_number payer_name premises period lines surcharges legal_basis contact").split(),
    *("payment_reference pdf_url version amended_at withdrawn paid_at paid_cents").split(),
    *("seen_by_resident state").split(),
}
TO_ITS_RESIDENT = {
    *("id title department bill_number kind amount_cents currency issued_on due_on").split(),
    *("overdue state payable_cents for_whom period lines surcharges legal_basis contact").split(),
    *("payment_reference pdf_url later_on version amended_at withdrawn paid").split(),
    "payment",
}


def test_all_that_a_bill_carries_reaches_its_resident(
    client: FlaskClient, resident: Caller, department: Caller
) -> None:
    bill_id = posted(client, department, resident_id=resident.id, **DETAILS)

    bill = get(client, resident, f"/v1/bills/{bill_id}")

    assert set(bill) == TO_ITS_RESIDENT
    for name in ("premises", "period", "legal_basis", "payment_reference", "contact", "pdf_url"):
        assert bill.get(name, bill["for_whom"].get(name)) == DETAILS[name]
    assert bill["lines"][:2] == [
        {"text": "Water, first tier", "amount_cents": 30000, "quantity": "12 m³"},
        {"text": "Sewage", "amount_cents": 12850, "quantity": None},
    ]
    assert [each["amount_cents"] for each in bill["surcharges"]] == [2100, 4400]
    assert set(bill["surcharges"][0]) == {"after", "amount_cents", "rule", "holds"}
    assert bill["department"] == {"id": "WSD", "name": "Water Supplies Department"}


def test_whom_a_bill_is_for_is_masked(
    client: FlaskClient, resident: Caller, department: Caller
) -> None:
    bill_id = posted(client, department, resident_id=resident.id, **DETAILS)

    reply = client.get(f"/v1/bills/{bill_id}", headers=resident.headers)

    assert reply.json["for_whom"] == {
        "payer_name": "C*** T*** M*** 陳**",
        "premises": "Flat A, 12/F, 1 Harbour Road",
        "account_number": "***678A",
    }
    for secret in ("CHAN", "Tai", "大文", "1234", "K7QX"):
        assert secret not in reply.text


def test_a_department_reads_what_it_stated_and_no_secret(
    client: FlaskClient, resident: Caller, department: Caller
) -> None:
    reply = post(client, department, resident_id=resident.id, **DETAILS)

    assert set(reply.json) == TO_ITS_DEPARTMENT
    assert "K7QX" not in reply.text
    assert reply.json["account_number"] == "12345678A"
    same = ("payer_name", "premises", "period", "surcharges", "legal_basis", "contact", "pdf_url")
    assert {name: reply.json[name] for name in same} == {name: DETAILS[name] for name in same}
    assert (reply.json["state"], reply.json["version"]) == ("open", 1)
    assert (reply.json["resident_id"], reply.json["seen_by_resident"]) == (resident.id, True)


def test_a_bill_with_all_it_carries_is_the_same_bill_the_second_time(
    client: FlaskClient, resident: Caller, department: Caller, database: Database
) -> None:
    first = post(client, department, resident_id=resident.id, **DETAILS)

    again = post(client, department, resident_id=resident.id, **DETAILS)
    spelt = {**DETAILS, "account_number": "12345678A"}
    spelt_otherwise = post(client, department, resident_id=resident.id, **spelt)

    assert (again.status_code, spelt_otherwise.status_code) == (200, 200)
    assert again.json == spelt_otherwise.json == first.json
    details = stored(database, first.json["id"])
    assert details.facts.details == details_from(details.details)


@pytest.mark.parametrize(
    "change",
    [
        {"premises": "Flat B"},
        {"lines": DETAILS["lines"][:1]},  # type: ignore[index]
        {"surcharges": []},
        {"period": None},
        {"account_number": "999"},
        {"link_code": "OTHER"},
        {"legal_basis": None},
    ],
    ids=lambda change: next(iter(change)),
)
@on_sqlite
def test_other_details_make_it_another_bill(
    client: FlaskClient, resident: Caller, department: Caller, change: dict[str, Any]
) -> None:
    sound = {**DETAILS, "lines": [{"text": "Water"}]}
    posted(client, department, resident_id=resident.id, **sound)

    other = post(client, department, resident_id=resident.id, **{**sound, **change})

    assert (other.status_code, other.json["code"]) == (409, "bill_number_taken")


def test_a_bill_for_neither_a_resident_nor_an_account_is_refused(
    client: FlaskClient, department: Caller
) -> None:
    reply = post(client, department)
    named_as_nothing = post(client, department, account_number=" ")

    assert (reply.status_code, reply.json["code"]) == (422, "bill_for_nobody")
    assert (named_as_nothing.status_code, named_as_nothing.json["code"]) == (422, "invalid")


def test_an_account_that_nobody_linked_has_its_bill_wait_unseen(
    client: FlaskClient, resident: Caller, department: Caller
) -> None:
    reply = post(client, department, **DETAILS)

    assert reply.status_code == 201
    assert (reply.json["resident_id"], reply.json["seen_by_resident"]) == (None, False)
    assert get(client, resident, "/v1/bills?state=all")["items"] == []
    assert told(client, resident) == []


def test_an_account_that_is_linked_brings_its_bill_to_whoever_linked_it(
    client: FlaskClient, resident: Caller, neighbour: Caller, department: Caller, database: Database
) -> None:
    link_id = link(database, resident.id, "WSD", "12345678A")
    link(database, neighbour.id, "IRD", "12345678A")

    reply = post(client, department, **DETAILS)

    assert (reply.json["resident_id"], reply.json["seen_by_resident"]) == (None, True)
    assert resident.id not in reply.text
    assert get(client, resident, "/v1/bills")["items"][0]["id"] == reply.json["id"]
    assert told(client, resident) == ["bill_new"]
    assert get(client, neighbour, "/v1/bills")["items"] == []
    bill = stored(database, reply.json["id"])
    assert (bill.resident_id, bill.link_id) == (resident.id, link_id)


def test_a_bill_that_came_by_a_link_is_the_same_bill_the_second_time(
    client: FlaskClient, resident: Caller, department: Caller, database: Database
) -> None:
    link(database, resident.id, "WSD", "12345678A")
    first = post(client, department, **DETAILS)

    again = post(client, department, **DETAILS)

    assert (again.status_code, again.json) == (200, first.json)
    assert told(client, resident) == ["bill_new"]


def test_a_department_cannot_find_out_who_linked_an_account_by_guessing(
    client: FlaskClient, resident: Caller, neighbour: Caller, department: Caller, database: Database
) -> None:
    link(database, resident.id, "WSD", "12345678A")
    bill_id = posted(client, department, **DETAILS)

    guesses = [
        (
            post(client, department, resident_id=each.id, **DETAILS).json,
            amend(client, department, bill_id, **FULL, resident_id=each.id).json,
        )
        for each in (resident, neighbour)
    ]

    codes = [tuple(reply["code"] for reply in pair) for pair in guesses]
    assert codes == [("bill_number_taken", "bill_receiver_fixed")] * 2


def test_a_resident_who_is_named_comes_before_one_who_linked_the_account(
    client: FlaskClient, resident: Caller, neighbour: Caller, department: Caller, database: Database
) -> None:
    link(database, neighbour.id, "WSD", "12345678A")

    bill_id = posted(client, department, resident_id=resident.id, **DETAILS)

    assert get(client, neighbour, "/v1/bills")["items"] == []
    assert told(client, neighbour) == []
    assert (stored(database, bill_id).resident_id, stored(database, bill_id).link_id) == (
        resident.id,
        None,
    )


def test_a_number_stays_taken_once_its_bill_is_paid_or_taken_back(
    client: FlaskClient, resident: Caller, department: Caller, database: Database
) -> None:
    paid = posted(client, department, resident_id=resident.id)
    pay(database, paid)
    gone = posted(client, department, resident_id=resident.id, bill_number="W-2")
    withdraw(client, department, gone)

    again = [
        post(client, department, resident_id=resident.id, bill_number=n) for n in ("W-1", "W-2")
    ]
    other = post(client, department, resident_id=resident.id, amount_cents=1)

    assert [(reply.status_code, reply.json["state"]) for reply in again] == [
        (200, "paid"),
        (200, "withdrawn"),
    ]
    assert other.status_code == 409
    assert told(client, resident) == ["bill_new", "bill_new", "bill_withdrawn"]


LINE = {"text": "Water", "amount_cents": 1}
SURCHARGE = {"after": "2026-12-20", "amount_cents": 1, "rule": "late"}


CONTRADICTIONS: list[tuple[str, dict[str, Any]]] = [
    ("bill_dates_wrong", {"due_on": "2026-11-19"}),
    ("bill_period_wrong", {"period": {"from": "2026-02-02", "to": "2026-02-01"}}),
    ("bill_surcharges_wrong", {"surcharges": [{**SURCHARGE, "after": "2026-12-19"}]}),
    ("bill_surcharges_wrong", {"surcharges": [SURCHARGE, SURCHARGE]}),
    (
        "bill_surcharges_wrong",
        {"surcharges": [{**SURCHARGE, "after": "2026-12-22"}, SURCHARGE]},
    ),
    ("bill_lines_do_not_sum", {"lines": [LINE]}),
    ("bill_lines_do_not_sum", {"lines": [{"text": "a", "amount_cents": 41851}]}),
]


def test_a_bill_that_contradicts_itself_is_refused_and_leaves_nothing(
    client: FlaskClient, resident: Caller, department: Caller
) -> None:
    for code, change in CONTRADICTIONS:
        reply = post(client, department, resident_id=resident.id, **change)
        assert (reply.status_code, reply.json["code"]) == (422, code)

    assert get(client, department, "/v1/department/bills")["items"] == []
    assert told(client, resident) == []


LONG = "x" * 501


WRONG_PARTS: list[tuple[str, dict[str, Any]]] = [
    ("#/payer_name", {"payer_name": LONG}),
    ("#/payer_name", {"payer_name": ""}),
    ("#/payer_name", {"payer_name": " \u3000"}),
    ("#/premises", {"premises": "a\nb"}),
    ("#/premises", {"premises": "\u202etxt.exe"}),
    ("#/contact", {"contact": "e" + "\u0301" * 9}),
    ("#/contact", {"contact": 7}),
    ("#/legal_basis", {"legal_basis": ["Cap. 102A"]}),
    ("#/payment_reference", {"payment_reference": "x" * 41}),
    ("#/pdf_url", {"pdf_url": "http://bills.example.org/1.pdf"}),
    ("#/pdf_url", {"pdf_url": "javascript:alert(1)"}),
    ("#/pdf_url", {"pdf_url": "https://x@evil.example/1.pdf"}),
    ("#/pdf_url", {"pdf_url": "https://bills.example.org/<script>"}),
    ("#/pdf_url", {"pdf_url": "https://a.hk/" + LONG}),
    ("#/account_number", {"account_number": "１２３４"}),
    ("#/account_number", {"account_number": "1" * 41}),
    ("#/account_number", {"account_number": "-"}),
    ("#/link_code", {"link_code": "abc"}),
    ("#/link_code", {"link_code": "abcd\n"}),
    ("#/period/to", {"period": {"from": "2026-01-01"}}),
    ("#/period/from", {"period": {"from": "2026-02-30", "to": "2026-03-01"}}),
    ("#/period/begins_on", {"period": {"begins_on": "2026-01-01"}}),
    ("#/period", {"period": []}),
    ("#/lines", {"lines": {"text": "a"}}),
    ("#/lines", {"lines": [LINE] * 51}),
    ("#/lines/0/amount_cents", {"lines": [{"text": "a", "amount_cents": 1.5}]}),
    ("#/lines/0/amount_cents", {"lines": [{"text": "a", "amount_cents": "1"}]}),
    ("#/lines/0/amount_cents", {"lines": [{"text": "a", "amount_cents": 10**30}]}),
    ("#/lines/0/text", {"lines": [{"amount_cents": 1}]}),
    ("#/lines/0/price", {"lines": [{**LINE, "price": 1}]}),
    ("#/surcharges", {"surcharges": [SURCHARGE] * 7}),
    ("#/surcharges/0/amount_cents", {"surcharges": [{**SURCHARGE, "amount_cents": 0}]}),
    ("#/surcharges/0/after", {"surcharges": [{**SURCHARGE, "after": "9999-12-31"}]}),
    ("#/surcharges/0/holds", {"surcharges": [{**SURCHARGE, "holds": True}]}),
    ("#/state", {"state": "paid"}),
    ("#/link_id", {"link_id": "lnk_1"}),
    ("#/department_id", {"department_id": "IRD"}),
    ("#/version", {"version": 9}),
]


@on_sqlite
def test_a_part_that_is_not_as_it_must_be_is_named(
    client: FlaskClient, resident: Caller, department: Caller
) -> None:
    for pointer, change in WRONG_PARTS:
        reply = post(client, department, resident_id=resident.id, **change)

        assert (reply.status_code, reply.json["code"]) == (422, "invalid"), pointer
        assert pointer in [error["pointer"] for error in reply.json["errors"]], change


def test_the_largest_bill_there_may_be_is_taken(
    client: FlaskClient, resident: Caller, department: Caller
) -> None:
    text = "陳" * 200
    largest = {
        **FULL,
        "payer_name": "陳" * 100,
        "premises": text,
        "legal_basis": "陳" * 300,
        "contact": text,
        "lines": [{"text": text, "quantity": "陳" * 40}] * 50,
        "surcharges": [
            {"after": f"2027-0{month}-01", "amount_cents": 1_000_000_000, "rule": "陳" * 300}
            for month in range(1, 7)
        ],
        "amount_cents": 1_000_000_000,
    }

    bill_id = posted(client, department, resident_id=resident.id, **largest)

    assert len(get(client, resident, f"/v1/bills/{bill_id}")["lines"]) == 50


@pytest.mark.parametrize("name", ["payer_name", "period", "account_number", "pdf_url", "issued_on"])
@on_sqlite
def test_a_part_that_is_null_is_left_out(
    client: FlaskClient, resident: Caller, department: Caller, name: str
) -> None:
    body = {**BILL, "resident_id": resident.id, name: None}
    headers = {**department.headers, "Idempotency-Key": "null"}

    reply = client.post("/v1/department/bills", json=body, headers=headers)

    assert reply.status_code == 201


@pytest.mark.parametrize(
    "day", ["20261220", "2026-W52-1", "2026-354", "２０２６-12-20", "2026-12-20 "]
)
@pytest.mark.parametrize("place", ["due_on", "issued_on", "period", "surcharges"])
def test_a_day_has_one_spelling(
    client: FlaskClient, department: Caller, place: str, day: str
) -> None:
    parts = {
        "period": {"from": "2026-07-01", "to": day},
        "surcharges": [{"after": day, "amount_cents": 1, "rule": "Late"}],
    }

    reply = post(client, department, account_number="A1", **{place: parts.get(place, day)})

    assert (reply.status_code, reply.json["code"]) == (422, "invalid")
    [error] = reply.json["errors"]
    assert error["pointer"].startswith(f"#/{place}")
    assert error["detail"] == "This needs a date, as in 2026-12-20."
