"""Money that came: what settles a bill, what is held and why, and that no half of it is ever written."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from backend.accounts.actions import Phone, register_device
from backend.bills.actions import amend_bill, withdraw_bill
from backend.core.database import Database
from backend.departments.webhooks.models import DepartmentEvent
from backend.gateways.bank import Transaction
from backend.notifications.outbox.models import Delivery
from backend.payments.actions import is_being_paid
from backend.payments.crediting import CreditContradicts, record_credit
from backend.payments.models import LedgerPosting, PaymentAttempt
from backend.payments.receipts.models import Receipt
from backend.payments.rules import HeardBy
from tests.core.together import together
from tests.payments.harbour import CENTS, Harbour
from tests.payments.stones import stumbling


@pytest.fixture
def resident(harbour: Harbour) -> str:
    return harbour.resident()


@pytest.fixture
def bill(harbour: Harbour, resident: str) -> str:
    return harbour.bill(resident)


@pytest.fixture
def attempt(harbour: Harbour, resident: str, bill: str) -> PaymentAttempt:
    return harbour.announced(resident, bill)


def test_the_right_money_settles_a_bill_with_a_receipt(
    harbour: Harbour, resident: str, bill: str, attempt: PaymentAttempt
) -> None:
    [paid] = harbour.pay(attempt)
    harbour.hear_all()

    settled = harbour.bill_now(bill)
    assert (settled.state, settled.paid_cents) == ("paid", CENTS)
    [receipt] = _rows(harbour, Receipt)
    assert receipt.fps_reference == paid["fps_reference"]
    assert (receipt.bill_id, receipt.resident_id, receipt.amount_cents) == (bill, resident, CENTS)
    assert harbour.messages(resident) == ["bill_new", "payment_received"]
    assert [each.type for each in _rows(harbour, DepartmentEvent)] == ["bill.paid"]
    assert harbour.books() == (CENTS, CENTS, 0)


@pytest.mark.parametrize(
    ("wishes", "settled", "held", "reason"),
    [
        ({"amount_cents": CENTS - 1}, 0, CENTS - 1, "too_little"),
        ({"amount_cents": 1}, 0, 1, "too_little"),
        ({"amount_cents": CENTS + 5}, CENTS, 5, "too_much"),
        ({"amount_cents": 999_999_999_999}, CENTS, 999_999_999_999 - CENTS, "too_much"),
        ({"currency": "CNY"}, 0, CENTS, "other_currency"),
    ],
)
def test_what_does_not_settle_a_bill_is_held_to_the_cent_and_told(
    harbour: Harbour,
    resident: str,
    attempt: PaymentAttempt,
    wishes: dict[str, Any],
    settled: int,
    held: int,
    reason: str,
) -> None:
    harbour.pay(attempt, **wishes)
    harbour.hear_all()
    harbour.work_off()

    [credit] = harbour.credits()
    assert (credit.settled_cents, credit.held_cents, credit.hold_reason) == (settled, held, reason)
    assert harbour.books(wishes.get("currency", "HKD")) == (settled + held, settled, held)
    assert harbour.messages(resident).count("payment_held") == 1
    assert harbour.state(attempt) == ("paid" if settled else "failed")


def test_after_too_little_a_bill_can_be_paid_anew(
    harbour: Harbour, resident: str, bill: str, attempt: PaymentAttempt
) -> None:
    harbour.pay(attempt, amount_cents=100)
    harbour.hear_all()
    harbour.work_off()

    another = harbour.announced(resident, bill)
    harbour.pay(another)
    harbour.hear_all()

    assert harbour.bill_now(bill).state == "paid"
    assert harbour.books() == (CENTS + 100, CENTS, 100)


@pytest.mark.parametrize("passed_on", ["", "NOBODY-KNOWS", "f" * 21])
def test_money_under_no_reference_of_ours_is_held_and_nobody_is_told(
    harbour: Harbour, resident: str, attempt: PaymentAttempt, passed_on: str
) -> None:
    harbour.pay(attempt, reference=passed_on)
    harbour.hear_all()

    [credit] = harbour.credits()
    assert (credit.hold_reason, credit.attempt_id) == ("unknown_reference", None)
    assert harbour.books() == (CENTS, 0, CENTS)
    assert harbour.messages(resident) == ["bill_new"]
    assert harbour.state(attempt) == "pending"


def test_a_reference_in_another_spelling_is_still_ours(
    harbour: Harbour, bill: str, attempt: PaymentAttempt
) -> None:
    harbour.pay(attempt, reference=f"  {attempt.reference.lower()} ")
    harbour.hear_all()

    assert harbour.bill_now(bill).state == "paid"


def test_a_bill_paid_from_two_banks_is_settled_once_and_the_rest_held(
    harbour: Harbour, resident: str, bill: str, attempt: PaymentAttempt
) -> None:
    harbour.pay(attempt, times=3)
    harbour.hear_all()
    harbour.work_off()

    reasons = [each.hold_reason for each in harbour.credits()]
    assert reasons == [None, "paid_already", "paid_already"]
    assert harbour.books() == (3 * CENTS, CENTS, 2 * CENTS)
    assert harbour.messages(resident) == [
        "bill_new",
        "payment_received",
        "payment_held",
        "payment_held",
    ]


@pytest.mark.parametrize("end", ["expired", "cancelled"])
def test_money_that_comes_after_the_end_settles_the_bill(
    harbour: Harbour, bill: str, attempt: PaymentAttempt, end: str
) -> None:
    if end == "cancelled":
        harbour.cancel(attempt)
    harbour.pass_time(timedelta(minutes=31))
    assert harbour.state(attempt) == end

    harbour.pay(attempt, late=True)
    harbour.hear_all()

    assert harbour.state(attempt) == "paid"
    assert harbour.bill_now(bill).state == "paid"


def test_late_money_that_nobody_told_us_of_is_found_after_the_end(
    harbour: Harbour, bill: str, attempt: PaymentAttempt
) -> None:
    harbour.pass_time(timedelta(minutes=31))

    harbour.pay(attempt, late=True)
    harbour.pass_time(timedelta(minutes=35))

    assert harbour.bill_now(bill).state == "paid"


def test_late_money_ends_another_request_for_the_same_bill(
    harbour: Harbour, resident: str, bill: str, attempt: PaymentAttempt
) -> None:
    harbour.pass_time(timedelta(minutes=31))
    another = harbour.announced(resident, bill)

    harbour.pay(attempt, late=True)
    harbour.hear_all()
    harbour.work_off()

    assert harbour.state(another) == "cancelled"
    assert harbour.refusal(another) == "order_cancelled"
    assert harbour.bill_now(bill).state == "paid"


def test_who_pays_both_of_two_requests_gets_one_back(
    harbour: Harbour, resident: str, bill: str, attempt: PaymentAttempt
) -> None:
    harbour.pass_time(timedelta(minutes=31))
    another = harbour.announced(resident, bill)

    harbour.pay(another)
    harbour.pay(attempt, late=True)
    harbour.hear_all()
    harbour.work_off()

    assert sorted([harbour.state(attempt), harbour.state(another)]) == ["expired", "paid"]
    assert harbour.books() == (2 * CENTS, CENTS, CENTS)


@pytest.mark.parametrize("change", ["amended", "withdrawn"])
def test_late_money_for_a_bill_that_changed_is_held(
    harbour: Harbour, bill: str, attempt: PaymentAttempt, change: str
) -> None:
    harbour.pass_time(timedelta(minutes=31))
    _change(harbour, bill, change)

    harbour.pay(attempt, late=True)
    harbour.hear_all()

    assert [each.hold_reason for each in harbour.credits()] == ["bill_changed"]
    assert harbour.bill_now(bill).state == ("open" if change == "amended" else "withdrawn")
    assert harbour.books() == (CENTS, 0, CENTS)


def test_payment_calls_off_what_was_still_to_be_pushed(
    harbour: Harbour, resident: str, database: Database
) -> None:
    with database.transaction() as db:
        register_device(
            db, resident, "phone", Phone("android", "token", "a-phone"), harbour.clock()
        )
    bill = harbour.bill(resident)
    attempt = harbour.announced(resident, bill)

    harbour.pay(attempt)
    harbour.hear_all()

    states = [(each.state, each.reason) for each in _rows(harbour, Delivery)]
    assert states == [("dropped", "no longer so"), ("waiting", None)]


def test_the_same_money_is_recorded_once_however_we_hear_of_it(
    harbour: Harbour, resident: str, attempt: PaymentAttempt
) -> None:
    harbour.pay(attempt)
    [event] = harbour.told("payment.received")

    for _ in range(3):
        harbour.hear(event)
        harbour.apply()
    harbour.pass_time(timedelta(minutes=40))

    assert len(harbour.credits()) == 1
    assert harbour.messages(resident).count("payment_received") == 1


@pytest.mark.slow
@pytest.mark.parametrize("is_known", [True, False])
def test_many_who_bring_the_same_news_record_it_once(
    harbour: Harbour, attempt: PaymentAttempt, database: Database, is_known: bool
) -> None:
    money = _money(harbour, attempt.reference if is_known else "NOBODY-KNOWS")

    def bring(_number: int) -> bool:
        with database.transaction() as db:
            return record_credit(db, money, HeardBy.CALLBACK, harbour.clock())[1]

    news = together(6, bring)

    assert sorted(news) == [False] * 5 + [True]
    assert harbour.books()[0] == CENTS


@pytest.mark.slow
def test_two_payments_at_the_same_moment_settle_a_bill_once(
    harbour: Harbour, bill: str, attempt: PaymentAttempt, database: Database
) -> None:
    amounts = [_money(harbour, attempt.reference) for _ in range(6)]

    def bring(number: int) -> int:
        with database.transaction() as db:
            credit, _ = record_credit(db, amounts[number], HeardBy.CALLBACK, harbour.clock())
            return credit.settled_cents

    settled = together(6, bring)

    assert sorted(settled) == [0] * 5 + [CENTS]
    assert harbour.books() == (6 * CENTS, CENTS, 5 * CENTS)


def test_a_bank_that_contradicts_itself_changes_nothing(
    harbour: Harbour, attempt: PaymentAttempt, database: Database
) -> None:
    money = _money(harbour, attempt.reference)
    other = Transaction(**{**money.__dict__, "amount_cents": CENTS * 2})
    with database.transaction() as db:
        record_credit(db, money, HeardBy.CALLBACK, harbour.clock())

    with pytest.raises(CreditContradicts), database.transaction() as db:
        record_credit(db, other, HeardBy.LOOKING, harbour.clock())

    assert harbour.books() == (CENTS, CENTS, 0)


TABLES = (
    "bank_credits",
    "ledger_entries",
    "ledger_postings",
    "receipts",
    "messages",
    "department_events",
)


@pytest.mark.parametrize("table", TABLES)
def test_a_write_that_fails_in_the_middle_leaves_nothing_half(
    harbour: Harbour, bill: str, attempt: PaymentAttempt, table: str
) -> None:
    harbour.pay(attempt, amount_cents=CENTS + 7)
    was = _sums(harbour)

    with stumbling(harbour.database, table):
        harbour.hear_all()
    during = _sums(harbour)
    harbour.pass_time(timedelta(minutes=1))

    assert during == was
    assert harbour.bill_now(bill).state == "paid"
    assert harbour.books() == (CENTS + 7, CENTS, 7)


@pytest.mark.parametrize("table", ["bills", "payment_attempts"])
def test_a_change_that_fails_in_the_middle_leaves_nothing_half(
    harbour: Harbour, bill: str, attempt: PaymentAttempt, table: str
) -> None:
    harbour.pay(attempt)
    was = _sums(harbour)

    with stumbling(harbour.database, table, "update", "new.state = 'paid'"):
        harbour.hear_all()
    during = _sums(harbour)
    harbour.pass_time(timedelta(minutes=1))

    assert during == was
    assert harbour.bill_now(bill).state == "paid"
    assert harbour.books() == (CENTS, CENTS, 0)


def _money(harbour: Harbour, reference: str) -> Transaction:
    number = f"T-{harbour.rings}-{len(_numbers)}"
    _numbers.append(number)
    return Transaction(number, f"FRN{len(_numbers)}", reference, CENTS, "HKD", harbour.now)


_numbers: list[str] = []


def _sums(harbour: Harbour) -> tuple[object, ...]:
    """What there is of the books, and how things stand."""
    with harbour.database.transaction(read_only=True) as db:
        counts = [
            db.scalar(select(func.count()).select_from(table)) for table in (Receipt, LedgerPosting)
        ]
        states = db.scalars(select(PaymentAttempt.state)).all()
    return (*counts, tuple(states), len(harbour.credits()), harbour.books())


def _rows(harbour: Harbour, table: Any) -> list[Any]:
    with harbour.database.transaction(read_only=True) as db:
        return list(db.scalars(select(table).order_by(table.id)))


def _change(harbour: Harbour, bill: str, change: str) -> None:
    how: dict[str, Any] = {
        "now": harbour.clock(),
        "ring": harbour.ring,
        "is_being_paid": is_being_paid,
    }
    facts = harbour.bill_now(bill).facts
    with harbour.database.transaction() as db:
        if change == "withdrawn":
            withdraw_bill(db, "WSD", bill, "posted twice", **how)
        else:
            amended = type(facts)(**{**facts.__dict__, "amount_cents": CENTS - 1})
            amend_bill(db, "WSD", bill, amended, reason=None, **how)
