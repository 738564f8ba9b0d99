"""The bank simulator keeps its document, and its ledger tells the truth."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from backend.simulators.bank import BankKeys, make_bank
from tests.simulators.bank_desk import BankDesk
from tests.simulators.bank_keys import API_KEY, CALLBACK_KEYS

KEYS = BankKeys(frozenset({API_KEY}), CALLBACK_KEYS)


def in_minutes(minutes: float) -> str:
    return (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()


def order(**changes: Any) -> dict[str, Any]:
    whole = {"bill_number": "WSD-1", "amount_cents": 100, "currency": "HKD"}
    return {**whole, "expires_at": "2099-01-01T00:00:00+08:00", **changes}


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "bank.log"


@pytest.fixture
def client(log: Path) -> Client:
    return make_bank(log, KEYS)[0].test_client()


@pytest.fixture
def ask(client: Client) -> Callable[..., TestResponse]:
    """Call the API, signed in."""
    headers = {"Authorization": f"Bearer {API_KEY}"}

    def asking(method: str, path: str, **sent: Any) -> TestResponse:
        return client.open(path, method=method, headers=headers, **sent)

    return asking


def lines(log: Path, kind: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in log.read_text().splitlines()]
    return [line for line in found if line["kind"] == kind]


def pay(client: Client, **said: Any) -> Any:
    return client.post("/pay", json=said).json


def test_an_order_is_made_once_and_the_same_is_found_again(
    ask: Callable[..., TestResponse], log: Path
) -> None:
    first = ask("PUT", "/v1/orders/P1", json=order())
    again = ask("PUT", "/v1/orders/P1", json=order(expires_at="2098-12-31T16:00:00Z"))
    other = ask("PUT", "/v1/orders/P1", json=order(amount_cents=101))

    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 409)
    assert first.json == again.json == ask("GET", "/v1/orders/P1").json
    assert other.json["error"]["code"] == "order_differs"
    assert len(lines(log, "order")) == 1


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        ({"data": b"{"}, 400, "not_readable"),
        ({"json": []}, 400, "not_readable"),
        ({"json": {}}, 400, "not_readable"),
        ({"json": order(more=1)}, 400, "not_readable"),
        ({"json": order(amount_cents="100")}, 400, "not_readable"),
        ({"json": order(amount_cents=True)}, 400, "not_readable"),
        ({"json": order(expires_at="soon")}, 400, "not_readable"),
        ({"json": order(expires_at="2099-01-01T00:00:00")}, 400, "not_readable"),
        ({"json": order(amount_cents=0)}, 422, "not_valid"),
        ({"json": order(amount_cents=10**12)}, 422, "not_valid"),
        ({"json": order(currency="XXX")}, 422, "not_valid"),
        ({"json": order(bill_number="")}, 422, "not_valid"),
        ({"json": order(expires_at="2020-01-01T00:00:00Z")}, 422, "expiry_passed"),
    ],
)
def test_an_order_that_cannot_be_is_refused_by_the_documents_word(
    ask: Callable[..., TestResponse], log: Path, sent: dict[str, Any], status: int, code: str
) -> None:
    reply = ask("PUT", "/v1/orders/P1", **sent)

    assert (reply.status_code, reply.json["error"]["code"]) == (status, code)
    assert log.read_text() == ""


@pytest.mark.parametrize("path", ["/v1/orders/x%20y", f"/v1/orders/{'x' * 65}"])
def test_a_reference_has_its_shape(ask: Callable[..., TestResponse], path: str) -> None:
    assert ask("PUT", path, json=order()).status_code == 422


@pytest.mark.parametrize(
    "header", [None, "Bearer ", "Bearer wrong", f"Basic {API_KEY}", "Bearer é"]
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/v1/orders/P1"),
        ("GET", "/v1/orders/P1"),
        ("POST", "/v1/orders/P1/cancel"),
        ("PUT", "/v1/refunds/R1"),
        ("GET", "/v1/refunds/R1"),
        ("GET", "/v1/statements/2026-11-23"),
    ],
)
def test_nobody_calls_without_a_key(
    client: Client, header: str | None, method: str, path: str
) -> None:
    headers = {"Authorization": header} if header else {}

    reply = client.open(path, method=method, headers=headers)

    assert (reply.status_code, reply.json["error"]["code"]) == (401, "not_signed_in")


@pytest.mark.parametrize("day", ["yesterday", "2026-02-30", "2026-13-01"])
def test_a_statement_is_of_a_day(ask: Callable[..., TestResponse], day: str) -> None:
    assert ask("GET", f"/v1/statements/{day}").status_code == 422


def test_a_second_order_for_one_bill_is_taken_and_seen(bank_desk: BankDesk, bank: Any) -> None:
    from_us = ("P1", "P2", "P3")
    for reference in from_us:
        bank.client.put(f"/v1/orders/{reference}", json=order(bill_number="ONE"))
    bank.client.put("/v1/orders/P4", json=order(bill_number="TWO"))

    assert bank_desk.second_orders() == 2


def test_an_order_after_a_closed_one_is_no_second(bank_desk: BankDesk, bank: Any) -> None:
    bank.client.put("/v1/orders/P1", json=order())
    bank.cancel("P1")
    bank.client.put("/v1/orders/P2", json=order())

    assert bank_desk.second_orders() == 0


def test_an_order_after_a_paid_one_is_a_second(bank_desk: BankDesk, bank: Any) -> None:
    bank.client.put("/v1/orders/P1", json=order())
    bank_desk.pay("P1")
    bank.client.put("/v1/orders/P2", json=order())

    assert bank_desk.second_orders() == 1


def test_an_order_expires_by_itself(ask: Callable[..., TestResponse], log: Path) -> None:
    ask("PUT", "/v1/orders/P1", json=order(expires_at=in_minutes(0.0005)))

    while ask("GET", "/v1/orders/P1").json["state"] == "open":
        pass

    assert ask("GET", "/v1/orders/P1").json["state"] == "expired"
    assert [line["event"]["type"] for line in lines(log, "event")] == [
        "order.opened",
        "order.expired",
    ]


def test_a_bank_takes_no_money_for_what_is_over(
    client: Client, ask: Callable[..., TestResponse]
) -> None:
    for reference in ("PAID", "CANCELLED"):
        ask("PUT", f"/v1/orders/{reference}", json=order())
    pay(client, order="PAID")
    ask("POST", "/v1/orders/CANCELLED/cancel")

    refused = [pay(client, order=each)["error"]["code"] for each in ("PAID", "CANCELLED", "NONE")]

    assert refused == ["order_paid", "order_cancelled", "order_unknown"]


def test_money_may_come_late_twice_and_otherwise(
    client: Client, ask: Callable[..., TestResponse]
) -> None:
    ask("PUT", "/v1/orders/P1", json=order())
    ask("POST", "/v1/orders/P1/cancel")

    pay(client, order="P1", late=True, times=2, amount_cents=7, currency="CNY")

    found = ask("GET", "/v1/orders/P1").json
    assert found["state"] == "paid"
    assert [(each["amount_cents"], each["currency"]) for each in found["transactions"]] == [
        (7, "CNY"),
        (7, "CNY"),
    ]
    assert len({each["transaction_id"] for each in found["transactions"]}) == 2


def test_what_a_payers_bank_does_can_be_scripted(
    client: Client, ask: Callable[..., TestResponse]
) -> None:
    ask("PUT", "/v1/orders/P1", json=order())
    client.post("/control", json={"operation": "pay", "faults": [{"reference": "TYPED-WRONG"}]})

    (transaction,) = pay(client, order="P1")["transactions"]

    assert transaction["reference"] == "TYPED-WRONG"
    assert ask("GET", "/v1/orders/P1").json["state"] == "open"


def test_a_fault_that_nobody_knows_is_not_taken_into_the_script(client: Client) -> None:
    for order_of_faults in (
        {"operation": "find", "faults": [{"status": 500}, {"statsu": 500}]},
        {"operation": "fnid", "faults": [{"status": 500}]},
        {"operation": "find"},
        {"operation": "callback refund.done", "faults": [{"status": 500}]},
    ):
        assert client.post("/control", json=order_of_faults).status_code == 400


def test_faults_are_used_in_turn(client: Client, ask: Callable[..., TestResponse]) -> None:
    client.post(
        "/control", json={"operation": "find", "faults": [{"status": 500}, {"status": 429}]}
    )
    client.post("/control", json={"operation": "*", "faults": [{"status": 503}]})

    statuses = [ask("GET", "/v1/orders/P1").status_code for _ in range(4)]

    assert statuses == [500, 429, 503, 404]


def test_all_is_there_again_after_a_restart(
    client: Client, ask: Callable[..., TestResponse], log: Path
) -> None:
    ask("PUT", "/v1/orders/PAID", json=order())
    ask("PUT", "/v1/orders/OPEN", json=order())
    ask("PUT", "/v1/orders/CANCELLED", json=order())
    ask("POST", "/v1/orders/CANCELLED/cancel")
    (paid,) = pay(client, order="PAID")["transactions"]
    part = {"transaction_id": paid["transaction_id"], "amount_cents": 40}
    ask("PUT", "/v1/refunds/R1", json=part)
    day = datetime.fromisoformat(paid["paid_at"]).astimezone().date()
    paths = [
        *(f"/v1/orders/{each}" for each in ("PAID", "OPEN", "CANCELLED")),
        "/v1/refunds/R1",
        *(f"/v1/statements/{day + timedelta(days=days)}" for days in (-1, 0, 1)),
    ]
    before = [ask("GET", path).data for path in paths]

    again = make_bank(log, KEYS)[0].test_client()

    headers = {"Authorization": f"Bearer {API_KEY}"}
    assert [again.get(path, headers=headers).data for path in paths] == before
    assert again.get("/log").data == log.read_bytes()
    assert (
        again.put("/v1/refunds/R2", json={**part, "amount_cents": 61}, headers=headers).json[
            "error"
        ]["code"]
        == "refund_too_large"
    )


def test_a_line_that_was_torn_by_a_full_disk_is_dropped(
    ask: Callable[..., TestResponse], log: Path
) -> None:
    ask("PUT", "/v1/orders/P1", json=order())
    whole = log.read_bytes()
    log.write_bytes(whole + b'{"kind": "order", "order": {"refer')

    again = make_bank(log, KEYS)[0].test_client()

    headers = {"Authorization": f"Bearer {API_KEY}"}
    assert log.read_bytes() == whole
    assert again.put("/v1/orders/P2", json=order(), headers=headers).status_code == 201
    assert [line["order"]["reference"] for line in lines(log, "order")] == ["P1", "P2"]


def test_beginning_anew_forgets_all(
    client: Client, ask: Callable[..., TestResponse], log: Path
) -> None:
    ask("PUT", "/v1/orders/P1", json=order())
    client.post("/control", json={"operation": "find", "faults": [{"status": 500}]})

    client.delete("/control")

    assert ask("GET", "/v1/orders/P1").status_code == 404
    assert log.read_text() == ""
