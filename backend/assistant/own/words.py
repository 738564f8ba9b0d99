"""The sentence that goes with a resident's own bills and messages, in their language."""

from collections.abc import Callable
from datetime import date

from backend.assistant.own.books import Own, OwnBill, Topic
from backend.bills import BillKind, BillState, dollars
from backend.core.clock import hong_kong_date
from backend.core.languages import Language, Words

MONTHS = (
    "January February March April May June July August September October November December"
).split()
NAMES = {
    BillKind.WATER: Words("water bill", "水費單", "水费单"),
    BillKind.RATES: Words("rates bill", "差餉單", "差饷单"),
    BillKind.GOVERNMENT_RENT: Words("government rent bill", "地租單", "地租单"),
    BillKind.TAX: Words("tax bill", "稅單", "税单"),
    BillKind.FIXED_PENALTY: Words("fixed penalty", "定額罰款單", "定额罚款单"),
    BillKind.HOUSING_RENT: Words("public housing rent bill", "公屋租金單", "公屋租金单"),
    BillKind.HOSPITAL: Words("hospital bill", "醫院賬單", "医院账单"),
    BillKind.POSTAL: Words("post office bill", "郵政賬單", "邮政账单"),
    BillKind.GENERAL: Words("demand note", "繳款單", "缴款单"),
}
ANY_BILL = Words("bill", "賬單", "账单")
AMOUNT = Words("HK${amount}", "港幣 {amount} 元", "港币 {amount} 元")
DAY = Words("{day} {month} {year}", "{year}年{number}月{day}日", "{year}年{number}月{day}日")
ONE = Words(
    "Your {name}: {amount}, due on {due_on}.",
    "你的{name}：{amount}，繳款限期為{due_on}。",
    "你的{name}：{amount}，缴款期限为{due_on}。",
)
ONE_OVERDUE = Words(
    "Your {name}: {amount}. It was due on {due_on}.",
    "你的{name}：{amount}，繳款限期{due_on}已過。",
    "你的{name}：{amount}，缴款期限{due_on}已过。",
)
SEVERAL = Words(
    "You have {count} bills to pay, {total} in all. The first is your {name}: {amount}, due on "
    "{due_on}.",
    "你有{count}張賬單待繳，合共{total}。最先到期的是{name}：{amount}，繳款限期為{due_on}。",
    "你有{count}张账单待缴，合计{total}。最先到期的是{name}：{amount}，缴款期限为{due_on}。",
)
SEVERAL_OVERDUE = Words(
    "You have {count} bills to pay, {total} in all. The first is your {name}: {amount}. It was due "
    "on {due_on}.",
    "你有{count}張賬單待繳，合共{total}。最先到期的是{name}：{amount}，繳款限期{due_on}已過。",
    "你有{count}张账单待缴，合计{total}。最先到期的是{name}：{amount}，缴款期限{due_on}已过。",
)
SURCHARGED = Words(
    " {added} of it is a surcharge, as it was not paid by {day}.",
    "其中{added}是{day}後加收的附加費。",
    "其中{added}是{day}后加收的附加费。",
)
TO_BE_SURCHARGED = Words(
    " A surcharge of {added} comes on top if it is not paid by {day}.",
    "如在{day}後仍未繳付，將加收附加費{added}。",
    "如在{day}后仍未缴付，将加收附加费{added}。",
)
PAID = Words(
    "You paid your {name} on {paid_on}: {amount}. The receipt is with the bill.",
    "你已於{paid_on}繳付{name}，金額{amount}，收據載於該賬單內。",
    "你已于{paid_on}缴付{name}，金额{amount}，收据载于该账单内。",
)
MORE_TO_PAY = Words(" There is more to pay. ", "另有賬單待繳。", "另有账单待缴。")
NOTHING_OPEN = Words(
    "You have no {name} to pay here. ", "這裏沒有待繳的{name}。", "这里没有待缴的{name}。"
)
TAKEN_BACK = Words(
    "{department} took your {name} back: you need not pay it.",
    "{department}已撤回你的{name}，你無須繳付。",
    "{department}已撤回你的{name}，你无须缴付。",
)
NO_BILL = Words(
    "I have no {name} of yours here. A department may still have sent you one in another way, such "
    "as by post.",
    "這裏沒有你的{name}。部門仍可能已用其他方式向你發單，例如郵寄。",
    "这里没有你的{name}。部门仍可能已用其他方式向你发单，例如邮寄。",
)
DEADLINE = Words(
    "I do not know the last day for {service}. See its page, or ask {department}: {hotline}.",
    "我不知道「{service}」的截止日期。請看該服務的網頁，或向{department}查詢：{hotline}。",
    "我不知道“{service}”的截止日期。请看该服务的网页，或向{department}查询：{hotline}。",
)
NO_PAYMENT = Words(
    "I have no record of a payment here. If you have paid, keep the receipt and ask the department "
    "before you pay again. ",
    "這裏沒有你的付款紀錄。如已繳付，請保留收據，先向部門查詢，不要重複付款。",
    "这里没有你的付款记录。如果已缴，请保留收据，先向部门查询，不要重复付款。",
)
NO_PAYMENT_AND_NO_BILL = Words(
    "I have no record of a payment here, and no {name} of yours either.",
    "這裏沒有你的付款紀錄，亦沒有你的{name}。",
    "这里没有你的付款记录，也没有你的{name}。",
)
WHICH = Words(
    "Which of these bills do you mean?", "你是指以下哪一張賬單？", "你是指以下哪一张账单？"
)
HOW_TO_PAY = Words(
    " Pay it through “{service}”.", "請經「{service}」繳付。", "请通过“{service}”缴付。"
)
NEWEST = Words(
    "Your newest message: {title}.", "你最新的訊息：{title}。", "你最新的消息：{title}。"
)
NEWEST_OF = Words(
    "Here are your {count} newest messages. The latest: {title}.",
    "以下是你最新的{count}則訊息。最近一則：{title}。",
    "以下是你最新的{count}则消息。最近一则：{title}。",
)
NO_MESSAGE = Words(
    "There are no messages in your inbox.", "你的收件匣沒有訊息。", "你的收件箱没有消息。"
)
NOT_YOURS = Words(
    "I can show you your own bills and messages, and nobody else's.",
    "我只可以給你看你自己的賬單和訊息，不能提供其他人的資料。",
    "我只能给你看你自己的账单和消息，不能提供其他人的资料。",
)
SIGN_IN = Words(
    "Sign in and ask me again: then I can look up your own bills and messages.",
    "請先登入再問一次，我便可查看你自己的賬單和訊息。",
    "请先登录再问一次，我就可以查看你自己的账单和消息。",
)


def on(day: date, language: Language) -> str:
    """Write a date as people write it: `30 November 2026`, `2026年11月30日`."""
    return DAY.into(
        language, day=day.day, number=day.month, month=MONTHS[day.month - 1], year=day.year
    )


def amount(cents: int, language: Language) -> str:
    """Write an amount of Hong Kong dollars as people write it."""
    return AMOUNT.into(language, amount=dollars(cents))


def sentence(own: Own, language: Language) -> str:
    """Say in one or two sentences what `own` shows."""
    return _SAYERS[own.topic](own, language)


def how_to_pay(service_name: str, language: Language) -> str:
    """Say where a bill is paid, to follow its own sentence."""
    return HOW_TO_PAY.into(language, service=service_name)


def _bills(own: Own, language: Language) -> str:
    if not own.bills:
        return _nothing_open(own, language)
    first = own.bills[0]
    if first.bill.state is not BillState.OPEN:
        return _done_with(first, language)
    if own.count == 1:
        words = ONE_OVERDUE if first.bill.overdue else ONE
        return words.into(language, **_facts(first, language)) + _surcharges(first, language)
    words = SEVERAL_OVERDUE if first.bill.overdue else SEVERAL
    total = amount(own.total_due_cents, language)
    says = words.into(language, count=own.count, total=total, **_facts(first, language))
    return says + _surcharges(first, language)


def _nothing_open(own: Own, language: Language) -> str:
    name = _asked_for(own).into(language)
    if own.last_paid is None:
        return NO_BILL.into(language, name=name)
    return NOTHING_OPEN.into(language, name=name) + _done_with(own.last_paid, language)


def _paid(own: Own, language: Language) -> str:
    if own.last_paid:
        says = _done_with(own.last_paid, language)
        return says + (MORE_TO_PAY.into(language) + _bills(own, language) if own.bills else "")
    if not own.bills:
        name = _asked_for(own).into(language)
        return NO_PAYMENT_AND_NO_BILL.into(language, name=name)
    if own.bills[0].bill.state is not BillState.OPEN:
        return _done_with(own.bills[0], language)
    return NO_PAYMENT.into(language) + _bills(own, language)


def _done_with(own: OwnBill, language: Language) -> str:
    """Say when a bill was paid, and how much; or else that it was taken back."""
    name, paid = NAMES[own.kind].into(language), own.bill.paid
    if paid is None:
        return TAKEN_BACK.into(language, department=own.bill.department["name"], name=name)
    paid_on = on(hong_kong_date(paid.at), language)
    return PAID.into(language, name=name, paid_on=paid_on, amount=amount(paid.cents, language))


def _surcharges(own: OwnBill, language: Language) -> str:
    """Say what of the amount is surcharge, and what is added next, if anything is."""
    holding = [each for each in own.bill.surcharges if each.holds]
    coming = [each for each in own.bill.surcharges if not each.holds][:1]
    says = ""
    if holding:
        added = amount(sum(each.amount_cents for each in holding), language)
        says += SURCHARGED.into(language, added=added, day=on(holding[-1].after, language))
    if coming:
        added = amount(coming[0].amount_cents, language)
        says += TO_BE_SURCHARGED.into(language, added=added, day=on(coming[0].after, language))
    return says


def _messages(own: Own, language: Language) -> str:
    if not own.messages:
        return NO_MESSAGE.into(language)
    title, count = own.messages[0].title, len(own.messages)
    words = NEWEST if count == 1 else NEWEST_OF
    return words.into(language, title=title, count=count)


def _others(_own: Own, language: Language) -> str:
    return NOT_YOURS.into(language)


_SAYERS: dict[Topic, Callable[[Own, Language], str]] = {
    Topic.BILLS: _bills,
    Topic.DUE: _bills,
    Topic.PAID: _paid,
    Topic.MESSAGES: _messages,
    Topic.OTHERS: _others,
}


def _asked_for(own: Own) -> Words:
    return NAMES[own.kinds[0]] if len(own.kinds) == 1 else ANY_BILL


def _facts(own: OwnBill, language: Language) -> dict[str, str]:
    return {
        "name": NAMES[own.kind].into(language),
        "amount": amount(own.bill.payable_cents, language),
        "due_on": on(own.bill.due_on, language),
    }
