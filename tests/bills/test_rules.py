"""What a bill must be, decided without a database."""

from dataclasses import replace
from datetime import date

import pytest

from backend.bills.bounds import is_text
from backend.bills.rules import (
    TITLES,
    BillDatesWrong,
    BillDetails,
    BillFacts,
    BillForNobody,
    BillKind,
    BillLine,
    BillLinesDoNotSum,
    BillNumberTaken,
    BillPeriodWrong,
    BillSurchargesWrong,
    Surcharge,
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


def test_a_bill_is_for_a_resident_or_an_account_or_both() -> None:
    ensure_sound(replace(FACTS, account_number="1"))
    ensure_sound(replace(FACTS, resident_id=None, account_number="1"))

    with pytest.raises(BillForNobody):
        ensure_sound(replace(FACTS, resident_id=None))


@pytest.mark.parametrize(
    ("begins_on", "ends_on", "is_sound"),
    [
        (date(2026, 1, 1), date(2026, 1, 1), True),
        (date(2026, 1, 2), date(2026, 1, 1), False),
        (date(2026, 1, 1), None, False),
        (None, date(2026, 1, 1), False),
    ],
)
def test_a_period_has_both_its_days_in_order(
    begins_on: date | None, ends_on: date | None, is_sound: bool
) -> None:
    facts = replace(FACTS, details=BillDetails(period_from=begins_on, period_to=ends_on))

    if is_sound:
        ensure_sound(facts)
        return
    with pytest.raises(BillPeriodWrong):
        ensure_sound(facts)


@pytest.mark.parametrize(
    ("amounts", "is_sound"),
    [
        ([], True),
        ([100], True),
        ([150, -50], True),
        ([100, 0], True),
        ([99], False),
        ([100, 1], False),
        ([-100], False),
        ([7, None], True),
        ([None], True),
    ],
)
def test_lines_that_all_have_an_amount_sum_to_the_bill(
    amounts: list[int | None], is_sound: bool
) -> None:
    lines = tuple(BillLine("a", amount) for amount in amounts)
    facts = replace(FACTS, details=BillDetails(lines=lines))

    if is_sound:
        ensure_sound(facts)
        return
    with pytest.raises(BillLinesDoNotSum):
        ensure_sound(facts)


@pytest.mark.parametrize(
    ("days", "is_sound"),
    [([20], True), ([19], False), ([20, 21, 31], True), ([21, 20], False), ([20, 20], False)],
)
def test_surcharges_come_one_after_another_once_the_bill_is_due(
    days: list[int], is_sound: bool
) -> None:
    surcharges = tuple(Surcharge(date(2026, 12, day), 1, "late") for day in days)
    facts = replace(FACTS, details=BillDetails(surcharges=surcharges))

    if is_sound:
        ensure_sound(facts)
        return
    with pytest.raises(BillSurchargesWrong):
        ensure_sound(facts)


def test_a_text_is_one_line_that_says_something() -> None:
    fine = ("a", "陳　大文", "23 m³", "e" + "\u0301" * 8)
    odd = ("", " ", "\u3000", "a\n", "\ta", "a\0", "\u202ea", "\ud800", "e" + "\u0301" * 9)

    assert [text for text in fine if not is_text(text)] == []
    assert [text for text in odd if is_text(text)] == []


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
