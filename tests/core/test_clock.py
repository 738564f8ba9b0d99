"""The one clock, and ids that sort by it."""

import re
import time
from datetime import UTC, date, datetime

import pytest

from backend.core import clock


def test_now_is_aware_and_in_utc() -> None:
    assert clock.now().tzinfo is UTC


@pytest.mark.parametrize(
    ("moment", "day"),
    [(datetime(2026, 11, 20, 15, 59, 59, tzinfo=UTC), date(2026, 11, 20)),
     (datetime(2026, 11, 20, 16, 0, 0, tzinfo=UTC), date(2026, 11, 21)),
     (datetime(2026, 12, 31, 16, 0, 0, tzinfo=UTC), date(2027, 1, 1))],
)  # fmt: skip
def test_the_day_changes_at_midnight_in_hong_kong(moment: datetime, day: date) -> None:
    assert clock.hong_kong_date(moment) == day


def test_ids_have_one_spelling_and_never_meet() -> None:
    ids = {clock.new_id("bill") for _ in range(2000)}

    assert len(ids) == 2000
    assert all(re.fullmatch(clock.ID_PATTERN, one) for one in ids)


def test_ids_made_later_sort_later() -> None:
    first = clock.new_id("bill")
    time.sleep(0.002)

    assert first < clock.new_id("bill")


@pytest.mark.parametrize("alias", ["BILL_", "bill-", "bill_O", "bill_\u0661", "bill_ｂ", ""])
def test_no_alias_of_an_id_passes_for_one(alias: str) -> None:
    good = clock.new_id("bill")
    spoilt = alias + good[len(alias) :]

    assert not re.fullmatch(clock.ID_PATTERN, spoilt) or spoilt == good
    assert not re.fullmatch(clock.ID_PATTERN, good + "0")
    assert not re.fullmatch(clock.ID_PATTERN, good + "\n")
    assert not re.fullmatch(clock.ID_PATTERN, good.upper())


def test_many_ids_are_of_the_same_make_and_all_different() -> None:
    ids = clock.new_ids("bill", 1000)

    assert len(set(ids)) == 1000
    assert all(re.fullmatch(clock.ID_PATTERN, each) for each in ids)
    assert clock.new_ids("bill", 0) == []
    assert len({each[:15] for each in ids}) == 1
