"""Where an attempt may go, what becomes of money, when the bank is looked at: every case of each."""

from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.payments import rules
from backend.payments.rules import AttemptState, Expectation, HoldReason, Split

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
CREATED, PENDING = AttemptState.CREATED, AttemptState.PENDING
PAID, EXPIRED = AttemptState.PAID, AttemptState.EXPIRED
CANCELLED, FAILED = AttemptState.CANCELLED, AttemptState.FAILED
ALLOWED = {
    (CREATED, PENDING),
    (CREATED, PAID),
    (CREATED, EXPIRED),
    (CREATED, CANCELLED),
    (CREATED, FAILED),
    (PENDING, PAID),
    (PENDING, EXPIRED),
    (PENDING, CANCELLED),
    (PENDING, FAILED),
    (EXPIRED, PAID),
    (CANCELLED, PAID),
    (FAILED, PAID),
}
EXPECTED = Expectation(41850, "HKD", bill_is_open=True, bill_is_paid=False, bill_is_as_it_was=True)


@pytest.mark.parametrize(("state", "wanted"), list(product(AttemptState, AttemptState)))
def test_an_attempt_goes_where_the_table_lets_it_and_nowhere_else(
    state: AttemptState, wanted: AttemptState
) -> None:
    assert rules.may_become(state, wanted) == ((state, wanted) in ALLOWED)


@pytest.mark.parametrize(
    ("cents", "currency", "expected", "outcome"),
    [
        (41850, "HKD", EXPECTED, Split(41850, 0, None)),
        (41851, "HKD", EXPECTED, Split(41850, 1, HoldReason.TOO_MUCH)),
        (41849, "HKD", EXPECTED, Split(0, 41849, HoldReason.TOO_LITTLE)),
        (41850, "CNY", EXPECTED, Split(0, 41850, HoldReason.OTHER_CURRENCY)),
        (41850, "HKD", None, Split(0, 41850, HoldReason.UNKNOWN_REFERENCE)),
        (
            41850,
            "HKD",
            Expectation(41850, "HKD", False, True, True),
            Split(0, 41850, HoldReason.PAID_ALREADY),
        ),
        (
            41850,
            "HKD",
            Expectation(41850, "HKD", False, False, True),
            Split(0, 41850, HoldReason.BILL_CHANGED),
        ),
        (
            41850,
            "HKD",
            Expectation(41850, "HKD", True, False, False),
            Split(0, 41850, HoldReason.BILL_CHANGED),
        ),
    ],
)
def test_money_settles_the_whole_bill_or_is_held(
    cents: int, currency: str, expected: Expectation | None, outcome: Split
) -> None:
    assert rules.split(cents, currency, expected) == outcome


@given(
    st.integers(1, 10**9),
    st.sampled_from(["HKD", "CNY"]),
    st.none()
    | st.builds(
        Expectation,
        amount_cents=st.integers(1, 10**9),
        currency=st.just("HKD"),
        bill_is_open=st.booleans(),
        bill_is_paid=st.booleans(),
        bill_is_as_it_was=st.booleans(),
    ),
)
def test_no_cent_is_made_or_lost(cents: int, currency: str, expected: Expectation | None) -> None:
    parts = rules.split(cents, currency, expected)

    assert parts.settled_cents + parts.held_cents == cents
    assert parts.settled_cents >= 0
    assert parts.held_cents >= 0
    assert (parts.reason is None) == (parts.held_cents == 0)


@given(
    st.integers(5, 1440),
    st.integers(0, 100_000),
)
def test_an_open_attempt_is_looked_at_again_within_a_quarter_of_an_hour(
    minutes: int, seconds: int
) -> None:
    now = NOON + timedelta(seconds=seconds)

    look = rules.next_look(NOON, NOON + timedelta(minutes=minutes), None, now)

    assert look is not None
    assert now < look <= now + timedelta(minutes=15)


def test_a_closed_attempt_is_looked_at_three_times_more() -> None:
    looks, now = [], NOON

    while (look := rules.next_look(NOON, NOON, NOON, now)) is not None:
        looks.append(look - NOON)
        now = look

    assert looks == [timedelta(minutes=5), timedelta(minutes=30), timedelta(days=1)]


@given(st.integers(0, 10_000))
def test_a_bank_that_is_away_is_left_alone_for_two_minutes_at_most(tries: int) -> None:
    pause = rules.pause_before(tries)

    assert timedelta(seconds=2) <= pause <= timedelta(seconds=120)


def test_a_reference_fits_a_payment_code_and_a_receipt_number_names_its_day() -> None:
    references = {rules.new_reference() for _ in range(1000)}
    number = rules.new_receipt_number(date(2026, 11, 23))

    assert len(references) == 1000
    assert all(len(each) == 21 and each.isalnum() and each.isupper() for each in references)
    assert number.startswith("R20261123-")
    assert len(number) == 20
