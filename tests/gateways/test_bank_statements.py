"""A statement is acted upon whole or not at all."""

import json
import tracemalloc
from datetime import date
from typing import Any

import pytest

from backend.gateways.bank import BankAway
from backend.gateways.bank_client import HttpBank
from tests.simulators.bank_desk import BankDesk

DAY = date(2026, 11, 23)
CREDIT = {
    "type": "credit",
    "transaction_id": "T1",
    "reference": None,
    "fps_reference": "F1",
    "amount_cents": 100,
    "currency": "HKD",
    "booked_at": "2026-11-22T16:00:00Z",  # midnight in Hong Kong
}
REFUND = {**CREDIT, "type": "refund", "transaction_id": "T2", "amount_cents": 30}
TRAILER = {
    "type": "trailer",
    "day": "2026-11-23",
    "count": 2,
    "credit_cents": 100,
    "debit_cents": 30,
}
RIGHT = [CREDIT, REFUND, TRAILER]


def text_of(lines: list[Any]) -> str:
    return "".join(json.dumps(line) + "\n" for line in lines)


def test_a_statement_that_comes_to_its_trailer_is_read(bank: HttpBank, bank_desk: BankDesk) -> None:
    bank_desk.script("statement", {"body": text_of(RIGHT)})

    lines = list(bank.statement(DAY))

    assert [(line.is_refund, line.amount_cents) for line in lines] == [(False, 100), (True, 30)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        text_of([]),
        text_of([CREDIT, REFUND]),
        text_of([CREDIT, TRAILER]),
        text_of([CREDIT, CREDIT, REFUND, TRAILER]),
        text_of([*RIGHT, TRAILER]),
        text_of([TRAILER, CREDIT, REFUND]),
        text_of(RIGHT) + "\n",
        text_of(RIGHT)[:-1],
        text_of(RIGHT)[: len(text_of(RIGHT)) // 2],
        text_of([CREDIT, REFUND, {**TRAILER, "day": "2026-11-22"}]),
        text_of([CREDIT, REFUND, {**TRAILER, "count": 3}]),
        text_of([CREDIT, REFUND, {**TRAILER, "credit_cents": 101}]),
        text_of([CREDIT, REFUND, {**TRAILER, "debit_cents": 29}]),
        text_of([{**CREDIT, "booked_at": "2026-11-22T15:59:59.999999Z"}, REFUND, TRAILER]),
        text_of([{**CREDIT, "booked_at": "2026-11-23T16:00:00Z"}, REFUND, TRAILER]),
        text_of([{**CREDIT, "type": "debit"}, REFUND, TRAILER]),
        text_of([{**CREDIT, "amount_cents": "100"}, REFUND, TRAILER]),
        text_of([{**CREDIT, "fps_reference": "x" * 5000}, REFUND, TRAILER]),
        "<html></html>\n" + text_of(RIGHT),
        "\ufeff" + text_of(RIGHT),
    ],
)
def test_a_statement_that_is_off_anywhere_yields_nothing(
    bank: HttpBank, bank_desk: BankDesk, text: str
) -> None:
    bank_desk.script("statement", {"body": text})

    with pytest.raises(BankAway):
        next(bank.statement(DAY))


@pytest.mark.slow
def test_a_statement_of_a_great_day_takes_little_memory(
    bank: HttpBank, bank_desk: BankDesk
) -> None:
    lines = 6_000
    whole = {**TRAILER, "count": lines, "credit_cents": lines * 100, "debit_cents": 0}
    text = (
        (json.dumps({**CREDIT, "reference": "x" * 140}) + "\n") * lines + json.dumps(whole) + "\n"
    )
    bank_desk.script("statement", {"body": text})
    movements = bank.statement(DAY)
    next(movements)
    tracemalloc.start()

    count = 1 + sum(1 for _ in movements)

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == lines
    assert peak < len(text) / 4


def test_a_statement_may_be_left_half_read(bank: HttpBank, bank_desk: BankDesk) -> None:
    bank_desk.script("statement", {"body": text_of(RIGHT)})

    lines = bank.statement(DAY)

    assert next(lines).transaction_id == "T1"
    lines.close()  # type: ignore[attr-defined]
