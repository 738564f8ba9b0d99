"""Where a bill run stands, what may be asked of it then, and how large a file may be."""

from datetime import timedelta
from enum import StrEnum

from backend.core.errors import Conflict, NotFound
from backend.core.http import HttpRefusal
from backend.core.languages import Words

MOST_BYTES = 1024**3
MOST_BILLS = 2_000_000
LONGEST_LINE_BYTES = 64 * 1024
PIECE_BYTES = 1024**2
BATCH = 1000
CHECKED_A_BATCH = 5000
MOST_PROBLEMS_KEPT = 100
MOST_UNFINISHED = 3
RETRY_AFTER_SECONDS = 60
RECEIVING_FOR = timedelta(hours=1)


class FileFormat(StrEnum):
    """How the bills stand in the file."""

    CSV = "csv"
    NDJSON = "ndjson"


MEDIA_TYPES = {"text/csv": FileFormat.CSV, "application/x-ndjson": FileFormat.NDJSON}


class RunState(StrEnum):
    """Where a run stands. It is checked whole before the first of its bills is posted."""

    RECEIVING = "receiving"
    CHECKING = "checking"
    REFUSED = "refused"
    POSTING = "posting"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    DONE = "done"


WORKED_ON = (RunState.CHECKING, RunState.POSTING)
UNFINISHED = (*WORKED_ON, RunState.PAUSED)
STANDING = (*UNFINISHED, RunState.DONE)  # of which the same bytes are the same run
SETTLED = frozenset({RunState.REFUSED, RunState.CANCELLED, RunState.DONE})


class RunNotFound(NotFound):
    code = "bill_run_not_found"


class RunsWaiting(HttpRefusal):
    status = 429
    code = "bill_runs_waiting"
    says = Words(
        "{most} of your bill runs are not finished yet. Send the next when one of them is.",
        "你有 {most} 批賬單尚未完成，請於其中一批完成後再提交。",
        "你有 {most} 批账单尚未完成，请于其中一批完成后再提交。",
    )

    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(RETRY_AFTER_SECONDS)}


class UploadForgotten(Conflict):
    code = "upload_forgotten"
    says = Words(
        "This file took too long to arrive and was forgotten. Send it again.",
        "檔案傳送時間過長，已被棄置，請重新提交。",
        "文件传送时间过长，已被弃置，请重新提交。",
    )


class RunNotThere(Conflict):
    """What a run in this state cannot do."""

    code = "bill_run_state"
    says = Words(
        "This bill run is {state}: it cannot be {wanted}.",
        "這批賬單的狀態為「{state}」，不可{wanted}。",
        "这批账单的状态为“{state}”，不可{wanted}。",
    )


STATE_WORDS = {
    RunState.RECEIVING: Words("still arriving", "接收中", "接收中"),
    RunState.CHECKING: Words("being checked", "檢查中", "检查中"),
    RunState.REFUSED: Words("refused", "不獲接納", "不获接纳"),
    RunState.POSTING: Words("being posted", "發出中", "发出中"),
    RunState.PAUSED: Words("paused", "已暫停", "已暂停"),
    RunState.CANCELLED: Words("cancelled", "已取消", "已取消"),
    RunState.DONE: Words("done", "已完成", "已完成"),
}
PAUSED_WORD = Words("paused", "暫停", "暂停")
RESUMED_WORD = Words("resumed", "繼續", "继续")
CANCELLED_WORD = Words(
    "cancelled, only taken back whole (withdraw_posted)",
    "取消，只可全數撤回（withdraw_posted）",
    "取消，只可全数撤回（withdraw_posted）",
)
GONE_WORD = Words("cancelled", "取消", "取消")


def pausing(state: RunState) -> RunState:
    """Return the state of a run after a pause is asked for; RunNotThere."""
    if state in (RunState.CHECKING, RunState.POSTING, RunState.PAUSED):
        return RunState.PAUSED
    raise RunNotThere(state=STATE_WORDS[state], wanted=PAUSED_WORD)


def resuming(state: RunState, *, is_checked: bool) -> RunState:
    """Return the state of a run after it is told to go on; RunNotThere."""
    if state in WORKED_ON:
        return state
    if state is RunState.PAUSED:
        return RunState.POSTING if is_checked else RunState.CHECKING
    raise RunNotThere(state=STATE_WORDS[state], wanted=RESUMED_WORD)


def cancelling(state: RunState, *, withdraw_posted: bool) -> RunState:
    """Return the state of a run after a cancel; RunNotThere.

    A run that is done can only be taken back: its bills are posted.
    """
    if state in UNFINISHED or state is RunState.CANCELLED:
        return RunState.CANCELLED
    if state is RunState.DONE and withdraw_posted:
        return RunState.CANCELLED
    wanted = CANCELLED_WORD if state is RunState.DONE else GONE_WORD
    raise RunNotThere(state=STATE_WORDS[state], wanted=wanted)
