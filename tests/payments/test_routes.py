"""What a resident sees of a payment over HTTP, whatever the payer's bank has sent."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from backend.bills.linking.actions import link_account, list_links, unlink_account
from backend.bills.linking.rules import Proof
from backend.core.database import Database
from backend.payments.actions import is_being_paid
from backend.payments.models import PaymentAttempt
from tests.conftest import Caller
from tests.core.problems import assert_problem
from tests.payments.harbour import CENTS, Harbour
from tests.payments.refunds.desk import RefundDesk

ACCOUNT = "123456789"


def see(client: FlaskClient, who: Caller, path: str, language: str = "en") -> Any:
    headers = {**who.headers, "Accept-Language": language}
    reply = client.get(f"/v1/{path}", headers=headers)
    assert reply.status_code == 200, reply.text
    return reply.json


def started(harbour: Harbour, who: Caller) -> tuple[str, PaymentAttempt]:
    """A bill of somebody's, and the payment of it that has just begun."""
    bill = harbour.bill(who.id)
    return bill, harbour.start(who.id, bill)[0]


def test_a_code_is_shown_while_it_may_be_paid(
    client: FlaskClient, resident: Caller, harbour: Harbour
) -> None:
    _, attempt = started(harbour, resident)

    payment = see(client, resident, f"payments/{attempt.id}")

    assert payment["code"]["text"].startswith("000201")
    assert (payment["state"], payment["cancel_asked"], payment["held"]) == ("created", False, [])


@pytest.mark.parametrize("is_early", [True, False], ids=["before the bank knows", "after"])
@pytest.mark.parametrize(
    ("wishes", "held"),
    [
        ({"amount_cents": 100}, {"currency": "HKD", "amount_cents": 100, "returned_cents": 0}),
        ({"currency": "CNY"}, {"currency": "CNY", "amount_cents": CENTS, "returned_cents": 0}),
    ],
    ids=["too little", "other currency"],
)
def test_a_code_is_shown_no_more_once_other_money_came_for_it(
    client: FlaskClient,
    resident: Caller,
    harbour: Harbour,
    wishes: dict[str, Any],
    held: dict[str, Any],
    is_early: bool,
) -> None:
    _, attempt = started(harbour, resident)
    if is_early:
        harbour.pay_early(attempt, **wishes)
    else:
        harbour.work_off()
        harbour.pay(attempt, **wishes)

    harbour.hear_all()  # and the worker has not been at the bank since
    at_once = see(client, resident, f"payments/{attempt.id}")
    picture = client.get(f"/v1/payments/{attempt.id}/code.svg", headers=resident.headers)
    harbour.work_off()
    then = see(client, resident, f"payments/{attempt.id}")

    assert (at_once["code"], at_once["cancel_asked"], at_once["held"]) == (None, True, [held])
    assert_problem(picture, 409, "payment_over")
    assert (then["state"], then["code"], then["held"]) == ("failed", None, [held])
    assert harbour.refusal(attempt) in ("order_cancelled", "order_paid")


def test_money_of_two_currencies_is_not_added_up(
    client: FlaskClient, resident: Caller, harbour: Harbour
) -> None:
    _, attempt = started(harbour, resident)
    harbour.work_off()

    harbour.pay(attempt, currency="CNY", amount_cents=100)
    harbour.pay(attempt, amount_cents=CENTS + 7, late=True)
    harbour.hear_all()
    payment = see(client, resident, f"payments/{attempt.id}")

    assert payment["state"] == "paid"
    assert payment["paid_cents"] == CENTS
    assert payment["held"] == [
        {"currency": "CNY", "amount_cents": 100, "returned_cents": 0},
        {"currency": "HKD", "amount_cents": 7, "returned_cents": 0},
    ]


@pytest.mark.parametrize(
    ("currency", "language", "words"),
    [
        ("HKD", "en", "HK$1,234.56 "),
        ("CNY", "en", "CN¥1,234.56 "),
        ("CNY", "zh-Hant", "人民幣 1,234.56 元"),
        ("CNY", "zh-Hans", "人民币 1,234.56 元"),
        ("USD", "zh-Hant", "USD 1,234.56 "),
    ],
)
def test_money_is_told_in_its_own_currency(
    client: FlaskClient,
    resident: Caller,
    harbour: Harbour,
    currency: str,
    language: str,
    words: str,
) -> None:
    bill = harbour.bill(resident.id, 900_000)
    attempt = harbour.announced(resident.id, bill)
    desk = RefundDesk(harbour)

    harbour.pay(attempt, currency=currency, amount_cents=123456)
    harbour.hear_all()
    desk.approved(harbour.credits()[-1])
    desk.send_all()

    returned, held = see(client, resident, "messages", language)["items"][:2]
    assert (held["kind"], returned["kind"]) == ("payment_held", "payment_returned")
    for message in (held, returned):
        assert words.strip() in message["body"]
        assert ("HK$" in message["body"]) == (currency == "HKD")


def test_a_bill_shows_what_is_paid_of_it(
    client: FlaskClient, resident: Caller, harbour: Harbour
) -> None:
    bill, attempt = started(harbour, resident)
    harbour.work_off()
    begun = seen_of(client, resident, bill)

    harbour.pay(attempt, amount_cents=100)
    harbour.hear_all()
    harbour.work_off()
    held = seen_of(client, resident, bill)
    another = harbour.announced(resident.id, bill)
    both = seen_of(client, resident, bill)
    harbour.pay(another)
    harbour.hear_all()
    desk = RefundDesk(harbour)
    desk.approved(harbour.credits()[0])
    desk.send_all()
    after = seen_of(client, resident, bill)

    assert begun == {"under_way_id": attempt.id, "held_id": None}
    assert held == {"under_way_id": None, "held_id": attempt.id}
    assert both == {"under_way_id": another.id, "held_id": attempt.id}
    assert after is None


def seen_of(client: FlaskClient, who: Caller, bill_id: str) -> Any:
    """What a bill shows of its payment; the same wherever it is read."""
    bill = see(client, who, f"bills/{bill_id}")
    [listed] = see(client, who, "bills?state=all")["items"]
    at_home = see(client, who, "home")["due"]["bills"]
    assert {str(each["payment"]) for each in [listed, *at_home]} == {str(bill["payment"])}
    return bill["payment"]


def test_a_bill_of_which_nothing_is_paid_shows_nothing(
    client: FlaskClient, resident: Caller, harbour: Harbour
) -> None:
    bill = harbour.bill(resident.id)
    other, attempt = started(harbour, resident)

    shown = {each["id"]: each["payment"] for each in see(client, resident, "bills")["items"]}

    assert shown[bill] is None
    assert shown[other]["under_way_id"] == attempt.id


def test_late_money_of_a_former_holder_leaves_its_payer_the_receipt(
    client: FlaskClient, resident: Caller, neighbour: Caller, harbour: Harbour, database: Database
) -> None:
    """A resident starts to pay, gives the account up, pays all the same; the next one has the bill."""
    bill = harbour.bill(None, account_number=ACCOUNT)
    link(harbour, resident)
    attempt = harbour.announced(resident.id, bill)
    harbour.pass_time(timedelta(minutes=31))
    unlink(harbour, resident)
    link(harbour, neighbour)

    harbour.pay(attempt, late=True)
    harbour.hear_all()

    payment = see(client, resident, f"payments/{attempt.id}")
    receipt = see(client, resident, f"bills/{bill}/receipt")
    assert (payment["state"], payment["receipt_id"]) == ("paid", receipt["id"])
    assert see(client, resident, "receipts")["items"] == [receipt]
    assert [each["id"] for each in see(client, resident, f"bills/{bill}/payments")["items"]] == [
        attempt.id
    ]
    assert see(client, resident, "messages")["items"][0]["kind"] == "payment_received"

    theirs = see(client, neighbour, f"bills/{bill}")
    assert (theirs["state"], theirs["paid"]["cents"], theirs["payment"]) == ("paid", CENTS, None)
    assert resident.id not in str(theirs)
    assert attempt.id not in str(theirs)
    assert see(client, neighbour, f"bills/{bill}/payments")["items"] == []
    assert see(client, neighbour, "receipts")["items"] == []
    none = client.get(f"/v1/bills/{bill}/receipt", headers=neighbour.headers)
    assert_problem(none, 404, "receipt_not_found")
    foreign = client.get(f"/v1/payments/{attempt.id}", headers=neighbour.headers)
    assert_problem(foreign, 404, "payment_not_found")
    kinds = {each["kind"] for each in see(client, neighbour, "messages")["items"]}
    assert kinds == {"bill_new"}


def test_held_money_of_a_former_holder_is_no_business_of_the_next(
    client: FlaskClient, resident: Caller, neighbour: Caller, harbour: Harbour
) -> None:
    bill = harbour.bill(None, account_number=ACCOUNT)
    link(harbour, resident)
    attempt = harbour.announced(resident.id, bill)
    harbour.pay(attempt, amount_cents=100)
    harbour.hear_all()
    harbour.work_off()
    unlink(harbour, resident)
    link(harbour, neighbour)

    assert see(client, neighbour, f"bills/{bill}")["payment"] is None
    assert see(client, resident, f"payments/{attempt.id}")["held"][0]["amount_cents"] == 100


def link(harbour: Harbour, who: Caller) -> None:
    proof = Proof(amount_cents=CENTS)
    with harbour.database.transaction() as db:
        link_account(db, who.id, "WSD", ACCOUNT, proof, now=harbour.clock(), ring=harbour.ring)


def unlink(harbour: Harbour, who: Caller) -> None:
    with harbour.database.transaction() as db:
        [kept] = list_links(db, who.id, None, 10).items
        unlink_account(db, who.id, kept.id, is_being_paid, harbour.clock())
