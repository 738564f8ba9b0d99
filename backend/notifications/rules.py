"""What a message says, what a lock screen may show, and when a failed push is tried again."""

from datetime import timedelta
from enum import StrEnum

from backend.core.languages import Words

MOST_ATTEMPTS = 35  # with the pauses below, a partner may be away for a day before we give up
FIRST_PAUSE_SECONDS = 2
LONGEST_PAUSE_SECONDS = 3600
LONGEST_ASKED_SECONDS = 86400


class MessageKind(StrEnum):
    """What a message tells of."""

    BILL_NEW = "bill_new"
    BILL_AMENDED = "bill_amended"
    BILL_WITHDRAWN = "bill_withdrawn"
    PAYMENT_RECEIVED = "payment_received"
    PAYMENT_HELD = "payment_held"
    PAYMENT_RETURNED = "payment_returned"


class DeliveryState(StrEnum):
    """Where one push to one device stands."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"


OPEN_STATES = (DeliveryState.CLAIMED, DeliveryState.WAITING)  # whose lease ran out goes first

# Fit for a lock screen: no name, no amount, no department, no account.
PUSH_TITLES = {
    MessageKind.BILL_NEW: Words("New bill", "新賬單", "新账单"),
    MessageKind.BILL_AMENDED: Words("Bill changed", "賬單已更改", "账单已更改"),
    MessageKind.BILL_WITHDRAWN: Words("Bill taken back", "賬單已撤回", "账单已撤回"),
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


def pause_before(attempt: int, asked_seconds: float | None, jitter: float) -> timedelta:
    """Return how long to wait before trying again after failed attempt number `attempt` (from 1).

    Doubles from two seconds up to an hour, never less than the partner asked for (up to a day);
    `jitter` in 0–1 spreads the crowd by up to half as much again.
    """
    doubled = min(FIRST_PAUSE_SECONDS * 2 ** (attempt - 1), LONGEST_PAUSE_SECONDS)
    asked = min(asked_seconds or 0, LONGEST_ASKED_SECONDS)
    return timedelta(seconds=max(doubled, asked) * (1 + jitter / 2))


def is_last(attempt: int) -> bool:
    """Say whether attempt number `attempt` was the last one that is made."""
    return attempt >= MOST_ATTEMPTS
