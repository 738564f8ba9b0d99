"""What a push shows on a lock screen, and what an inbox message says, in three languages."""

from collections.abc import Mapping
from dataclasses import dataclass

from backend.core.languages import Language, Words
from backend.notifications.codes import shown
from backend.notifications.rules import MessageKind

# Fit for a lock screen: no name, no amount, no department, no account.
PUSH_TITLES = {
    MessageKind.BILL_NEW: Words("New bill", "新賬單", "新账单"),
    MessageKind.BILL_AMENDED: Words("Bill changed", "賬單已更改", "账单已更改"),
    MessageKind.BILL_WITHDRAWN: Words("Bill taken back", "賬單已撤回", "账单已撤回"),
    MessageKind.BILL_DUE_SOON: Words("Bill due soon", "賬單快到期", "账单快到期"),
    MessageKind.BILL_DUE_TODAY: Words("Bill due today", "賬單今天到期", "账单今天到期"),
    MessageKind.BILL_OVERDUE: Words("Bill overdue", "賬單已逾期", "账单已逾期"),
    MessageKind.PAYMENT_RECEIVED: Words("Payment received", "已收到付款", "已收到付款"),
    MessageKind.PAYMENT_HELD: Words("About your payment", "有關你的付款", "关于你的付款"),
    MessageKind.PAYMENT_RETURNED: Words("Money returned", "款項已退回", "款项已退回"),
}
PUSH_BODIES = {
    MessageKind.BILL_NEW: Words(
        "You have a new bill. Open the app to see it.",
        "你有一張新賬單，請開啟應用程式查閱。",
        "你有一张新账单，请打开应用程序查阅。",
    ),
    MessageKind.BILL_AMENDED: Words(
        "One of your bills has changed. Open the app to see it.",
        "你有一張賬單已更改，請開啟應用程式查閱。",
        "你有一张账单已更改，请打开应用程序查阅。",
    ),
    MessageKind.BILL_WITHDRAWN: Words(
        "One of your bills need not be paid any more. Open the app to see why.",
        "你有一張賬單無須再繳付，請開啟應用程式查閱原因。",
        "你有一张账单无须再缴付，请打开应用程序查阅原因。",
    ),
    MessageKind.BILL_DUE_SOON: Words(
        "One of your bills is due soon. Open the app to see it.",
        "你有一張賬單即將到期，請開啟應用程式查閱。",
        "你有一张账单即将到期，请打开应用程序查阅。",
    ),
    MessageKind.BILL_DUE_TODAY: Words(
        "Today is the last day to pay one of your bills. Open the app to see it.",
        "今天是你一張賬單的繳款期限，請開啟應用程式查閱。",
        "今天是你一张账单的缴款期限，请打开应用程序查阅。",
    ),
    MessageKind.BILL_OVERDUE: Words(
        "One of your bills is overdue. Open the app to see it.",
        "你有一張賬單已逾期，請開啟應用程式查閱。",
        "你有一张账单已逾期，请打开应用程序查阅。",
    ),
    MessageKind.PAYMENT_RECEIVED: Words(
        "A bill of yours is paid. Open the app to see the receipt.",
        "你有一張賬單已繳付，請開啟應用程式查閱收據。",
        "你有一张账单已缴付，请打开应用程序查阅收据。",
    ),
    MessageKind.PAYMENT_HELD: Words(
        "We hold money that did not settle a bill. Open the app to see more.",
        "有一筆付款未能用於繳付賬單，現由我們保管，請開啟應用程式查閱。",
        "有一笔付款未能用于缴付账单，现由我们保管，请打开应用程序查阅。",
    ),
    MessageKind.PAYMENT_RETURNED: Words(
        "Money was sent back to you. Open the app to see more.",
        "有一筆款項已退回給你，請開啟應用程式查閱。",
        "有一笔款项已退回给你，请打开应用程序查阅。",
    ),
}
# For the inbox, which only the signed-in resident reads.
INBOX_TITLES = {
    MessageKind.BILL_NEW: Words(
        "New bill from {department}", "{department}發出新賬單", "{department}发出新账单"
    ),
    MessageKind.BILL_AMENDED: Words(
        "{department} changed a bill", "{department}更改了一張賬單", "{department}更改了一张账单"
    ),
    MessageKind.BILL_WITHDRAWN: Words(
        "{department} took a bill back", "{department}撤回了一張賬單", "{department}撤回了一张账单"
    ),
    MessageKind.BILL_DUE_SOON: Words(
        "Your bill from {department} is due soon",
        "{department}的賬單快到期",
        "{department}的账单快到期",
    ),
    MessageKind.BILL_DUE_TODAY: Words(
        "Your bill from {department} is due today",
        "{department}的賬單今天到期",
        "{department}的账单今天到期",
    ),
    MessageKind.BILL_OVERDUE: Words(
        "Your bill from {department} is overdue",
        "{department}的賬單已逾期",
        "{department}的账单已逾期",
    ),
    MessageKind.PAYMENT_RECEIVED: Words(
        "Your bill from {department} is paid",
        "你已繳付{department}的賬單",
        "你已缴付{department}的账单",
    ),
    MessageKind.PAYMENT_HELD: Words(
        "About your payment to {department}",
        "有關你付給{department}的款項",
        "关于你付给{department}的款项",
    ),
    MessageKind.PAYMENT_RETURNED: Words(
        "Money returned from {department}", "{department}退回款項", "{department}退回款项"
    ),
}
INBOX_BODIES = {
    MessageKind.BILL_NEW: Words(
        "HK${amount} is due on {due_on}.",
        "金額港幣 {amount} 元，請於 {due_on} 或之前繳付。",
        "金额港币 {amount} 元，请于 {due_on} 或之前缴付。",
    ),
    MessageKind.BILL_AMENDED: Words(
        "It is now HK${amount}, due on {due_on}.",
        "現為港幣 {amount} 元，請於 {due_on} 或之前繳付。",
        "现为港币 {amount} 元，请于 {due_on} 或之前缴付。",
    ),
    MessageKind.BILL_WITHDRAWN: Words(
        "HK${amount}, due on {due_on}: you need not pay it any more.",
        "金額港幣 {amount} 元、繳款期限 {due_on} 的賬單，你無須再繳付。",
        "金额港币 {amount} 元、缴款期限 {due_on} 的账单，你无须再缴付。",
    ),
    MessageKind.BILL_DUE_SOON: Words(
        "HK${amount}: the last day to pay is {due_on}.",
        "金額港幣 {amount} 元，繳款期限為 {due_on}。",
        "金额港币 {amount} 元，缴款期限为 {due_on}。",
    ),
    MessageKind.BILL_DUE_TODAY: Words(
        "HK${amount}: today, {due_on}, is the last day to pay.",
        "金額港幣 {amount} 元，今天（{due_on}）是繳款期限。",
        "金额港币 {amount} 元，今天（{due_on}）是缴款期限。",
    ),
    MessageKind.BILL_OVERDUE: Words(
        "HK${amount} was due on {due_on}. Pay soon: a surcharge may follow.",
        "金額港幣 {amount} 元，已於 {due_on} 到期，請盡快繳付，以免被徵收附加費。",
        "金额港币 {amount} 元，已于 {due_on} 到期，请尽快缴付，以免被征收附加费。",
    ),
    MessageKind.PAYMENT_RECEIVED: Words(
        "HK${amount} was received. Receipt {number}.",
        "已收到港幣 {amount} 元，收據編號 {number}。",
        "已收到港币 {amount} 元，收据编号 {number}。",
    ),
    MessageKind.PAYMENT_HELD: Words(
        "{money} did not settle your bill. We hold it until it is returned to you.",
        "有{money}未用於繳付你的賬單，現由我們保管，直至退回給你。",
        "有{money}未用于缴付你的账单，现由我们保管，直至退回给你。",
    ),
    MessageKind.PAYMENT_RETURNED: Words(
        "{money} was sent back to the account that it came from.",
        "{money}已退回原付款賬戶。",
        "{money}已退回原付款账户。",
    ),
}
# Put behind, where the department said why; it writes in whatever language it likes.
REASON = Words(
    " The department's reason: {reason}", "部門說明的原因：{reason}", "部门说明的原因：{reason}"
)
# What payers send may be in any currency, whatever bills are in.
MONEY = {
    "HKD": Words("HK${amount}", "港幣 {amount} 元", "港币 {amount} 元"),
    "CNY": Words("CN¥{amount}", "人民幣 {amount} 元", "人民币 {amount} 元"),
}
OTHER_MONEY = Words("{currency} {amount}", " {currency} {amount} ", " {currency} {amount} ")
# Behind every push, so that whoever doubts it may ask whether it is ours.
CHECK = Words(" Check code {code}", " 查核編號 {code}", " 查核编号 {code}")


@dataclass(frozen=True)
class Told:
    """What a message tells of: its kind, its facts as they are stored, and who sends it."""

    kind: MessageKind
    facts: Mapping[str, str]
    department: str  # its name, in the reader's language


def title_of(told: Told, language: Language) -> str:
    """Write the title of a message for the inbox."""
    return INBOX_TITLES[told.kind].into(language, department=told.department)


def body_of(told: Told, language: Language) -> str:
    """Put facts into words; where they name no currency, money is in Hong Kong dollars."""
    facts = told.facts
    money = MONEY.get(facts.get("currency", "HKD"), OTHER_MONEY).into(language, **facts)
    return INBOX_BODIES[told.kind].into(language, **facts, money=money).strip()


def push_text(
    kind: MessageKind, language: Language, code: str | None, details: Told | None = None
) -> tuple[str, str]:
    """Write the title and the body of a push, from templates alone.

    With `details`, which a resident must have asked for: the department, the amount and the date;
    never a name, an account, or what a department wrote itself.
    """
    if details:
        title, body = title_of(details, language), body_of(details, language)
    else:
        title, body = PUSH_TITLES[kind].into(language), PUSH_BODIES[kind].into(language)
    return title, body + CHECK.into(language, code=shown(code)) if code else body
