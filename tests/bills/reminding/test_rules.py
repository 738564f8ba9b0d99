"""Which bills are spoken of on which day."""

from datetime import date, timedelta

import pytest

from backend.bills.reminding.rules import edition_of, is_last_call, window_of
from backend.bills.rules import Surcharge, payable_cents
from backend.notifications import MessageKind

TODAY = date(2026, 11, 23)
SOON, ON_DAY = MessageKind.BILL_DUE_SOON, MessageKind.BILL_DUE_TODAY
OVERDUE = MessageKind.BILL_OVERDUE


def days(count: int) -> date:
    return TODAY + timedelta(days=count)


def surcharge(after: date) -> Surcharge:
    return Surcharge(after, 1000, "late")


def test_each_round_looks_at_its_own_due_dates() -> None:
    assert (window_of(SOON, TODAY).first, window_of(SOON, TODAY).last) == (days(3), days(3))
    assert (window_of(ON_DAY, TODAY).first, window_of(ON_DAY, TODAY).last) == (TODAY, TODAY)
    assert window_of(OVERDUE, TODAY).last == days(-1)


@pytest.mark.parametrize(
    ("due", "after", "is_told"),
    [
        (-1, [], True),
        (-2, [], False),
        (-5, [0], True),
        (-5, [1], False),
        (-5, [-1], False),
        (-1, [30], False),
        (-40, [-40, 0], True),
        (-40, [-40, 20], False),
    ],
)
def test_an_overdue_bill_is_spoken_of_on_the_last_day_before_it_gets_dearer(
    due: int, after: list[int], is_told: bool
) -> None:
    surcharges = [surcharge(days(each)) for each in after]

    assert is_last_call(days(due), surcharges, TODAY) is is_told


def test_the_day_of_the_last_call_is_the_last_day_at_that_price() -> None:
    late = [surcharge(TODAY)]

    assert is_last_call(days(-9), late, TODAY)
    assert payable_cents(100, late, TODAY) == 100
    assert payable_cents(100, late, days(1)) == 1100


def test_an_edition_is_a_due_date_or_the_day_before_a_surcharge() -> None:
    assert edition_of(SOON, TODAY, days(3)) == edition_of(ON_DAY, days(3), days(3))
    assert edition_of(OVERDUE, TODAY, days(-9)) != edition_of(OVERDUE, days(1), days(-9))
