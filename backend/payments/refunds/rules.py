"""When held money may go back, and who may say so: two operators, and never more than is held."""

import re
from datetime import timedelta

from backend.core.errors import Conflict, Invalid, NotAllowed, NotFound
from backend.core.languages import Words
from backend.payments.rules import RefundState

NAME = re.compile(r"[a-z0-9._@ -]{2,60}")
LONGEST_REASON = 500
LOOK_AFTER_SECONDS = 30
LONGEST_PAUSE_SECONDS = 3600


class CreditNotFound(NotFound):
    code = "credit_not_found"


class RefundNotFound(NotFound):
    code = "refund_not_found"


class NotHeld(Conflict):
    code = "not_held"
    says = Words(
        "Of this money {left_cents} cents are held and may go back, not {asked_cents}.",
        "這筆款項現由我們保管而可退回的為 {left_cents} 仙，並非 {asked_cents} 仙。",
        "这笔款项现由我们保管而可退回的为 {left_cents} 分，并非 {asked_cents} 分。",
    )


class RefundOpen(Conflict):
    code = "refund_open"
    says = Words(
        "A refund of this money is under way already.",
        "這筆款項已有退款正在處理。",
        "这笔款项已有退款正在处理。",
    )


class RefundDecided(Conflict):
    code = "refund_decided"
    says = Words(
        "This refund has been decided already.", "此退款申請已有決定。", "此退款申请已有决定。"
    )


class SameOperator(NotAllowed):
    code = "same_operator"
    says = Words(
        "Whoever asked for a refund cannot approve it: another operator must.",
        "提出退款的人員不可自行批准，須由另一位人員批准。",
        "提出退款的人员不可自行批准，须由另一位人员批准。",
    )


class OperatorNotNamed(Invalid):
    code = "operator_not_named"
    says = Words(
        "Name yourself in 2 to 60 plain letters (a to z), digits, dots, hyphens or blanks.",
        "請以 2 至 60 個英文字母、數字、句點、連字號或空格註明你的名稱。",
        "请以 2 至 60 个英文字母、数字、句点、连字符或空格注明你的名称。",
    )


class ReasonMissing(Invalid):
    code = "reason_missing"
    says = Words(
        "Say why, in up to 500 characters.",
        "請以不多於 500 字說明理由。",
        "请以不多于 500 字说明理由。",
    )


def same_name(operator: str) -> str:
    """Return an operator's name in the one spelling that is stored; OperatorNotNamed.

    Case and blanks do not make another person, and neither do letters of other alphabets that look
    the same: names are of ASCII alone.
    """
    name = re.sub(" +", " ", operator.strip(" ")).lower()
    if not operator.isascii() or not NAME.fullmatch(name):
        raise OperatorNotNamed
    return name


def ensure_reason(reason: str) -> str:
    """Return a reason that can be stored; ReasonMissing where there is none."""
    printable = "".join(each for each in reason if each.isprintable()).strip()
    if not printable or len(printable) > LONGEST_REASON:
        raise ReasonMissing
    return printable


def ensure_held(asked_cents: int, left_cents: int) -> None:
    """Refuse to send back nothing, or more than is held; NotHeld."""
    if not 0 < asked_cents <= left_cents:
        raise NotHeld(asked_cents=asked_cents, left_cents=left_cents)


def ensure_undecided(state: RefundState) -> None:
    """Refuse to decide twice; RefundDecided."""
    if state is not RefundState.ASKED:
        raise RefundDecided


def pause_before(tries: int) -> timedelta:
    """Return how long to wait until the bank is asked again, after try number `tries` (from 1)."""
    doubled = LOOK_AFTER_SECONDS * 2 ** min(tries - 1, 30)
    return timedelta(seconds=min(doubled, LONGEST_PAUSE_SECONDS))
