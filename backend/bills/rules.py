"""What a bill must be, and how it is called."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from backend.core.errors import Conflict, Invalid, NotFound
from backend.core.languages import Words

MOST_CENTS = 1_000_000_000
CURRENCY = "HKD"
KEPT_YEARS = 7  # how long a paid bill stays with its resident; nothing takes it away earlier


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


class BillForNobody(Invalid):
    code = "bill_for_nobody"
    says = Words(
        "Say whom the bill is for: a resident, an account, or both.",
        "請指明賬單屬於哪位居民或哪個戶口，或兩者皆列明。",
        "请指明账单属于哪位居民或哪个户口，或两者皆列明。",
    )


class BillPeriodWrong(Invalid):
    code = "bill_period_wrong"
    says = Words(
        "The period of a bill needs both its days, and cannot end before it begins.",
        "賬單所涵蓋的期間須列明首尾兩日，且結束日期不可早於開始日期。",
        "账单所涵盖的期间须列明首尾两日，且结束日期不可早于开始日期。",
    )


class BillSurchargesWrong(Invalid):
    code = "bill_surcharges_wrong"
    says = Words(
        "A surcharge comes after the last day to pay, and each after the one before it.",
        "附加費不可早於繳款期限生效，並須按日期先後排列，日期不可重複。",
        "附加费不可早于缴款期限生效，并须按日期先后排列，日期不可重复。",
    )


class BillLinesDoNotSum(Invalid):
    code = "bill_lines_do_not_sum"
    says = Words(
        "Every line has an amount, and together they are not the amount of the bill.",
        "各項均有金額，但總和與賬單金額不符。",
        "各项均有金额，但总和与账单金额不符。",
    )


class BillNumberFixed(Conflict):
    code = "bill_number_fixed"
    says = Words(
        "A bill keeps its number. Withdraw it, and post another.",
        "賬單號碼不可更改。請先撤回此賬單，再另行發單。",
        "账单号码不可更改。请先撤回此账单，再另行发单。",
    )


class BillReceiverFixed(Conflict):
    code = "bill_receiver_fixed"
    says = Words(
        "A bill stays with its resident and its account. Withdraw it, and post another.",
        "賬單所屬居民和戶口不可更改。請先撤回此賬單，再另行發單。",
        "账单所属居民和户口不可更改。请先撤回此账单，再另行发单。",
    )


class BillNumberTaken(Conflict):
    code = "bill_number_taken"
    says = Words(
        "You have posted another bill under this number.",
        "此賬單號碼已用於另一張賬單。",
        "此账单号码已用于另一张账单。",
    )


def ensure_for_somebody(facts: BillFacts) -> None:
    """Refuse a bill that names neither a resident nor an account."""
    if facts.resident_id is None and facts.account_number is None:
        raise BillForNobody


def ensure_sound(facts: BillFacts) -> None:
    """Refuse a bill that contradicts itself.

    BillForNobody, BillDatesWrong, BillPeriodWrong, BillSurchargesWrong, BillLinesDoNotSum.
    """
    details = facts.details
    ensure_for_somebody(facts)
    if facts.due_on < facts.issued_on:
        raise BillDatesWrong
    _ensure_period_in_order(details.period_from, details.period_to)
    _ensure_surcharges_follow(facts.due_on, details.surcharges)
    _ensure_lines_sum(facts.amount_cents, details.lines)


def _ensure_period_in_order(begins_on: date | None, ends_on: date | None) -> None:
    """Refuse a period that ends before it begins, or one of which half is left out."""
    if begins_on is None and ends_on is None:
        return
    if begins_on is None or ends_on is None or ends_on < begins_on:
        raise BillPeriodWrong


def _ensure_surcharges_follow(due_on: date, surcharges: Sequence[Surcharge]) -> None:
    days = [each.after for each in surcharges]
    if days and (days[0] < due_on or days != sorted(set(days))):
        raise BillSurchargesWrong


def _ensure_lines_sum(amount_cents: int, lines: Sequence[BillLine]) -> None:
    """Refuse lines that contradict the amount; one without an amount leaves the sum open."""
    amounts = [each.amount_cents for each in lines if each.amount_cents is not None]
    if lines and len(amounts) == len(lines) and sum(amounts) != amount_cents:
        raise BillLinesDoNotSum


def as_stated_beside(posted: BillFacts, standing: BillFacts) -> BillFacts:
    """Return the posted facts, issued when the standing bill was where they leave that out.

    A repeat on another day is still the same bill.
    """
    if posted.issued_on_stated:
        return posted
    return replace(posted, issued_on=standing.issued_on)


def ensure_same(posted: BillFacts, standing: BillFacts) -> None:
    """Refuse a bill number that stands for another bill already."""
    if as_stated_beside(posted, standing) != standing:
        raise BillNumberTaken


def ensure_still_the_same_bill(amended: BillFacts, standing: BillFacts) -> None:
    """Refuse an amendment that makes it another bill; BillNumberFixed, BillReceiverFixed."""
    if amended.bill_number != standing.bill_number:
        raise BillNumberFixed
    stated = (amended.resident_id, amended.account_number)
    if stated != (standing.resident_id, standing.account_number):
        raise BillReceiverFixed


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
