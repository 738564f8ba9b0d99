"""The books of each day are held against the bank's own file, and what differs becomes a work list."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update

from backend.gateways.bank import BankAway, StatementLine
from backend.gateways.bank_client import HttpBank
from backend.payments.models import BankCredit
from backend.payments.parity import nightly
from backend.payments.parity.models import ParityDay, ParityFinding
from backend.payments.parity.nightly import LEASE
from tests.core.together import together
from tests.payments.harbour import CENTS
from tests.payments.parity.night import ONE_O_CLOCK, TODAY, Night
from tests.payments.refunds.desk import RefundDesk

SECOND = timedelta(seconds=1)


def test_before_any_payment_there_is_nothing_to_check(night: Night) -> None:
    assert night.check() is None
    assert night.days() == {}


def test_a_day_is_checked_at_one_in_the_night_once(night: Night) -> None:
    night.paid()
    night.paid()

    early = night.check()
    night.harbour.now = ONE_O_CLOCK - SECOND
    too_early = night.check()
    before = night.days()
    night.fall()
    night.check_all()
    again = night.check()

    assert early == too_early == ONE_O_CLOCK
    assert before == {}
    assert night.days() == {TODAY: (2 * CENTS, 2 * CENTS)}
    assert night.findings() == []
    assert again == ONE_O_CLOCK + timedelta(days=1)


def test_after_a_standstill_every_day_is_made_up_for(night: Night) -> None:
    night.paid()
    night.fall(days=9)
    night.paid()

    night.fall(days=10)
    night.check_all()

    days = night.days()
    assert sorted(days) == [TODAY + timedelta(days=number) for number in range(11)]
    assert days.pop(TODAY) == (CENTS, CENTS)
    assert days.pop(TODAY + timedelta(days=10)) == (CENTS, CENTS)
    assert set(days.values()) == {(0, 0)}


def test_money_that_nobody_told_us_of_settles_its_bill_in_the_night(night: Night) -> None:
    attempt = night.paid(heard=False)

    night.fall()
    night.check_all()

    assert night.findings() == [("late", CENTS, None)]
    assert night.harbour.state(attempt) == "paid"
    assert night.credit_of(attempt).heard_by == "statement"
    assert night.harbour.books() == (CENTS, CENTS, 0)
    assert night.harbour.books()[0] == night.harbour.bank_cents()


def test_money_that_the_bank_does_not_have_is_over(night: Night) -> None:
    attempt = night.paid()
    night.heard_of("T-INVENTED", attempt, 700)

    night.fall()
    night.check_all()

    assert night.findings() == [("over", None, 700)]
    assert night.count_open() == 1
    assert night.days() == {TODAY: (CENTS, CENTS + 700)}


@pytest.mark.parametrize("wrong", [CENTS - 1, CENTS + 1])
def test_another_amount_is_listed_with_both(night: Night, wrong: int) -> None:
    resident = night.harbour.resident()
    attempt = night.harbour.announced(resident, night.harbour.bill(resident))
    [money] = night.harbour.pay(attempt)
    night.heard_of(money["transaction_id"], attempt, wrong)

    night.fall()
    night.check_all()

    assert night.findings() == [("under", CENTS, wrong)]


def test_money_under_a_reference_of_nobodys_is_held_and_listed(night: Night) -> None:
    night.paid(reference="NOBODY'S")
    night.paid(heard=False, reference="")

    night.fall()
    night.check_all()

    assert sorted(night.findings()) == [
        ("late", CENTS, None),
        ("unknown", CENTS, CENTS),
        ("unknown", CENTS, CENTS),
    ]
    assert night.harbour.books() == (2 * CENTS, 0, 2 * CENTS)


def test_refunds_are_held_against_the_file_as_well(night: Night) -> None:
    desk = RefundDesk(night.harbour)
    paid = [desk.held() for _ in range(4)]
    known = desk.approved(paid[0])
    desk.send_all()
    late, less = desk.approved(paid[1]), desk.approved(paid[2])
    # The worker dies before it could write this down, and no callback comes.
    night.harbour.bank.refund(late, paid[1].transaction_id, CENTS)
    night.harbour.bank.refund(less, paid[2].transaction_id, 9)
    night.harbour.bank.refund("rfd_nobodys", paid[3].transaction_id, 5)

    night.fall()
    night.check_all()

    assert sorted(night.findings(), key=str) == [
        ("late", CENTS, None),
        ("late", 9, None),
        ("under", 9, CENTS),
        ("unknown", 5, None),
    ]
    assert {desk.refund(each).state for each in (known, late, less)} == {"done"}


@pytest.mark.parametrize("state", ["asked", "declined"])
def test_a_refund_in_the_file_that_nobody_approved_is_listed_and_not_booked(
    night: Night, state: str
) -> None:
    desk = RefundDesk(night.harbour)
    credit = desk.held()
    refund = desk.ask(credit)
    if state == "declined":
        desk.decline(refund)
    night.harbour.bank.refund(refund, credit.transaction_id, CENTS)

    night.fall()
    night.check_all()

    assert night.findings() == [("unapproved", CENTS, None)]
    assert desk.refund(refund).state == state
    assert night.harbour.books() == (2 * CENTS, CENTS, CENTS)
    assert night.days() == {TODAY: (CENTS, 2 * CENTS)}


def test_money_of_another_currency_has_sums_of_its_own(night: Night) -> None:
    night.paid()
    night.paid(currency="CNY", amount_cents=100)
    night.paid(currency="CNY", amount_cents=7, heard=False)

    night.fall()
    night.check_all()

    assert night.days() == {TODAY: (CENTS, CENTS)}
    assert night.days("CNY") == {TODAY: (107, 107)}
    assert night.findings() == [("late", 7, None)]


def test_the_same_cents_of_another_currency_are_not_the_same_money(night: Night) -> None:
    resident = night.harbour.resident()
    attempt = night.harbour.announced(resident, night.harbour.bill(resident))
    [money] = night.harbour.pay(attempt, currency="CNY")
    night.heard_of(money["transaction_id"], attempt, CENTS)

    night.fall()
    night.check_all()

    assert night.findings() == [("under", CENTS, CENTS)]
    with night.harbour.database.transaction(read_only=True) as db:
        [found] = db.scalars(select(ParityFinding)).all()
    assert (found.bank_currency, found.our_currency) == ("CNY", "HKD")


def test_a_day_that_was_checked_rings_for_whoever_tells_of_it(night: Night) -> None:
    night.paid(heard=False)
    before = night.harbour.rings

    night.fall()
    night.check_all()

    assert night.harbour.rings > before


def test_a_refund_that_the_bank_does_not_have_is_over(night: Night) -> None:
    desk = RefundDesk(night.harbour)
    refund = desk.approved(desk.held())
    desk.news(refund, done=True)

    night.fall()
    night.check_all()

    assert night.findings() == [("over", None, CENTS)]


def test_what_the_bank_booked_after_midnight_is_closed_by_the_next_file(night: Night) -> None:
    night.harbour.now = datetime(2026, 11, 23, 16, 0, 1, tzinfo=UTC)  # 00:00:01 in Hong Kong
    attempt = night.paid()
    before_midnight = night.harbour.now - 2 * SECOND
    with night.harbour.database.transaction() as db:
        db.execute(update(BankCredit).values(paid_at=before_midnight, paid_on=TODAY))
        db.execute(update(type(attempt)).values(created_at=before_midnight))

    night.fall()
    night.check_all()
    missed = night.open_kinds()
    night.fall(days=1)
    night.check_all()

    assert missed == ["over"]
    assert night.open_kinds() == []


def test_days_are_those_of_hong_kong(night: Night) -> None:
    night.harbour.now = datetime(2026, 11, 23, 15, 59, 59, tzinfo=UTC)
    night.paid()
    night.harbour.now = datetime(2026, 11, 23, 16, 0, 0, tzinfo=UTC)
    night.paid()

    night.fall(days=1)
    night.check_all()

    assert night.findings() == []
    assert night.days() == {date(2026, 11, 23): (CENTS, CENTS), date(2026, 11, 24): (CENTS, CENTS)}


@pytest.mark.parametrize(
    "fault", [{"status": 503}, {"cut_bytes": 30}, {"body": "<html>busy</html>"}], ids=str
)
def test_a_file_that_cannot_be_read_is_fetched_again_in_half_an_hour(
    night: Night, fault: dict[str, object]
) -> None:
    attempt = night.paid(heard=False)
    night.harbour.script("statement", fault)

    night.fall()
    due_at = night.check()
    unread = (night.days(), night.findings())
    night.harbour.wait(minutes=29)
    night.check_all()
    still = night.days()
    night.harbour.wait(minutes=1)
    night.check_all()

    assert due_at == ONE_O_CLOCK + timedelta(minutes=30)
    assert unread == ({TODAY: None}, [])
    assert still == {TODAY: None}
    assert night.days() == {TODAY: (CENTS, CENTS)}
    assert night.harbour.state(attempt) == "paid"


def test_a_day_that_cannot_be_read_holds_up_no_other(night: Night) -> None:
    night.paid()
    night.fall(days=1)
    night.harbour.script("statement", {"status": 503})

    night.check()
    night.harbour.bank.quiet.end()
    night.check_all()

    assert [day for day, sums in night.days().items() if sums] == [TODAY + timedelta(days=1)]


class Dies:
    """The bank, under a worker that dies after so many lines."""

    def __init__(self, bank: HttpBank, after: int) -> None:
        self.bank = bank
        self.after = after

    def quiet_seconds(self) -> float:
        return 0

    def statement(self, day: date) -> Iterator[StatementLine]:
        for number, line in enumerate(self.bank.statement(day)):
            if number == self.after:
                raise KeyboardInterrupt
            yield line


def test_a_worker_that_dies_in_the_middle_of_a_file_leaves_nothing_half_done(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nightly, "LINES_AT_ONCE", 4)
    night.paid(heard=False, times=10)
    night.fall()
    dying = Dies(night.harbour.bank, 6)

    with pytest.raises(KeyboardInterrupt):
        night.check(dying)  # type: ignore[arg-type]
    half = len(night.harbour.credits())
    night.check_all()
    leased = night.days()
    night.harbour.now += LEASE
    night.check_all()

    assert half == 4
    assert leased == {TODAY: None}
    assert len(night.harbour.credits()) == 10
    assert [kind for kind, _, _ in night.findings()] == ["late"] * 10
    assert night.harbour.books()[0] == night.harbour.bank_cents()


def test_two_watches_find_each_thing_once(night: Night) -> None:
    for _ in range(5):
        night.paid(heard=False)
    night.fall()

    together(3, lambda _number: night.check_all())

    assert night.findings() == [("late", CENTS, None)] * 5
    assert night.days() == {TODAY: (5 * CENTS, 5 * CENTS)}


class SaysTwice:
    """A bank whose file has one transaction twice, with two amounts."""

    def __init__(self, lines: list[StatementLine]) -> None:
        self.lines = lines

    def quiet_seconds(self) -> float:
        return 0

    def statement(self, day: date) -> Iterator[StatementLine]:
        yield from self.lines


def test_a_file_that_contradicts_itself_is_listed_and_not_stuck(night: Night) -> None:
    attempt, _ = night.harbour.start(
        resident := night.harbour.resident(), night.harbour.bill(resident)
    )
    lines = [
        StatementLine("T1", False, attempt.reference, "FRN1", cents, "HKD", night.harbour.now)
        for cents in (CENTS, CENTS - 1)
    ]
    night.fall()

    night.check(SaysTwice(lines))  # type: ignore[arg-type]

    assert night.findings() == [("late", CENTS, None), ("under", CENTS - 1, CENTS)]
    assert night.days()[TODAY] is not None


def test_a_bank_that_is_away_in_the_middle_of_its_file_counts_for_nothing(night: Night) -> None:
    night.paid(heard=False)

    class Breaks(SaysTwice):
        def statement(self, day: date) -> Iterator[StatementLine]:
            yield from night.harbour.bank.statement(day)
            raise BankAway("cut")

    night.fall()
    night.check(Breaks([]))  # type: ignore[arg-type]

    assert night.days() == {TODAY: None}
    with night.harbour.database.transaction(read_only=True) as db:
        assert db.scalars(select(ParityDay.tries)).one() == 1
