"""From an approved refund to the bank's own ledger, which alone says what went back."""

from collections.abc import Callable
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import select, update

from backend.departments.webhooks.models import DepartmentEvent
from backend.gateways.bank import BankAway, BankRefund
from backend.gateways.bank_client import HttpBank
from backend.payments.callbacks.models import BankEvent
from backend.payments.refunds.actions import RefundContradicts
from backend.payments.refunds.sending import LEASE, ask, note, take
from tests.core.together import together
from tests.payments.harbour import CENTS
from tests.payments.refunds.desk import RefundDesk

HOUR = timedelta(hours=1)


def test_an_approved_refund_goes_back_once_and_everybody_is_told(desk: RefundDesk) -> None:
    credit = desk.held()
    before = desk.harbour.books()
    refund = desk.approved(credit)

    desk.send_all()
    desk.harbour.wait(days=1)
    desk.send_all()

    assert before == (2 * CENTS, CENTS, CENTS)
    assert desk.harbour.books() == (CENTS, CENTS, 0)
    assert desk.books_agree()
    assert desk.bank_lines() == [refund]
    assert desk.refund(refund).state == "done"
    attempt = credit.attempt_id
    assert attempt is not None
    resident = desk.harbour.bill_now(credit.bill_id or "").resident_id or ""
    assert desk.harbour.messages(resident).count("payment_returned") == 1
    with desk.harbour.database.transaction(read_only=True) as db:
        wanted = select(DepartmentEvent).where(DepartmentEvent.about_id == refund)
        [event] = db.scalars(wanted).all()
    assert (event.type, event.department_id) == ("payment.returned", "WSD")
    assert event.data["amount_cents"] == CENTS
    assert event.data["bill_state"] == "paid"
    assert "CANARY" not in str(event.data)


def test_money_under_an_unknown_reference_goes_back_and_tells_nobody(desk: RefundDesk) -> None:
    credit = desk.held(times=1, reference="NOBODY'S")
    refund = desk.approved(credit)

    desk.send_all()

    assert credit.attempt_id is None
    assert desk.refund(refund).state == "done"
    assert desk.harbour.books() == (0, 0, 0)


@pytest.mark.parametrize("lost", ["request", "answer"])
def test_a_bank_that_hangs_up_is_asked_again_and_pays_once(desk: RefundDesk, lost: str) -> None:
    refund = desk.approved(desk.held())
    away = Away(desk.harbour.bank, before=lost == "request")

    desk.send(away)
    early = desk.send()
    desk.harbour.wait(minutes=10)
    desk.send_all()

    assert early is not None
    assert early > desk.harbour.clock() - timedelta(minutes=10)
    assert desk.bank_lines() == [refund]
    assert desk.refund(refund).state == "done"
    assert desk.books_agree()


class Away:
    """The bank, whose line breaks once: before it heard, or after it did what was asked."""

    def __init__(self, bank: HttpBank, *, before: bool) -> None:
        self.bank = bank
        self.before = before

    def refund(self, reference: str, transaction_id: str, amount_cents: int) -> BankRefund:
        if not self.before:
            self.bank.refund(reference, transaction_id, amount_cents)
        raise BankAway("the line broke")

    def __getattr__(self, name: str) -> object:
        return getattr(self.bank, name)


@pytest.mark.parametrize("status", [500, 503, 401, 429])
def test_a_bank_in_trouble_is_asked_again_later(desk: RefundDesk, status: int) -> None:
    refund = desk.approved(desk.held())
    desk.harbour.script("refund", {"status": status})

    desk.send()
    state = desk.refund(refund).state
    desk.harbour.wait(minutes=10)
    desk.send_all()

    assert state == "approved"
    assert desk.refund(refund).state == "done"


def test_a_refund_that_the_bank_refuses_fails_and_its_money_stays_held(desk: RefundDesk) -> None:
    credit = desk.held()
    refund = desk.approved(credit)
    desk.harbour.bank.refund("rfd_behind_our_back", credit.transaction_id, CENTS)

    desk.send_all()

    failed = desk.refund(refund)
    assert failed.state == "failed"
    assert "refund_too_large" in (failed.bank_reason or "")
    assert desk.harbour.books()[2] == CENTS


def test_a_pending_refund_is_looked_at_until_the_bank_decides(desk: RefundDesk) -> None:
    refund = desk.approved(desk.held())
    desk.harbour.script("refund", {"state": "pending", "settle_seconds": 7200})

    states = []
    for _ in range(4):
        desk.send_all()
        states.append(desk.refund(refund).state)
        desk.harbour.wait(hours=1.1)
    desk.send_all()

    assert states[0] == states[1] == "approved"
    assert desk.refund(refund).state == "done"
    assert desk.bank_lines() == [refund]
    assert desk.books_agree()


def test_a_refund_that_fails_at_the_bank_may_be_asked_for_anew(desk: RefundDesk) -> None:
    credit = desk.held()
    refund = desk.approved(credit)
    desk.harbour.script("refund", {"state": "failed"})

    desk.send_all()
    again = desk.approved(credit)
    desk.send_all()

    assert desk.refund(refund).state == "failed"
    assert desk.refund(refund).bank_reason
    assert desk.refund(again).state == "done"
    assert desk.harbour.books() == (CENTS, CENTS, 0)


def test_what_a_dead_worker_took_is_sent_when_its_lease_ends(desk: RefundDesk) -> None:
    refund = desk.approved(desk.held())
    [sending] = take(desk.harbour.database, desk.harbour.clock())
    ask(desk.harbour.bank, sending)  # and dies before it could write that down

    desk.send()
    during = desk.refund(refund).state
    desk.harbour.now += LEASE
    desk.send_all()

    assert during == "approved"
    assert desk.refund(refund).state == "done"
    assert desk.bank_lines() == [refund]


def test_a_late_word_of_a_worker_that_was_taken_for_dead_counts_if_money_went(
    desk: RefundDesk,
) -> None:
    refund = desk.approved(desk.held())
    [slow] = take(desk.harbour.database, desk.harbour.clock())
    said = ask(desk.harbour.bank, slow)
    desk.harbour.now += LEASE
    desk.send_all()

    note(desk.harbour.database, slow, said, desk.harbour.clock())

    assert desk.refund(refund).state == "done"
    assert desk.harbour.books() == (CENTS, CENTS, 0)


def test_workers_side_by_side_send_each_refund_once(desk: RefundDesk) -> None:
    refunds = [desk.approved(desk.held()) for _ in range(6)]

    def work(_number: int) -> None:
        for _ in range(10):
            desk.send()

    together(3, work)

    assert sorted(desk.bank_lines()) == sorted(refunds)
    assert {each.state for each in desk.refunds()} == {"done"}
    assert desk.books_agree()


def test_news_of_a_refund_ends_the_same_in_any_order_and_number(desk: RefundDesk) -> None:
    def send(refund: str) -> None:
        desk.send()

    def hear_done(refund: str) -> None:
        desk.news(refund, done=True)

    def hear_failed(refund: str) -> None:
        desk.news(refund, done=False, reason="late and wrong")

    news: list[Callable[[str], None]] = [send, hear_done, hear_failed, hear_done]
    for order in set(permutations(news)):
        before = desk.harbour.books()
        refund = desk.approved(desk.held())
        for hear in order:
            hear(refund)

        assert desk.refund(refund).state == "done"
        came, settled, held = desk.harbour.books()
        assert (came, settled, held) == (before[0] + CENTS, before[1] + CENTS, 0)


def test_a_callback_of_a_pending_refund_settles_it(desk: RefundDesk) -> None:
    refund = desk.approved(desk.held())
    desk.harbour.script("refund", {"state": "pending", "settle_seconds": 60})
    desk.send_all()

    desk.harbour.wait(minutes=5)
    desk.harbour.hear_all()

    assert desk.refund(refund).state == "done"
    assert desk.books_agree()


@pytest.mark.parametrize("done", [True, False])
def test_a_callback_of_a_refund_that_is_none_of_ours_goes_to_staff(
    desk: RefundDesk, done: bool
) -> None:
    event = refund_event("rfd_0", done=done)

    desk.harbour.hear(event)
    desk.harbour.apply()

    assert quarantined(desk) == [event["event_id"]]
    assert desk.harbour.books() == (0, 0, 0)


@pytest.mark.parametrize("state", ["asked", "declined"])
def test_a_callback_pays_out_no_refund_that_was_not_approved(desk: RefundDesk, state: str) -> None:
    credit = desk.held()
    refund = desk.ask(credit)
    if state == "declined":
        desk.decline(refund)
    before = desk.harbour.books()
    told = desk.harbour.messages(desk.harbour.bill_now(credit.bill_id or "").resident_id or "")

    event = refund_event(refund, done=True)
    desk.harbour.hear(event)
    desk.harbour.apply()

    assert desk.refund(refund).state == state
    assert desk.harbour.books() == before == (2 * CENTS, CENTS, CENTS)
    assert quarantined(desk) == [event["event_id"]]
    assert "payment_returned" not in told
    assert "payment_returned" not in desk.harbour.messages(
        desk.harbour.bill_now(credit.bill_id or "").resident_id or ""
    )


def test_what_was_put_aside_is_booked_once_it_is_approved_and_acted_upon_again(
    desk: RefundDesk,
) -> None:
    refund = desk.ask(desk.held())
    desk.harbour.hear(refund_event(refund, done=True))
    desk.harbour.apply()

    desk.approve(refund)
    with desk.harbour.database.transaction() as db:
        db.execute(update(BankEvent).values(state="stored", due_at=desk.harbour.clock()))
    desk.harbour.apply()

    assert desk.refund(refund).state == "done"
    assert quarantined(desk) == []
    assert desk.harbour.books() == (CENTS, CENTS, 0)


def test_a_failure_of_what_was_never_sent_changes_nothing(desk: RefundDesk) -> None:
    refund = desk.ask(desk.held())

    desk.news(refund, done=False)

    assert desk.refund(refund).state == "asked"


def test_a_refund_that_failed_and_went_after_all_is_booked(desk: RefundDesk) -> None:
    refund = desk.approved(desk.held())
    desk.harbour.script("refund", {"state": "failed"})
    desk.send_all()

    desk.news(refund, done=True)

    assert desk.refund(refund).state == "done"
    assert desk.harbour.books() == (CENTS, CENTS, 0)


def test_no_more_of_some_money_goes_out_of_the_books_than_is_held(desk: RefundDesk) -> None:
    credit = desk.held()
    first = desk.approved(credit)
    desk.harbour.script("refund", {"state": "failed"})
    desk.send_all()
    second = desk.approved(credit)
    desk.send_all()
    event = refund_event(first, done=True)

    desk.harbour.hear(event)
    desk.harbour.apply()

    assert (desk.refund(first).state, desk.refund(second).state) == ("failed", "done")
    assert desk.harbour.books() == (CENTS, CENTS, 0)
    assert event["event_id"] in quarantined(desk)


def test_a_bank_that_pays_out_what_is_not_held_any_more_holds_up_no_other(
    desk: RefundDesk,
) -> None:
    credit = desk.held()
    first = desk.approved(credit)
    desk.harbour.script("refund", {"state": "failed"})
    desk.send_all()
    second, other = desk.approved(credit), desk.approved(desk.held())
    desk.harbour.script("refund", {"state": "pending", "settle_seconds": 60})
    desk.send_all()  # the second is with the bank
    desk.news(first, done=True)  # and meanwhile the first has gone
    desk.harbour.wait(hours=2)

    desk.send_all()

    assert [desk.refund(each).state for each in (first, second, other)] == [
        "done",
        "failed",
        "done",
    ]
    assert "less than that is held" in (desk.refund(second).bank_reason or "")
    assert desk.harbour.books() == (2 * CENTS, 2 * CENTS, 0)


@pytest.mark.slow
def test_two_refunds_of_the_same_money_that_are_done_at_once_are_booked_once(
    desk: RefundDesk,
) -> None:
    credit = desk.held()
    refunds = [desk.approved(credit)]
    desk.harbour.script("refund", {"state": "failed"}, {"state": "pending"})
    desk.send_all()
    refunds.append(desk.approved(credit))
    desk.send_all()

    def hear(number: int) -> str:
        try:
            desk.news(refunds[number % 2], done=True)
        except RefundContradicts:
            return "refused"
        return "heard"

    together(6, hear)

    assert [desk.refund(each).state for each in refunds].count("done") == 1
    assert desk.harbour.books() == (CENTS, CENTS, 0)


def test_the_payer_need_not_wait_to_be_told_that_money_went_back(desk: RefundDesk) -> None:
    desk.approved(desk.held())
    before = desk.harbour.rings

    desk.send()

    assert desk.harbour.rings == before + 1


def refund_event(refund_id: str, *, done: bool) -> dict[str, Any]:
    """What the bank would say of a refund, whether it is so or not."""
    return {
        "event_id": f"evt_{refund_id}_{done}",
        "type": "refund.done" if done else "refund.failed",
        "reference": refund_id,
        "occurred_at": "2026-11-23T04:00:00Z",
        "transaction": None,
        "reason": None if done else "The payer's account is closed.",
    }


def quarantined(desk: RefundDesk) -> list[str]:
    """The bank's ids of the events that staff must look at."""
    with desk.harbour.database.transaction(read_only=True) as db:
        wanted = select(BankEvent.event_id).where(BankEvent.state == "quarantined")
        return list(db.scalars(wanted))


def test_a_refund_whose_money_went_another_way_meanwhile_is_not_sent(desk: RefundDesk) -> None:
    credit = desk.held()
    first = desk.approved(credit)
    desk.harbour.script("refund", {"state": "failed"})
    desk.send_all()
    second = desk.approved(credit)
    desk.news(first, done=True)

    desk.send_all()

    assert desk.refund(second).state == "failed"
    assert desk.bank_lines() == [first]
    assert desk.harbour.books()[2] == 0
