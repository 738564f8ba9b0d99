"""After the chaos: what was posted is held against the rows, and against the simulator's log."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select

from backend.bills import Bill
from backend.core.database import Database
from backend.notifications.models import Message
from backend.notifications.outbox.models import Delivery
from tests.chaos.push_works import Kill

# From FCM's yes to the commit that keeps it: the rest of a batch, and a database that comes back.
LONGEST_BATCH_SECONDS = 12.0
UNEXPLAINED = "nothing"


@dataclass(frozen=True)
class Accepted:
    """One push of a message that the simulator took."""

    at: float  # seconds since the epoch
    seen_as: str  # by which a phone tells whether it stands in the place of another
    is_unheard: bool  # the script lost its answer, or was late with it


@dataclass(frozen=True)
class Audit:
    """How the log and the rows differ from what was posted."""

    bills: int
    lost: Sequence[str]  # numbers of bills that nobody was told of, or that are not there
    duplicates: int  # bills of which a push was accepted more than once
    sent_again: int  # pushes beyond the first, of all of them
    visible: int  # duplicates of which a phone would show two
    in_calm: int  # duplicates of bills that were pushed before anything went wrong
    causes: Mapping[str, int]  # how many pushes went again after what
    orphans: int  # bills without message or push, and the other way round


def audit(
    rows: Database,
    log: Iterable[Mapping[str, Any]],
    acknowledged: Collection[str],
    calm: Collection[str],
    kills: Sequence[Kill],
) -> Audit:
    """Count; the log is the oracle. `acknowledged` and `calm` are numbers of bills."""
    accepted = _accepted(log)
    with rows.transaction(read_only=True) as db:
        numbers = dict(db.execute(select(Bill.id, Bill.bill_number)).all())
        orphans = sum(int(db.scalar(each) or 0) for each in _orphans())
    doubled = {id_: pushes for id_, pushes in accepted.items() if len(pushes) > 1}
    unsent = [number for id_, number in numbers.items() if id_ not in accepted]
    again = sum(len(pushes) - 1 for pushes in doubled.values())
    return Audit(
        bills=len(numbers),
        lost=sorted({*unsent, *(set(acknowledged) - set(numbers.values()))}),
        duplicates=len(doubled),
        sent_again=again,
        visible=sum(len({push.seen_as for push in pushes}) > 1 for pushes in doubled.values()),
        in_calm=sum(numbers.get(id_) in calm for id_ in doubled),
        causes=Counter(_cause(push, kills) for pushes in doubled.values() for push in pushes[:-1]),
        orphans=orphans,
    )


def _accepted(log: Iterable[Mapping[str, Any]]) -> Mapping[str, Sequence[Accepted]]:
    """The accepted pushes by the bill that they are about, in the order in which they came."""
    found = defaultdict(list)
    for line in log:
        if line["outcome"] == "accepted":
            message = line["message"]
            at = datetime.fromisoformat(line["at"]).timestamp()
            is_unheard = bool(line.get("lose") or line.get("delay_seconds"))
            push = Accepted(at, _seen_as(line), is_unheard)
            found[message["data"]["about_id"]].append(push)
    return found


def _seen_as(line: Mapping[str, Any]) -> str:
    """What decides on Android, on Apple's phones and in browsers whether a push replaces another."""
    message = line["message"]
    return " ".join(
        (
            line["address"],
            message["android"]["collapse_key"],
            message["android"]["notification"]["tag"],
            message["apns"]["headers"]["apns-collapse-id"],
            message["webpush"]["notification"]["tag"],
        )
    )


def _cause(push: Accepted, kills: Sequence[Kill]) -> str:
    """Name what kept us from knowing of a push; the web says nothing of pushes, so never it."""
    if push.is_unheard:
        return "answer"
    near = (
        kill.name.split()[0]
        for kill in kills
        if kill.name != "web" and kill.at - LONGEST_BATCH_SECONDS < push.at < kill.back_at + 1
    )
    return next(near, UNEXPLAINED)


def _orphans() -> Sequence[Select[int]]:
    """What stands alone of bill, message and push, all of which are one commit."""
    count = select(func.count())
    return (
        count.select_from(Bill).where(
            ~select(Message.id).where(Message.about_id == Bill.id).exists()
        ),
        count.select_from(Message).where(
            ~select(Bill.id).where(Bill.id == Message.about_id).exists()
        ),
        count.select_from(Message).where(
            ~select(Delivery.id).where(Delivery.message_id == Message.id).exists()
        ),
        count.select_from(Delivery).where(
            ~select(Message.id).where(Message.id == Delivery.message_id).exists()
        ),
    )
