"""The bank's client believes what the document says, and of everything else that nobody knows."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from backend.core.clock import hong_kong_date, now
from backend.gateways import bank_client
from backend.gateways.bank import (
    BankAway,
    BankRefused,
    Order,
    OrderState,
    RefundStanding,
)
from backend.gateways.bank_client import HttpBank
from tests.simulators.bank_desk import BankDesk
from tests.simulators.desk import wait_until

SOON = datetime.now(UTC) + timedelta(minutes=30)
ORDER = Order("P1", "WSD-1", 48630, "HKD", SOON)
# each is called with the number of a transaction that was paid for P1 and refunded in part by R0
CALLS: dict[str, Callable[[HttpBank, str], Any]] = {
    "create": lambda bank, _: bank.create(Order("P2", "WSD-2", 100, "HKD", SOON)),
    "find": lambda bank, _: bank.find("P1"),
    "cancel": lambda bank, _: bank.cancel("P1"),
    "refund": lambda bank, number: bank.refund("R1", number, 100),
    "find_refund": lambda bank, _: bank.find_refund("R0"),
    "statement": lambda bank, _: list(bank.statement(today())),
}
SPOILT = [
    {"status": 500},
    {"status": 502, "media_type": "text/html"},
    {"status": 503, "retry_after": 0},
    {"status": 429, "retry_after": 0},
    {"status": 401},
    {"status": 403},
    {"status": 302},
    {"status": 418},
    {"status": 204},
    {"lose": "request"},
    {"lose": "answer"},
    {"status": 500, "after": True},
    {"body": ""},
    {"body": "<html>we are improving our service</html>"},
    {"body": "[]"},
    {"body": "null"},
    {"body": "{}"},
    {"body": '{"error": {"code": "order_differs"}}'},
    {"body": "[" * 100_000},
    {"body": '{"reference": "P1", "reference": "P1"}'},
    {"body": '{"n": NaN}'},
    {"body": '{"n": ' + "9" * 6000 + "}"},
    {"body": "\ud800"},
    {"body": "x" * (bank_client.LARGEST_REPLY_BYTES + 1)},
    {"cut_bytes": 1},
]


def today() -> date:
    return hong_kong_date(now())


@pytest.fixture
def paid(bank: HttpBank, bank_desk: BankDesk) -> dict[str, Any]:
    """An order that was paid, and a part of the money sent back; what came."""
    bank.create(ORDER)
    (transaction,) = bank_desk.pay("P1")
    bank.refund("R0", transaction["transaction_id"], 1)
    return dict(transaction)


def test_an_order_is_made_once_however_often_it_is_told(
    bank: HttpBank, bank_desk: BankDesk
) -> None:
    told = [bank.create(ORDER) for _ in range(3)]

    assert {each.state for each in told} == {OrderState.OPEN}
    assert len(bank_desk.orders()) == 1
    assert bank.find("P1") == told[0]


def test_the_same_reference_with_other_content_is_refused(bank: HttpBank) -> None:
    bank.create(ORDER)

    with pytest.raises(BankRefused, match="order_differs"):
        bank.create(Order("P1", "WSD-1", 1, "HKD", SOON))


def test_an_order_that_is_over_before_it_begins_is_refused(bank: HttpBank) -> None:
    with pytest.raises(BankRefused, match="expiry_passed"):
        bank.create(Order("P1", "WSD-1", 1, "HKD", datetime.now(UTC) - timedelta(seconds=1)))


def test_what_the_bank_never_heard_of_is_none(bank: HttpBank) -> None:
    assert bank.find("NONE") is None
    assert bank.cancel("NONE") is None
    assert bank.find_refund("NONE") is None


def test_money_that_came_is_told_with_the_order(bank: HttpBank, paid: dict[str, Any]) -> None:
    found = bank.find("P1")

    assert found
    assert found.state is OrderState.PAID
    (transaction,) = found.transactions
    assert transaction.fps_reference == paid["fps_reference"]
    assert (transaction.amount_cents, transaction.currency) == (48630, "HKD")
    assert transaction.paid_at == datetime.fromisoformat(paid["paid_at"])


def test_a_paid_order_cannot_be_cancelled_and_says_so(bank: HttpBank, paid: dict[str, Any]) -> None:
    found = bank.cancel("P1")

    assert found
    assert found.state is OrderState.PAID


def test_a_cancelled_order_is_cancelled_once(bank: HttpBank, bank_desk: BankDesk) -> None:
    bank.create(ORDER)

    told = [bank.cancel("P1") for _ in range(2)]

    assert [each and each.state for each in told] == [OrderState.CANCELLED] * 2
    assert len(bank_desk.events("order.cancelled")) == 1


def test_money_goes_back_once_however_often_it_is_asked_for(
    bank: HttpBank, bank_desk: BankDesk, paid: dict[str, Any]
) -> None:
    told = [bank.refund("R1", paid["transaction_id"], 600) for _ in range(3)]

    assert {each.standing for each in told} == {RefundStanding.DONE}
    assert bank.find_refund("R1") == told[0]
    assert bank_desk.totals().refund_cents == 601


@pytest.mark.parametrize(
    ("transaction", "cents", "why"),
    [("P1", 48630, "refund_too_large"), ("nobody's", 1, "transaction_unknown")],
)
def test_a_refund_that_cannot_be_is_refused(
    bank: HttpBank, paid: dict[str, Any], transaction: str, cents: int, why: str
) -> None:
    number = paid["transaction_id"] if transaction == "P1" else "T0"

    with pytest.raises(BankRefused, match=why):
        bank.refund("R9", number, cents)


def test_a_refund_may_take_its_time_and_may_fail(
    bank: HttpBank, bank_desk: BankDesk, paid: dict[str, Any]
) -> None:
    bank_desk.script("refund", {"state": "pending", "settle_seconds": 0.05}, {"state": "failed"})

    slow = bank.refund("R1", paid["transaction_id"], 1)
    failed = bank.refund("R2", paid["transaction_id"], 48628)

    assert (slow.standing, slow.done_at) == (RefundStanding.PENDING, None)
    assert failed.standing is RefundStanding.FAILED
    assert failed.reason
    wait_until(lambda: is_done(bank, "R1"))
    assert bank.refund("R3", paid["transaction_id"], 48628).standing is RefundStanding.DONE


def is_done(bank: HttpBank, reference: str) -> bool:
    found = bank.find_refund(reference)
    return found is not None and found.standing is RefundStanding.DONE


def test_the_statement_of_a_day_lists_money_both_ways(
    bank: HttpBank, bank_desk: BankDesk, paid: dict[str, Any]
) -> None:
    bank_desk.pay("P1", 7, reference="whose?", late=True)

    lines = list(bank.statement(today()))

    assert [(line.is_refund, line.amount_cents, line.reference) for line in lines] == [
        (False, 48630, "P1"),
        (True, 1, "R0"),
        (False, 7, "whose?"),
    ]
    assert list(bank.statement(today() - timedelta(days=1))) == []


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("fault", SPOILT, ids=[str(fault)[:40] for fault in SPOILT])
def test_after_an_answer_that_settles_nothing_nobody_knows(
    bank: HttpBank, bank_desk: BankDesk, paid: dict[str, Any], call: str, fault: dict[str, Any]
) -> None:
    bank_desk.script(call, fault)

    with pytest.raises(BankAway):
        CALLS[call](bank, paid["transaction_id"])

    assert CALLS[call](bank, paid["transaction_id"])


@pytest.mark.parametrize("call", [call for call in CALLS if call != "statement"])
def test_an_answer_about_another_is_no_answer(
    bank: HttpBank, bank_desk: BankDesk, paid: dict[str, Any], call: str
) -> None:
    bank_desk.script(call, {"wrong_reference": True})

    with pytest.raises(BankAway):
        CALLS[call](bank, paid["transaction_id"])


@pytest.mark.parametrize(
    "change",
    [
        {"amount_cents": "48630"},
        {"amount_cents": True},
        {"amount_cents": 48630.0},
        {"amount_cents": 0},
        {"amount_cents": -1},
        {"amount_cents": 10**12},
        {"currency": "hkd"},
        {"currency": None},
        {"paid_at": "2026-11-23"},
        {"paid_at": "2026-11-23T04:05:06"},
        {"paid_at": "2026-W47-1T04:05:06Z"},
        {"paid_at": "2026-02-30T04:05:06Z"},
        {"paid_at": "9999-12-31T23:59:59Z"},
        {"paid_at": 1764000000},
        {"transaction_id": ""},
        {"transaction_id": "T" * 65},
        {"transaction_id": "T\n1"},
        {"fps_reference": None},
        {"reference": "a\x00b"},
        {"reference": "\ud800"},
        {"reference": "x" * 141},
        {"reference": 7},
    ],
)
def test_a_transaction_of_the_wrong_shape_is_no_answer(
    bank: HttpBank, bank_desk: BankDesk, paid: dict[str, Any], change: dict[str, Any]
) -> None:
    bank_desk.script("find", {"body": body_of([{**paid, **change}])})

    with pytest.raises(BankAway):
        bank.find("P1")


def body_of(transactions: list[Any], state: str = "paid") -> str:
    said = {"reference": "P1", "state": state, "transactions": transactions}
    return json.dumps({**said, "something_new": {"of": ["theirs"]}})


@pytest.mark.parametrize(
    ("state", "times"), [("paid", 0), ("open", 1), ("expired", 1), ("paid", 2), ("settled", 1)]
)
def test_an_order_that_contradicts_itself_is_no_answer(
    bank: HttpBank, bank_desk: BankDesk, paid: dict[str, Any], state: str, times: int
) -> None:
    bank_desk.script("find", {"body": body_of([paid] * times, state)})

    with pytest.raises(BankAway):
        bank.find("P1")


def test_fields_that_are_new_are_passed_over(
    bank: HttpBank, bank_desk: BankDesk, paid: dict[str, Any]
) -> None:
    bank_desk.script("find", {"body": body_of([paid])})

    assert bank.find("P1")


def test_a_reply_to_another_amount_is_no_answer(bank: HttpBank, bank_desk: BankDesk) -> None:
    echo = {"reference": "P1", "bill_number": "WSD-1", "currency": "HKD", "state": "open"}
    body = json.dumps({**echo, "amount_cents": 1, "transactions": []})
    bank_desk.script("create", {"body": body})

    with pytest.raises(BankAway):
        bank.create(ORDER)
