"""The states of a push run, what may be asked of it in each, who lets it go, and when it starts."""

import re
import unicodedata
from datetime import datetime, timedelta
from enum import StrEnum

from backend.core.errors import Conflict, Invalid, NotAllowed, NotFound
from backend.core.languages import Words

MOST_BY_ONE = 10_000  # bills whose pushes one credential may let go by itself
MOST_HOURS = 24  # over which the pushes of a run may be spread
COMMAND = "command"  # who started a run where nobody was named
NAME = re.compile(r"[a-z0-9.@ -]{2,60}")  # a client's id is none: that has a low line
QUARTER = timedelta(minutes=15)
BERTH = timedelta(minutes=2)
JITTER = timedelta(minutes=1)


class PushRunState(StrEnum):
    """Where the pushes of a bill run stand."""

    HELD = "held"  # until a second credential lets it go, and then until it starts
    GOING = "going"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    DONE = "done"


STOPPED = (PushRunState.HELD, PushRunState.PAUSED, PushRunState.CANCELLED)
UNDER_WAY = (PushRunState.HELD, PushRunState.GOING, PushRunState.PAUSED)
OVER = (PushRunState.CANCELLED, PushRunState.DONE)


class PushRunNotFound(NotFound):
    code = "push_run_not_found"


class SecondPersonNeeded(NotAllowed):
    code = "second_person_needed"
    says = Words(
        "Pushes for more than {most} bills take two: somebody other than whoever started them must "
        "let them go, with credentials or a name of their own.",
        "為多於 {most} 張賬單發送推送通知須由兩人處理：須由並非啟動者的另一人，以其本身的憑證或名稱批准。",
        "为多于 {most} 张账单发送推送通知须由两人处理：须由并非启动者的另一人，以其本身的凭证或名称批准。",
    )


class PushRunNotThere(Conflict):
    """What the pushes of a run cannot do as they stand."""

    code = "push_run_state"
    says = Words(
        "The pushes of this run are {state}: they cannot be {wanted}.",
        "這批賬單的推送通知狀態為「{state}」，不可{wanted}。",
        "这批账单的推送通知状态为“{state}”，不可{wanted}。",
    )


class OperatorNotNamed(Invalid):
    code = "operator_not_named"
    says = Words(
        "Name yourself in 2 to 60 plain letters (a to z), digits, dots, hyphens or blanks.",
        "請以 2 至 60 個英文字母、數字、句點、連字號或空格註明你的名稱。",
        "请以 2 至 60 个英文字母、数字、句点、连字符或空格注明你的名称。",
    )


STATE_WORDS = {
    PushRunState.HELD: Words("held", "待批准", "待批准"),
    PushRunState.GOING: Words("going", "發送中", "发送中"),
    PushRunState.PAUSED: Words("paused", "已暫停", "已暂停"),
    PushRunState.CANCELLED: Words("cancelled", "已取消", "已取消"),
    PushRunState.DONE: Words("done", "已完成", "已完成"),
}
PAUSED_WORD = Words("paused", "暫停", "暂停")
RESUMED_WORD = Words("resumed", "繼續", "继续")
CANCELLED_WORD = Words("cancelled", "取消", "取消")
APPROVED_WORD = Words("approved", "批准", "批准")


def takes_two(bills: int) -> bool:
    """Say whether the pushes of so many bills need a second person."""
    return bills > MOST_BY_ONE


def opening(bills: int) -> PushRunState:
    """Return the state in which a run of so many bills begins."""
    return PushRunState.HELD if takes_two(bills) else PushRunState.GOING


def pausing(state: PushRunState) -> PushRunState:
    """Return the state after a pause is asked for; PushRunNotThere."""
    if state in OVER:
        raise PushRunNotThere(state=STATE_WORDS[state], wanted=PAUSED_WORD)
    return PushRunState.PAUSED


def resuming(state: PushRunState, *, may_go: bool) -> PushRunState:
    """Return the state after the pushes are told to go on; PushRunNotThere.

    Those that nobody has let go yet, or whose start is still to come, are held again.
    """
    if state in OVER:
        raise PushRunNotThere(state=STATE_WORDS[state], wanted=RESUMED_WORD)
    if state is not PushRunState.PAUSED:
        return state
    return PushRunState.GOING if may_go else PushRunState.HELD


def cancelling(state: PushRunState) -> PushRunState:
    """Return the state after a cancel; PushRunNotThere where all have gone."""
    if state is PushRunState.DONE:
        raise PushRunNotThere(state=STATE_WORDS[state], wanted=CANCELLED_WORD)
    return PushRunState.CANCELLED


def ensure_open(state: PushRunState) -> None:
    """Refuse to let go what is over; PushRunNotThere."""
    if state in OVER:
        raise PushRunNotThere(state=STATE_WORDS[state], wanted=APPROVED_WORD)


def ensure_second(by: str, started_by: str, *, is_operator: bool) -> None:
    """Refuse whoever started a run, and may have; SecondPersonNeeded.

    Of a run that a command started without a name, any operator may be the one.
    """
    if by == started_by or (is_operator and started_by == COMMAND):
        raise SecondPersonNeeded(most=MOST_BY_ONE)


def operator_named(typed: str) -> str:
    """Return an operator's name in the one spelling that is stored; OperatorNotNamed.

    Case, width and blanks do not make another person, and neither do letters of other alphabets
    that look the same: names are of ASCII alone.
    """
    name = re.sub(" +", " ", unicodedata.normalize("NFKC", typed).strip(" ")).lower()
    if not NAME.fullmatch(name) or name == COMMAND:
        raise OperatorNotNamed
    return name


def start_at(moment: datetime, jitter: float) -> datetime:
    """Return when a run to many may start: now, but never within two minutes of :00, :15, :30, :45.

    Then is when everybody's pushes go (Firebase, "Best practices when sending FCM messages at
    scale"). It waits until two minutes past, and by `jitter`, 0 to 1, up to a minute more.
    """
    past = timedelta(minutes=moment.minute % 15, seconds=moment.second) + timedelta(
        microseconds=moment.microsecond
    )
    if BERTH <= past <= QUARTER - BERTH:
        return moment
    quarter = moment - past + (QUARTER if past > BERTH else timedelta(0))
    return quarter + BERTH + JITTER * jitter
