"""Who may send how much back: two operators, and never more than is held."""

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from backend.payments.models import Refund
from backend.payments.refunds import actions
from backend.payments.refunds.rules import (
    CreditNotFound,
    NotHeld,
    OperatorNotNamed,
    ReasonMissing,
    RefundDecided,
    RefundNotFound,
    RefundOpen,
    SameOperator,
    ensure_reason,
    same_name,
)
from tests.core.together import together
from tests.payments.harbour import CENTS, Harbour
from tests.payments.refunds.desk import RefundDesk


def test_nothing_moves_before_another_operator_approves(desk: RefundDesk) -> None:
    credit = desk.held()
    refund = desk.ask(credit)

    due_at = desk.send()

    assert due_at is None
    assert desk.bank_lines() == []
    assert desk.refund(refund).amount_cents == CENTS


@pytest.mark.parametrize("again", ["ann chan", "Ann Chan", " ANN  CHAN "])
def test_whoever_asked_cannot_approve_in_any_spelling(desk: RefundDesk, again: str) -> None:
    refund = desk.ask(desk.held(), operator="Ann Chan")

    with pytest.raises(SameOperator):
        desk.approve(refund, again)

    assert desk.refund(refund).state == "asked"


def test_the_database_itself_refuses_one_operator_in_both_roles(desk: RefundDesk) -> None:
    refund = desk.ask(desk.held())

    with pytest.raises(IntegrityError), desk.harbour.database.transaction() as db:
        db.execute(update(Refund).where(Refund.id == refund).values(approved_by=Refund.asked_by))


@pytest.mark.parametrize("nobody", ["", "  ", "a", " a ", "\u200b", "an\x00", "an\n", "x" * 61])
def test_an_operator_has_a_name_of_some_length(desk: RefundDesk, nobody: str) -> None:
    with pytest.raises(OperatorNotNamed):
        desk.ask(desk.held(), operator=nobody)

    assert desk.refunds() == []


@pytest.mark.parametrize(
    "again",
    [
        "\u0410nn Chan",  # a Cyrillic A
        "Ann Ch\u0430n",
        "Ann\u00a0Chan",
        "\uff21nn Chan",  # full width
        "Ann\u200b Chan",
        "Ann Chan\u0301",
        "\u212ban",  # folds to a letter
        "\u017fann",  # a long s, which folds to an s
        "陳小明",
    ],
)
def test_a_lookalike_letter_makes_no_other_operator(desk: RefundDesk, again: str) -> None:
    refund = desk.ask(desk.held(), operator="Ann Chan")

    with pytest.raises(OperatorNotNamed):
        desk.approve(refund, again)

    assert desk.refund(refund).state == "asked"


def test_a_reason_is_given_and_can_be_stored() -> None:
    assert ensure_reason("paid\x00 twice\n") == "paid twice"
    for none in ("", " \n", "x" * 501):
        with pytest.raises(ReasonMissing):
            ensure_reason(none)


@pytest.mark.parametrize("cents", [0, -1, CENTS + 1, 10**15])
def test_no_more_than_is_held_may_be_asked_for(desk: RefundDesk, cents: int) -> None:
    with pytest.raises(NotHeld):
        desk.ask(desk.held(), cents)

    assert desk.refunds() == []


def test_settled_money_does_not_go_back(desk: RefundDesk) -> None:
    desk.held()
    settled = next(each for each in desk.harbour.credits() if each.settled_cents)

    with pytest.raises(NotHeld):
        desk.ask(settled)


def test_what_went_back_already_is_not_held(desk: RefundDesk) -> None:
    credit = desk.held()
    desk.approved(credit, CENTS - 100)
    desk.send_all()

    with pytest.raises(NotHeld):
        desk.ask(credit, 101)
    rest = desk.ask(credit)

    assert desk.refund(rest).amount_cents == 100


def test_one_refund_of_the_same_money_is_open_at_a_time(desk: RefundDesk) -> None:
    credit = desk.held()
    refund = desk.ask(credit, 1)

    with pytest.raises(RefundOpen):
        desk.ask(credit, 1)
    desk.approve(refund)
    with pytest.raises(RefundOpen):
        desk.ask(credit, 1)
    desk.send_all()

    assert desk.refund(desk.ask(credit, 1)).state == "asked"


def test_many_who_ask_at_once_get_one_refund_between_them(desk: RefundDesk) -> None:
    credit = desk.held()

    def ask(number: int) -> str:
        try:
            desk.ask(credit, operator=f"operator {number}")
        except RefundOpen:
            return "open"
        return "asked"

    assert sorted(together(6, ask)) == ["asked", *["open"] * 5]


def test_two_who_decide_at_once_decide_once(desk: RefundDesk) -> None:
    refund = desk.ask(desk.held())

    def decide(number: int) -> str:
        try:
            (desk.approve if number % 2 else desk.decline)(refund, f"operator {number}")
        except RefundDecided:
            return "decided"
        return "done"

    assert sorted(together(6, decide)) == [*["decided"] * 5, "done"]


def test_a_declined_refund_is_over_and_its_money_may_be_asked_for_again(desk: RefundDesk) -> None:
    credit = desk.held()
    refund = desk.ask(credit)

    desk.decline(refund, "chan siu ming")  # whoever asked may think better of it

    with pytest.raises(RefundDecided):
        desk.approve(refund)
    desk.send_all()
    assert desk.bank_lines() == []
    assert desk.refund(desk.ask(credit)).state == "asked"


def test_what_does_not_exist_is_refused_by_name(harbour: Harbour) -> None:
    with harbour.database.transaction() as db:
        with pytest.raises(CreditNotFound):
            actions.ask_refund(db, "crd_0", None, "why", operator="Ann", now=harbour.now)
        with pytest.raises(RefundNotFound):
            actions.approve_refund(db, "rfd_0", "Ann", harbour.now, harbour.ring)
        with pytest.raises(RefundNotFound):
            actions.decline_refund(db, "rfd_0", "Ann", harbour.now)


@pytest.mark.parametrize("name", ["op", "A.Chan@duty-desk_2", "x" * 60])
def test_a_name_of_plain_letters_and_digits_is_kept_in_one_spelling(name: str) -> None:
    assert same_name(f" {name.upper()} ") == name.lower()


def test_who_declined_a_refund_is_on_record(desk: RefundDesk) -> None:
    refund = desk.ask(desk.held())

    desk.decline(refund, "Lee  Ka Yan")

    assert desk.refund(refund).declined_by == "lee ka yan"


def test_approval_rings_for_the_worker_after_the_commit(desk: RefundDesk) -> None:
    refund = desk.ask(desk.held())
    before = desk.harbour.rings

    desk.approve(refund)

    assert desk.harbour.rings == before + 1
