"""Our errands at the bank: what is announced, ended and found there, whatever clock and bank do."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from backend.core.database import Database
from backend.payments.errands import LEASE, MOST_AT_ONCE
from backend.payments.models import PaymentAttempt
from tests.core.together import together
from tests.payments.harbour import CENTS, Harbour
from tests.payments.machine import Between, Killed
from tests.payments.stones import stumbling

A_DAY = timedelta(days=1)


@pytest.fixture
def resident(harbour: Harbour) -> str:
    return harbour.resident()


def test_a_payment_is_announced_paid_and_settled(harbour: Harbour, resident: str) -> None:
    bill = harbour.bill(resident)
    attempt = harbour.announced(resident, bill)

    harbour.pay(attempt)
    harbour.hear_all()

    assert harbour.state(attempt) == "paid"
    assert harbour.bill_now(bill).state == "paid"
    assert harbour.books() == (CENTS, CENTS, 0)


def test_the_bank_is_told_what_the_bill_says(harbour: Harbour, resident: str) -> None:
    bill = harbour.bill(resident)

    attempt = harbour.announced(resident, bill)

    order = harbour.ledger.orders[attempt.reference]
    assert order["amount_cents"] == CENTS
    assert order["bill_number"] == harbour.bill_now(bill).bill_number
    assert order["expires_at"] == attempt.expires_at.isoformat().replace("+00:00", "Z")


def test_a_worker_with_nothing_to_do_asks_for_no_time(harbour: Harbour) -> None:
    assert harbour.errands() is None


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500},
        {"status": 500, "after": True},
        {"body": "{"},
        {"wrong_reference": True},
        {"media_type": "text/html"},
        {"cut_bytes": 9},
    ],
)
def test_an_answer_that_settles_nothing_is_asked_for_again(
    harbour: Harbour, resident: str, fault: dict[str, Any]
) -> None:
    attempt, _ = harbour.start(resident, harbour.bill(resident))
    harbour.script("create", fault)

    harbour.work_off()
    was = harbour.state(attempt)
    harbour.wait(minutes=2)
    harbour.work_off()

    assert (was, harbour.state(attempt)) == ("created", "pending")
    assert list(harbour.ledger.orders) == [attempt.reference]


def test_a_dead_bank_fails_no_request_and_is_caught_up_with(
    harbour: Harbour, resident: str
) -> None:
    harbour.script("*", *[{"status": 503}] * 20)

    attempts = [harbour.announced(resident, harbour.bill(resident)) for _ in range(3)]
    harbour.cancel(attempts[0])
    harbour.work_off()
    harbour.ledger.script.forget()
    harbour.pass_time(timedelta(minutes=3))

    assert [harbour.state(each) for each in attempts] == ["cancelled", "pending", "pending"]


def test_a_bank_that_wants_its_quiet_is_not_asked(harbour: Harbour, resident: str) -> None:
    attempt, _ = harbour.start(resident, harbour.bill(resident))
    harbour.script("create", {"status": 429, "retry_after": 30})
    harbour.errands()
    harbour.wait(minutes=1)

    asked = []
    seconds = harbour.bank.quiet_seconds()
    quiet = Between(harbour.bank, lambda: asked.append(1), before=True)
    quiet.quiet_seconds = lambda: seconds
    due_at = harbour.errands(quiet)

    assert seconds > 20
    assert (asked, due_at) == ([], harbour.clock() + timedelta(seconds=seconds))
    assert harbour.state(attempt) == "created"


def test_a_payment_that_nobody_told_us_of_is_found_in_time(harbour: Harbour, resident: str) -> None:
    attempt = harbour.announced(resident, harbour.bill(resident))
    harbour.wait(minutes=8)

    harbour.pay(attempt)
    harbour.pass_time(timedelta(minutes=35))

    assert harbour.state(attempt) == "paid"
    assert [each.heard_by for each in harbour.credits()] == ["looking"]


@pytest.mark.parametrize("jump", [A_DAY, -A_DAY, timedelta(hours=2), timedelta(hours=-2)])
def test_a_clock_that_jumps_ends_no_payment(
    harbour: Harbour, resident: str, jump: timedelta
) -> None:
    attempt = harbour.announced(resident, harbour.bill(resident))

    harbour.skew = jump
    harbour.work_off()
    during = harbour.state(attempt)
    harbour.pay(attempt)
    harbour.skew = timedelta()
    harbour.pass_time(timedelta(minutes=35))

    assert (during, harbour.state(attempt)) == ("pending", "paid")


def test_what_was_begun_by_a_clock_too_far_ahead_is_announced_all_the_same(
    harbour: Harbour, resident: str
) -> None:
    harbour.skew = A_DAY
    attempt, _ = harbour.start(resident, harbour.bill(resident))

    harbour.skew = timedelta()
    harbour.pass_time(timedelta(minutes=1))

    assert harbour.state(attempt) == "pending"


def test_the_banks_word_alone_ends_what_it_expects(harbour: Harbour, resident: str) -> None:
    attempt = harbour.announced(resident, harbour.bill(resident))
    harbour.skew = -timedelta(hours=2)

    harbour.pass_time(timedelta(minutes=29))
    before = harbour.state(attempt)
    harbour.wait(minutes=2)
    harbour.hear_all_by_true_clock()
    harbour.work_off()

    assert (before, harbour.state(attempt)) == ("pending", "expired")


def test_a_payment_is_cancelled_at_the_bank(harbour: Harbour, resident: str) -> None:
    bill = harbour.bill(resident)
    attempt = harbour.announced(resident, bill)

    asked = harbour.cancel(attempt)
    harbour.work_off()

    assert asked.state == "pending"
    assert harbour.state(attempt) == "cancelled"
    assert harbour.refusal(attempt) == "order_cancelled"
    assert harbour.start(resident, bill)[1]


def test_what_is_cancelled_before_the_bank_heard_of_it_is_closed_there(
    harbour: Harbour, resident: str
) -> None:
    attempt, _ = harbour.start(resident, harbour.bill(resident))

    harbour.cancel(attempt)
    harbour.work_off()

    assert harbour.state(attempt) == "cancelled"
    assert harbour.ledger.order(attempt.reference)["state"] == "cancelled"


def test_what_was_paid_before_it_was_cancelled_is_paid(harbour: Harbour, resident: str) -> None:
    bill = harbour.bill(resident)
    attempt = harbour.announced(resident, bill)

    harbour.pay(attempt)
    harbour.cancel(attempt)
    harbour.work_off()

    assert harbour.state(attempt) == "paid"
    assert harbour.bill_now(bill).state == "paid"
    assert harbour.messages(resident) == ["bill_new", "payment_received"]


def test_the_wish_to_cancel_is_not_forgotten_while_the_bank_is_asked(
    harbour: Harbour, resident: str
) -> None:
    attempt, _ = harbour.start(resident, harbour.bill(resident))

    harbour.errands(Between(harbour.bank, lambda: harbour.cancel(attempt), before=False))
    harbour.work_off()

    assert harbour.state(attempt) == "cancelled"


def test_news_that_comes_while_the_bank_is_asked_is_looked_into(
    harbour: Harbour, resident: str
) -> None:
    attempt = harbour.announced(resident, harbour.bill(resident))
    harbour.wait(minutes=1)

    def meanwhile() -> None:
        harbour.ledger.cancel(attempt.reference)
        harbour.hear_all()

    harbour.errands(Between(harbour.bank, meanwhile, before=False))
    harbour.work_off()

    assert harbour.state(attempt) == "cancelled"


@pytest.mark.parametrize("cents", [CENTS, 100])
@pytest.mark.parametrize("before", [True, False], ids=["money first", "order first"])
def test_an_order_that_is_announced_while_its_money_comes_is_closed_at_the_bank(
    harbour: Harbour, resident: str, cents: int, before: bool
) -> None:
    attempt, _ = harbour.start(resident, harbour.bill(resident))

    def meanwhile() -> None:
        harbour.pay_early(attempt, amount_cents=cents)
        harbour.hear_all("payment.received")

    harbour.errands(Between(harbour.bank, meanwhile, before=before))
    harbour.work_off()

    assert harbour.state(attempt) == ("paid" if cents == CENTS else "failed")
    assert harbour.ledger.order(attempt.reference)["state"] != "open"


@pytest.mark.parametrize("cents", [CENTS, 100])
def test_money_that_comes_before_its_order_closes_it(
    harbour: Harbour, resident: str, cents: int
) -> None:
    bill = harbour.bill(resident)
    attempt, _ = harbour.start(resident, bill)
    harbour.pay_early(attempt, amount_cents=cents)
    harbour.hear_all("payment.received")

    harbour.work_off()

    ended = harbour.attempt(attempt)
    assert (ended.state, ended.reason) == (("paid", None) if cents == CENTS else ("failed", "held"))
    assert harbour.ledger.orders.get(attempt.reference, {}).get("state") != "open"
    if cents != CENTS:
        assert harbour.start(resident, bill)[1]


def test_an_answer_that_was_lost_leaves_no_order_open_for_what_is_paid(
    harbour: Harbour, resident: str
) -> None:
    attempt, _ = harbour.start(resident, harbour.bill(resident))
    harbour.pay_early(attempt)

    def meanwhile() -> None:
        harbour.hear_all("payment.received")

    harbour.script("create", {"status": 500, "after": True})
    harbour.errands(Between(harbour.bank, meanwhile, before=True))
    harbour.pass_time(timedelta(minutes=1))

    assert harbour.state(attempt) == "paid"
    assert harbour.ledger.order(attempt.reference)["state"] != "open"


def test_a_request_that_was_over_before_the_bank_heard_of_it_fails(
    harbour: Harbour, resident: str
) -> None:
    bill = harbour.bill(resident)
    attempt, _ = harbour.start(resident, bill)

    harbour.wait(minutes=31)
    harbour.work_off()

    failed = harbour.attempt(attempt)
    assert (failed.state, failed.reason) == ("failed", "expiry_passed")
    assert harbour.announced(resident, bill).state == "created"


@pytest.mark.parametrize(("operation", "status"), [("find", 422), ("find", 400), ("cancel", 422)])
def test_a_bank_that_refuses_to_tell_ends_no_payment(
    harbour: Harbour, resident: str, operation: str, status: int
) -> None:
    attempt = harbour.announced(resident, harbour.bill(resident))
    if operation == "cancel":
        harbour.cancel(attempt)
    harbour.script(operation, {"status": status})

    harbour.wait(minutes=1)
    harbour.work_off()
    during = harbour.state(attempt)
    harbour.pay(attempt)
    harbour.pass_time(timedelta(minutes=2))

    assert (during, harbour.state(attempt)) == ("pending", "paid")


def test_a_bank_that_lost_its_memory_is_told_again(harbour: Harbour, resident: str) -> None:
    attempt = harbour.announced(resident, harbour.bill(resident))
    harbour.ledger.begin_anew()

    harbour.pass_time(timedelta(minutes=2))

    assert harbour.state(attempt) == "pending"
    assert list(harbour.ledger.orders) == [attempt.reference]


@pytest.mark.parametrize("before", [True, False])
def test_another_worker_takes_over_from_one_that_died(
    harbour: Harbour, resident: str, before: bool
) -> None:
    attempt, _ = harbour.start(resident, harbour.bill(resident))

    with pytest.raises(Killed):
        harbour.errands(Between(harbour.bank, _die, before=before))
    harbour.work_off()
    leased = harbour.state(attempt)
    harbour.pass_time(LEASE + timedelta(seconds=1))

    assert (leased, harbour.state(attempt)) == ("created", "pending")
    assert list(harbour.ledger.orders) == [attempt.reference]


def test_who_held_an_errand_too_long_no_longer_writes(harbour: Harbour, resident: str) -> None:
    bill = harbour.bill(resident)
    attempt = harbour.announced(resident, bill)
    harbour.wait(minutes=1)
    left: list[PaymentAttempt] = []

    def meanwhile() -> None:
        harbour.wait(minutes=2)
        harbour.cancel(attempt)
        harbour.work_off()
        left.append(harbour.attempt(attempt))
        harbour.script("find", {"status": 500})

    harbour.errands(Between(harbour.bank, meanwhile, before=True))

    now = harbour.attempt(attempt)
    assert (now.state, now.due_at) == ("cancelled", left[0].due_at)


@pytest.mark.slow
def test_workers_side_by_side_announce_each_payment_once(
    harbour: Harbour, resident: str, database: Database
) -> None:
    attempts = [harbour.start(resident, harbour.bill(resident))[0] for _ in range(12)]

    together(4, lambda _: [harbour.errands() for _ in range(3)])

    assert {harbour.state(each) for each in attempts} == {"pending"}
    assert len(harbour.ledger.orders) == len(attempts)
    assert {harbour.attempt(each).tries for each in attempts} == {1}


@pytest.mark.slow
def test_one_that_cannot_be_written_holds_up_no_other(
    harbour: Harbour, resident: str, database: Database
) -> None:
    attempts = [harbour.start(resident, harbour.bill(resident))[0] for _ in range(MOST_AT_ONCE + 2)]

    with stumbling(
        database,
        "payment_attempts",
        "update",
        f"new.state = 'pending' and new.id = '{attempts[0].id}'",
    ):
        for _ in range(4):
            _go(harbour.errands)
            harbour.wait(minutes=2)

    states = [harbour.state(each) for each in attempts]
    assert states == ["created"] + ["pending"] * (MOST_AT_ONCE + 1)


def _go(errand: Callable[[], object]) -> None:
    """Do it as the worker does, which comes again after a failure."""
    try:
        errand()
    except Exception:
        return


def _die() -> None:
    raise Killed
