"""Who may let a run go, what may be asked of it in each state, and when a large one may start."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.notifications.runs import rules
from backend.notifications.runs.rules import (
    BERTH,
    JITTER,
    QUARTER,
    OperatorNotNamed,
    PushRunNotThere,
    PushRunState,
    SecondPersonNeeded,
)

NOT_THERE = None
NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
# state -> what it is after a pause, a resume before it may go, a resume when it may, a cancel
AFTER: dict[PushRunState, tuple[PushRunState | None, ...]] = {
    PushRunState.HELD: (
        PushRunState.PAUSED,
        PushRunState.HELD,
        PushRunState.HELD,
        PushRunState.CANCELLED,
    ),
    PushRunState.GOING: (
        PushRunState.PAUSED,
        PushRunState.GOING,
        PushRunState.GOING,
        PushRunState.CANCELLED,
    ),
    PushRunState.PAUSED: (
        PushRunState.PAUSED,
        PushRunState.HELD,
        PushRunState.GOING,
        PushRunState.CANCELLED,
    ),
    PushRunState.CANCELLED: (NOT_THERE, NOT_THERE, NOT_THERE, PushRunState.CANCELLED),
    PushRunState.DONE: (NOT_THERE, NOT_THERE, NOT_THERE, NOT_THERE),
}


def after(deed: Callable[[], PushRunState]) -> PushRunState | None:
    try:
        return deed()
    except PushRunNotThere:
        return NOT_THERE


@pytest.mark.parametrize("state", PushRunState)
def test_what_may_be_asked_of_a_run_depends_on_its_state(state: PushRunState) -> None:
    found = (
        after(lambda: rules.pausing(state)),
        after(lambda: rules.resuming(state, may_go=False)),
        after(lambda: rules.resuming(state, may_go=True)),
        after(lambda: rules.cancelling(state)),
    )

    assert found == AFTER[state]


@pytest.mark.parametrize(
    ("bills", "state"), [(0, "going"), (10_000, "going"), (10_001, "held"), (2_000_000, "held")]
)
def test_a_run_to_more_than_ten_thousand_is_held(bills: int, state: str) -> None:
    assert rules.opening(bills) == state
    assert rules.takes_two(bills) == (state == "held")


@pytest.mark.parametrize(
    ("by", "started_by", "is_operator"),
    [
        ("cli_first", "cli_first", False),
        ("chan", "chan", True),
        ("chan", "command", True),  # whoever that was
    ],
)
def test_whoever_started_a_run_is_not_its_second_person(
    by: str, started_by: str, *, is_operator: bool
) -> None:
    with pytest.raises(SecondPersonNeeded):
        rules.ensure_second(by, started_by, is_operator=is_operator)


@pytest.mark.parametrize(
    ("by", "started_by", "is_operator"),
    [
        ("cli_second", "cli_first", False),
        ("cli_first", "command", False),
        ("lee", "chan", True),
        ("lee", "cli_first", True),
    ],
)
def test_anybody_else_is(by: str, started_by: str, *, is_operator: bool) -> None:
    rules.ensure_second(by, started_by, is_operator=is_operator)


@pytest.mark.parametrize("typed", ["chan", "CHAN", " Chan ", "ｃｈａｎ", "ＣＨＡＮ　"])
def test_case_width_and_blanks_make_no_other_person(typed: str) -> None:
    assert rules.operator_named(typed) == "chan"


@pytest.mark.parametrize(
    "typed",
    ["", " ", "c", "с" + "han", "chan\n", "ch\0an", "cli_first", "command", "ＣＯＭＭＡＮＤ", "陳"],
)
def test_what_is_no_plain_name_is_none(typed: str) -> None:
    with pytest.raises(OperatorNotNamed):
        rules.operator_named(typed)


@given(
    st.integers(0, 86_400_000_000).map(lambda each: NOON + timedelta(microseconds=each)),
    st.floats(0, 1),
)
def test_a_large_run_keeps_two_minutes_from_every_quarter(moment: datetime, jitter: float) -> None:
    start = rules.start_at(moment, jitter)

    past = timedelta(minutes=start.minute % 15, seconds=start.second)
    assert BERTH <= past <= QUARTER - BERTH
    assert timedelta(0) <= start - moment <= 2 * BERTH + JITTER
    assert rules.start_at(start, jitter) == start


@pytest.mark.parametrize(
    ("clock", "start"),
    [
        ("12:00:00", "12:02:30"),
        ("12:01:59", "12:02:30"),
        ("12:02:00", "12:02:00"),
        ("12:07:30", "12:07:30"),
        ("12:13:00", "12:13:00"),
        ("12:13:01", "12:17:30"),
        ("23:59:59", "00:02:30"),
    ],
)
def test_near_a_quarter_it_waits_until_that_has_passed(clock: str, start: str) -> None:
    moment = datetime.fromisoformat(f"2026-11-23T{clock}+00:00")

    assert f"{rules.start_at(moment, 0.5):%H:%M:%S}" == start
