"""What a bill must be, decided without a database."""

from dataclasses import replace
from datetime import date

import pytest

from backend.bills.rules import (
    TITLES,
    BillDatesWrong,
    BillFacts,
    BillKind,
    BillNumberTaken,
    dollars,
    ensure_same,
    ensure_sound,
    is_overdue,
)

FACTS = BillFacts(
    resident_id="res_x",
    bill_number="W-1",
    kind=BillKind.WATER,
    amount_cents=100,
    currency="HKD",
    issued_on=date(2026, 11, 20),
    due_on=date(2026, 12, 20),
)


def test_a_bill_may_be_due_on_the_day_it_is_issued_and_not_before() -> None:
    ensure_sound(replace(FACTS, due_on=FACTS.issued_on))

    with pytest.raises(BillDatesWrong):
        ensure_sound(replace(FACTS, due_on=date(2026, 11, 19)))


def test_a_repeat_without_a_date_of_issue_is_the_same_bill_on_any_day() -> None:
    tomorrow = replace(FACTS, issued_on=date(2026, 11, 21), issued_on_stated=False)

    ensure_same(tomorrow, FACTS)

    with pytest.raises(BillNumberTaken):
        ensure_same(replace(tomorrow, issued_on_stated=True), FACTS)


def test_any_other_difference_makes_it_another_bill() -> None:
    with pytest.raises(BillNumberTaken):
        ensure_same(replace(FACTS, amount_cents=101), FACTS)


def test_a_bill_is_overdue_the_day_after_its_last_day() -> None:
    assert not is_overdue(FACTS.due_on, date(2026, 12, 20))
    assert is_overdue(FACTS.due_on, date(2026, 12, 21))


@pytest.mark.parametrize(
    ("cents", "read"), [(1, "0.01"), (100, "1.00"), (41850, "418.50"), (123456789, "1,234,567.89")]
)
def test_an_amount_reads_as_people_write_it(cents: int, read: str) -> None:
    assert dollars(cents) == read


def test_every_kind_has_a_title() -> None:
    assert set(TITLES) == set(BillKind)
