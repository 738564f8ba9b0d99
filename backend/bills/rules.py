"""What a bill must be, and how it is called."""

from collections.abc import Iterable
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


class BillState(StrEnum):
    """Where a bill stands."""

    OPEN = "open"
    PAID = "paid"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Surcharge:
    """What is added once the last day to pay without it has passed, and the rule that says so."""

    after: date
    amount_cents: int
    rule: str


@dataclass(frozen=True)
class BillLine:
    """One line of a bill: water has consumption, its tiers, sewage."""

    text: str
    amount_cents: int | None = None
    quantity: str | None = None  # as the department writes it, such as `23 m³`


@dataclass(frozen=True)
class BillDetails:
    """What a bill says beside its amount and its dates; each part may be left out."""

    payer_name: str | None = None
    premises: str | None = None
    period_from: date | None = None
    period_to: date | None = None
    lines: tuple[BillLine, ...] = ()
    surcharges: tuple[Surcharge, ...] = ()
    legal_basis: str | None = None
    payment_reference: str | None = None
    contact: str | None = None
    pdf_url: str | None = None


@dataclass(frozen=True)
class BillFacts:
    """A bill as a department states it. Money is whole cents; dates are Hong Kong dates.

    Its resident is named by the department, or is whoever has linked the account; at least one of
    the two is stated. Where the department states no date of issue, `issued_on` is the day of
    posting. `link_code` is printed on the bill and proves an account to be one's own.
    """

    resident_id: str | None
    bill_number: str
    kind: BillKind
    amount_cents: int
    currency: str
    issued_on: date
    due_on: date
    account_number: str | None = None
    link_code: str | None = field(default=None, repr=False)
    details: BillDetails = BillDetails()
    issued_on_stated: bool = field(default=True, compare=False)


class BillNotFound(NotFound):
    code = "bill_not_found"


class ResidentNotKnown(Invalid):
    code = "resident_not_known"
    says = Words("There is no such resident.", "沒有這位居民。", "没有这位居民。")


class BillPaid(Conflict):
    code = "bill_paid"
    says = Words("This bill is paid.", "此賬單已繳付。", "此账单已缴付。")


class BillWithdrawn(Conflict):
    code = "bill_withdrawn"
    says = Words(
        "The department has taken this bill back.",
        "部門已撤回此賬單。",
        "部门已撤回此账单。",
    )


class BillBeingPaid(Conflict):
    code = "bill_being_paid"
    says = Words(
        "The resident is paying this bill at this moment. Try again in half an hour.",
        "居民正在繳付此賬單，請於半小時後再試。",
        "居民正在缴付此账单，请于半小时后再试。",
    )


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


def ensure_open(state: BillState) -> None:
    """Refuse what can be done to an open bill alone; BillPaid, BillWithdrawn."""
    if state is BillState.PAID:
        raise BillPaid
    if state is BillState.WITHDRAWN:
        raise BillWithdrawn


def payable_cents(amount_cents: int, surcharges: Iterable[Surcharge], today: date) -> int:
    """Return what is to be paid on `today`: the amount and every surcharge that holds by then."""
    return amount_cents + sum(each.amount_cents for each in surcharges if today > each.after)


def is_overdue(due_on: date, today: date) -> bool:
    """Say whether the last day to pay has passed."""
    return today > due_on


def dollars(amount_cents: int) -> str:
    """Write an amount as people read it: `1,234.50`."""
    return f"{amount_cents // 100:,}.{amount_cents % 100:02d}"
