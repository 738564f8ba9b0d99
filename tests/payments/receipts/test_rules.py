"""Signed facts, there and back."""

from datetime import timedelta, timezone
from typing import Any

import pytest

from backend.payments.receipts.rules import Facts, claims_of, facts_of
from tests.receipts import PAID_AT

FACTS = Facts("https://ferry.example", "R-1", "WSD", "W-1", 41850, "HKD", "F-1", PAID_AT, PAID_AT)


def test_facts_are_signed_by_short_names_and_in_utc() -> None:
    assert claims_of(FACTS) == {
        "iss": "https://ferry.example",
        "number": "R-1",
        "department": "WSD",
        "bill_number": "W-1",
        "amount_cents": 41850,
        "currency": "HKD",
        "fps_reference": "F-1",
        "paid_at": "2026-11-23T16:05:09Z",
        "issued_at": "2026-11-23T16:05:09Z",
    }


def test_claims_are_read_back_as_the_same_facts() -> None:
    there = timezone(timedelta(hours=8))
    abroad = Facts(**{**vars(FACTS), "paid_at": PAID_AT.astimezone(there)})

    assert facts_of(claims_of(FACTS)) == FACTS
    assert claims_of(abroad) == claims_of(FACTS)


@pytest.mark.parametrize(
    "claims", [{}, {"iss": "x"}, {**claims_of(FACTS), "more": 1}, {"number": "R-1"}]
)
def test_other_claims_are_no_receipt(claims: dict[str, Any]) -> None:
    assert facts_of(claims) is None
