"""A resident's own bills and messages: whose they are, what is said of them, where they are paid."""

from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from backend.assistant.own.books import MOST_BILLS, MOST_MESSAGES, Books, Own, Topic
from backend.assistant.own.words import amount, on, sentence
from backend.bills import Bill, BillKind
from backend.bills.actions import take_back
from backend.bills.rules import Surcharge
from backend.core.database import Database
from backend.core.languages import Language
from backend.core.settings import CHECKOUT
from backend.menu import Catalogue, paying_service
from backend.menu.content import read_catalogue
from backend.menu.published import catalogue_of
from tests.assistant.billing import DUE_ON, owe, settle
from tests.bills.posting import pay

EN, HANT, HANS = Language.EN, Language.ZH_HANT, Language.ZH_HANS


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return catalogue_of(read_catalogue(CHECKOUT / "catalogue"))


def books(
    database: Database,
    catalogue: Catalogue,
    resident_id: str,
    language: Language = EN,
    today: date = DUE_ON,
) -> Books:
    def open_rows() -> AbstractContextManager[Session]:
        return database.transaction(read_only=True)

    return Books(resident_id, open_rows, catalogue, language, today)


def said(own: Own, language: Language = EN) -> str:
    return sentence(own, language)


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (EN, "Your water bill: HK$482.30, due on 30 November 2026."),
        (HANT, "你的水費單：港幣 482.30 元，繳款限期為2026年11月30日。"),
        (HANS, "你的水费单：港币 482.30 元，缴款期限为2026年11月30日。"),
    ],
)
def test_one_bill_is_told_with_its_amount_and_its_date(
    database: Database, catalogue: Catalogue, language: Language, expected: str
) -> None:
    resident_id = settle(database)
    bill_id = owe(database, resident_id)

    own = books(database, catalogue, resident_id, language).look_up(Topic.BILLS, [])

    assert said(own, language) == expected
    assert [each.bill.id for each in own.bills] == [bill_id]
    assert (own.count, own.total_due_cents) == (1, 48230)
    assert own.bills[0].service == "wsd-pay"


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (EN, "Your water bill: HK$482.30. It was due on 30 November 2026."),
        (HANT, "你的水費單：港幣 482.30 元，繳款限期2026年11月30日已過。"),
        (HANS, "你的水费单：港币 482.30 元，缴款期限2026年11月30日已过。"),
    ],
)
def test_a_bill_is_late_from_the_day_after_its_last_day(
    database: Database, catalogue: Catalogue, language: Language, expected: str
) -> None:
    resident_id = settle(database)
    owe(database, resident_id)

    tomorrow = DUE_ON + timedelta(days=1)
    today, late = (
        books(database, catalogue, resident_id, language, day).look_up(Topic.DUE, [])
        for day in (DUE_ON, tomorrow)
    )

    assert not today.bills[0].bill.overdue
    assert late.bills[0].bill.overdue
    assert said(late, language) == expected


def test_of_several_bills_the_sum_and_the_one_that_comes_first_are_told(
    database: Database, catalogue: Catalogue
) -> None:
    resident_id = settle(database)
    owe(database, resident_id, "RVD", BillKind.RATES, 100_000, DUE_ON + timedelta(days=9))
    owe(database, resident_id)

    own = books(database, catalogue, resident_id).look_up(Topic.BILLS, [])

    assert [each.kind for each in own.bills] == [BillKind.WATER, BillKind.RATES]
    assert said(own) == (
        "You have 2 bills to pay, HK$1,482.30 in all. The first is your water bill: HK$482.30, "
        "due on 30 November 2026."
    )
    assert said(own, HANT).startswith("你有2張賬單待繳，合共港幣 1,482.30 元。")


def test_the_kind_that_was_named_alone_is_shown(database: Database, catalogue: Catalogue) -> None:
    resident_id = settle(database)
    owe(database, resident_id)
    rates = owe(database, resident_id, "RVD", BillKind.RATES, 100_000)
    own_books = books(database, catalogue, resident_id)

    named = own_books.look_up(Topic.BILLS, [BillKind.RATES])
    none = own_books.look_up(Topic.BILLS, [BillKind.TAX])

    assert [each.bill.id for each in named.bills] == [rates]
    assert named.total_due_cents == 100_000
    assert none.bills == ()
    assert said(none).startswith("I have no tax bill of yours here.")
    assert said(none, HANT).startswith("這裏沒有你的稅單。")


def test_many_bills_are_counted_and_summed_though_ten_are_shown(
    database: Database, catalogue: Catalogue
) -> None:
    resident_id = settle(database)
    for _ in range(MOST_BILLS + 2):
        owe(database, resident_id, amount_cents=1_000_000_000)

    own = books(database, catalogue, resident_id).look_up(Topic.BILLS, [])

    assert len(own.bills) == MOST_BILLS
    assert (own.count, own.total_due_cents) == (12, 12_000_000_000)
    assert "12 bills" in said(own)
    assert "HK$120,000,000.00" in said(own)


def test_no_payment_is_made_up(database: Database, catalogue: Catalogue) -> None:
    resident_id = settle(database)
    nothing = books(database, catalogue, resident_id).look_up(Topic.PAID, [BillKind.WATER])
    owe(database, resident_id)

    own = books(database, catalogue, resident_id).look_up(Topic.PAID, [])

    assert said(own) == (
        "I have no record of a payment here. If you have paid, keep the receipt and ask the "
        "department before you pay again. "
        "Your water bill: HK$482.30, due on 30 November 2026."
    )
    assert said(nothing) == (
        "I have no record of a payment here, and no water bill of yours either."
    )


PAID_AT = datetime(2026, 11, 29, 16, 30, tzinfo=UTC)  # past midnight in Hong Kong


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (
            EN,
            "You paid your water bill on 30 November 2026: HK$482.30. The receipt is with the bill.",
        ),
        (HANT, "你已於2026年11月30日繳付水費單，金額港幣 482.30 元，收據載於該賬單內。"),
        (HANS, "你已于2026年11月30日缴付水费单，金额港币 482.30 元，收据载于该账单内。"),
    ],
)
def test_a_payment_is_told_with_its_day_its_amount_and_its_receipt(
    database: Database, catalogue: Catalogue, language: Language, expected: str
) -> None:
    resident_id = settle(database)
    bill_id = owe(database, resident_id)
    pay(database, bill_id, PAID_AT)
    own_books = books(database, catalogue, resident_id, language)

    asked = own_books.look_up(Topic.PAID, [BillKind.WATER])
    spoken_of = own_books.some([bill_id], Topic.PAID)

    assert said(asked, language) == expected
    assert (asked.bills, asked.count, asked.total_due_cents) == ((), 0, 0)
    assert spoken_of is not None
    assert said(spoken_of, language) == expected
    assert (spoken_of.bills[0].service, spoken_of.total_due_cents) == (None, 0)


def test_of_several_payments_the_last_is_told_and_what_is_still_open(
    database: Database, catalogue: Catalogue
) -> None:
    resident_id = settle(database)
    for hours in (0, 2, 1):
        cents = 10_000 + hours
        bill_id = owe(database, resident_id, amount_cents=cents)
        pay(database, bill_id, PAID_AT + timedelta(hours=hours))
    open_id = owe(database, resident_id, "RVD", BillKind.RATES, 100_000)

    own = books(database, catalogue, resident_id).look_up(Topic.PAID, [])

    assert said(own) == (
        "You paid your water bill on 30 November 2026: HK$100.02. The receipt is with the bill. "
        "There is more to pay. Your rates bill: HK$1,000.00, due on 30 November 2026."
    )
    assert [each.bill.id for each in own.bills] == [open_id]


def test_another_kinds_payment_does_not_answer_for_this_one(
    database: Database, catalogue: Catalogue
) -> None:
    resident_id = settle(database)
    pay(database, owe(database, resident_id, "RVD", BillKind.RATES))
    owe(database, resident_id)

    own = books(database, catalogue, resident_id).look_up(Topic.PAID, [BillKind.WATER])

    assert own.last_paid is None
    assert said(own).startswith("I have no record of a payment here.")


@pytest.mark.parametrize("topic", [Topic.BILLS, Topic.DUE])
def test_what_is_paid_is_owed_no_more(
    database: Database, catalogue: Catalogue, topic: Topic
) -> None:
    resident_id = settle(database)
    pay(database, owe(database, resident_id), PAID_AT)
    own_books = books(database, catalogue, resident_id)
    alone = own_books.look_up(topic, [])
    owe(database, resident_id, amount_cents=100)

    beside = own_books.look_up(topic, [])

    assert said(alone).startswith("You have no bill to pay here. You paid your water bill on 30")
    assert said(alone, HANT).startswith("這裏沒有待繳的賬單。你已於2026年11月30日繳付水費單")
    assert (beside.count, beside.total_due_cents, beside.last_paid) == (1, 100, None)
    assert said(beside) == "Your water bill: HK$1.00, due on 30 November 2026."


def test_a_bill_that_was_taken_back_need_not_be_paid(
    database: Database, catalogue: Catalogue
) -> None:
    resident_id = settle(database)
    bill_id = owe(database, resident_id)
    with database.transaction() as db:
        take_back(db, db.get_one(Bill, bill_id), "Posted twice", PAID_AT)
    own_books = books(database, catalogue, resident_id)

    asked, spoken_of = own_books.look_up(Topic.BILLS, []), own_books.some([bill_id], Topic.BILLS)

    assert said(asked).startswith("I have no bill of yours here.")
    assert spoken_of is not None
    assert said(spoken_of) == (
        "Water Supplies Department took your water bill back: you need not pay it."
    )


def test_a_surcharge_is_told_with_its_amount_and_its_day(
    database: Database, catalogue: Catalogue
) -> None:
    resident_id = settle(database)
    half_a_year_on = DUE_ON + timedelta(days=181)
    surcharges = (Surcharge(DUE_ON, 2400, "5%"), Surcharge(half_a_year_on, 4800, "10%"))
    owe(database, resident_id, surcharges=surcharges)

    before, late, later = (
        books(database, catalogue, resident_id, EN, day).look_up(Topic.DUE, [])
        for day in (DUE_ON, half_a_year_on, half_a_year_on + timedelta(days=1))
    )

    assert said(before) == (
        "Your water bill: HK$482.30, due on 30 November 2026. A surcharge of HK$24.00 comes on top "
        "if it is not paid by 30 November 2026."
    )
    assert said(late) == (
        "Your water bill: HK$506.30. It was due on 30 November 2026. HK$24.00 of it is a "
        "surcharge, as it was not paid by 30 November 2026. A surcharge of HK$48.00 comes on top "
        "if it is not paid by 30 May 2027."
    )
    assert said(later).endswith("HK$72.00 of it is a surcharge, as it was not paid by 30 May 2027.")
    assert [each.total_due_cents for each in (before, late, later)] == [48230, 50630, 55430]
    assert "其中港幣 72.00 元是2027年5月30日後加收的附加費。" in said(later, HANT)


def test_messages_are_told_newest_first_and_without_their_text(
    database: Database, catalogue: Catalogue
) -> None:
    resident_id = settle(database)
    own_books = books(database, catalogue, resident_id)
    none = own_books.look_up(Topic.MESSAGES, [])
    owe(database, resident_id)
    one = own_books.look_up(Topic.MESSAGES, [])
    for _ in range(MOST_MESSAGES):
        newest = owe(database, resident_id, "RVD", BillKind.RATES)

    many = own_books.look_up(Topic.MESSAGES, [])

    assert said(none) == "There are no messages in your inbox."
    assert said(one) == "Your newest message: New bill from Water Supplies Department."
    assert len(many.messages) == MOST_MESSAGES
    assert many.messages[0].about == newest
    assert said(many).startswith(
        "Here are your 5 newest messages. The latest: New bill from Rating"
    )
    assert many.bills == ()


def test_nobody_reads_anothers_books(database: Database, catalogue: Catalogue) -> None:
    mine, theirs = settle(database), settle(database, 1)
    bill_id = owe(database, theirs)
    own_books = books(database, catalogue, mine)

    assert own_books.look_up(Topic.BILLS, []).bills == ()
    assert own_books.look_up(Topic.BILLS, []).total_due_cents == 0
    assert own_books.look_up(Topic.MESSAGES, []).messages == ()
    assert own_books.some([bill_id], Topic.BILLS) is None


def test_anothers_data_is_refused_without_a_look_at_the_rows(catalogue: Catalogue) -> None:
    def open_rows() -> AbstractContextManager[Session]:
        raise AssertionError("the rows were opened")

    own = Books("res_1", open_rows, catalogue, EN, DUE_ON).look_up(Topic.OTHERS, [BillKind.WATER])

    assert own == Own(Topic.OTHERS)
    assert said(own) == "I can show you your own bills and messages, and nobody else's."


def test_of_some_bills_those_that_are_ones_own_are_given(
    database: Database, catalogue: Catalogue
) -> None:
    mine, theirs = settle(database), settle(database, 1)
    own_id, other_id = owe(database, mine), owe(database, theirs)

    own = books(database, catalogue, mine).some([other_id, own_id, "bill_gone"], Topic.BILLS)

    assert own is not None
    assert [each.bill.id for each in own.bills] == [own_id]
    assert (own.count, own.total_due_cents) == (1, 48230)


@pytest.mark.parametrize(
    ("department_id", "kind", "service"),
    [
        ("WSD", BillKind.WATER, "wsd-pay"),
        ("RVD", BillKind.RATES, "rvd-pay"),
        ("RVD", BillKind.GOVERNMENT_RENT, "rvd-pay"),
        ("IRD", BillKind.TAX, "ird-pay"),
        ("HKPF", BillKind.FIXED_PENALTY, "hkpf-fpt"),
        ("FEHD", BillKind.FIXED_PENALTY, "fehd-penalty"),
        ("HKHA", BillKind.HOUSING_RENT, "hkha-rent"),
        ("HA", BillKind.HOSPITAL, "ha-pay"),
        ("HKP", BillKind.POSTAL, "hkp-bill"),
        ("TRY", BillKind.GENERAL, "try-gdn"),
        ("TD", BillKind.FIXED_PENALTY, None),
        ("WSD", BillKind.GENERAL, None),
        ("NOT-IN-THE-CATALOGUE", BillKind.WATER, None),
    ],
)
def test_a_bill_is_paid_where_its_department_takes_that_kind(
    catalogue: Catalogue, department_id: str, kind: BillKind, service: str | None
) -> None:
    found = paying_service(catalogue, department_id, kind)

    assert (found.id if found else None) == service


@pytest.mark.parametrize(
    ("day", "language", "written"),
    [
        (date(2026, 1, 1), EN, "1 January 2026"),
        (date(2026, 12, 31), EN, "31 December 2026"),
        (date(2026, 12, 31), HANT, "2026年12月31日"),
        (date(2026, 1, 1), HANS, "2026年1月1日"),
    ],
)
def test_a_date_is_written_as_people_write_it(day: date, language: Language, written: str) -> None:
    assert on(day, language) == written


@pytest.mark.parametrize(
    ("cents", "written"), [(1, "HK$0.01"), (48230, "HK$482.30"), (123_456_789, "HK$1,234,567.89")]
)
def test_an_amount_is_written_to_the_cent(cents: int, written: str) -> None:
    assert amount(cents, EN) == written
