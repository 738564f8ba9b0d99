"""What a bill must be, and how it is called."""

from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from backend.core.errors import Conflict, Invalid, NotFound
from backend.core.languages import Words

MOST_CENTS = 1_000_000_000


class BillKind(StrEnum):
    """What a bill is for."""

    WATER = "water"
    RATES = "rates"
    GOVERNMENT_RENT = "government_rent"
    TAX = "tax"
    FIXED_PENALTY = "fixed_penalty"
    HOUSING_RENT = "housing_rent"
    HOSPITAL = "hospital"
    POSTAL = "postal"
    GENERAL = "general"


TITLES = {
    BillKind.WATER: Words("Water and sewage charges", "水費及排污費", "水费及排污费"),
    BillKind.RATES: Words("Rates", "差餉", "差饷"),
    BillKind.GOVERNMENT_RENT: Words("Government rent", "地租", "地租"),
    BillKind.TAX: Words("Tax", "稅款", "税款"),
    BillKind.FIXED_PENALTY: Words("Fixed penalty", "定額罰款", "定额罚款"),
    BillKind.HOUSING_RENT: Words("Public housing rent", "公屋租金", "公屋租金"),
    BillKind.HOSPITAL: Words("Hospital charges", "醫院費用", "医院费用"),
    BillKind.POSTAL: Words("Postal charges", "郵政費用", "邮政费用"),
    BillKind.GENERAL: Words("Demand note", "繳款單", "缴款单"),
}


@dataclass(frozen=True)
class BillFacts:
    """A bill as a department states it. Money is whole cents; dates are Hong Kong dates.

    Where the department states no date of issue, `issued_on` is the day of posting.
    """

    resident_id: str
    bill_number: str
    kind: BillKind
    amount_cents: int
    currency: str
    issued_on: date
    due_on: date
    issued_on_stated: bool = field(default=True, compare=False)


class BillNotFound(NotFound):
    code = "bill_not_found"


class ResidentNotKnown(Invalid):
    code = "resident_not_known"
    says = Words("There is no such resident.", "沒有這位居民。", "没有这位居民。")


class BillDatesWrong(Invalid):
    code = "bill_dates_wrong"
    says = Words(
        "A bill cannot be due before it is issued.",
        "繳款期限不可早於發單日期。",
        "缴款期限不可早于发单日期。",
    )


class BillNumberTaken(Conflict):
    code = "bill_number_taken"
    says = Words(
        "You have posted another bill under this number.",
        "此賬單號碼已用於另一張賬單。",
        "此账单号码已用于另一张账单。",
    )


def ensure_sound(facts: BillFacts) -> None:
    """Refuse a bill that contradicts itself."""
    if facts.due_on < facts.issued_on:
        raise BillDatesWrong


def ensure_same(posted: BillFacts, standing: BillFacts) -> None:
    """Refuse a bill number that stands for another bill already.

    Where a department leaves the date of issue out, a repeat on another day is still the same bill.
    """
    if not posted.issued_on_stated:
        posted = replace(posted, issued_on=standing.issued_on)
    if posted != standing:
        raise BillNumberTaken


def is_overdue(due_on: date, today: date) -> bool:
    """Say whether the last day to pay has passed."""
    return today > due_on


def dollars(amount_cents: int) -> str:
    """Write an amount as people read it: `1,234.50`."""
    return f"{amount_cents // 100:,}.{amount_cents % 100:02d}"
