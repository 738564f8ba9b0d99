"""The worker's chore: each day's rounds of reminders, a batch at a time."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import structlog
from sqlalchemy.orm import Session

from backend.bills import rules as bill_rules
from backend.bills.later import still_later
from backend.bills.models import details_from
from backend.bills.reminding.models import (
    ReminderRound,
    open_bills_due,
    round_to_go_on,
    rounds_of,
    still_to_remind_of,
)
from backend.bills.reminding.rules import (
    A_DAY,
    BEGINS_AT_HOUR,
    KINDS,
    edition_of,
    is_last_call,
    window_of,
)
from backend.bills.telling import facts_told
from backend.core.clock import HONG_KONG, hong_kong_date
from backend.core.database import Database, after_commit, insert_unless_there
from backend.notifications import (
    Batch,
    MessageKind,
    Telling,
    editions_told,
    notify_many,
    who_declined,
)

AT_ONCE = 1000
A_MOMENT = timedelta(seconds=1)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class OpenBill:
    """What a reminder needs of a bill, in the order of `still_to_remind_of`."""

    id: str
    department_id: str
    resident_id: str
    amount_cents: int
    due_on: date
    later_on: date | None
    details: Mapping[str, Any]


@dataclass(frozen=True)
class Round:
    """One kind of reminder on one Hong Kong day."""

    kind: MessageKind
    day: date
    now: datetime

    def edition_of(self, bill: OpenBill) -> int:
        """Return which edition of this round's reminder a bill is told of by."""
        return edition_of(self.kind, self.day, bill.due_on)


def remind(
    rows: Database, clock: Callable[[], datetime], ring: Callable[[], None]
) -> datetime | None:
    """Do one batch of today's reminders; return when to come again.

    A round belongs to its Hong Kong day: what a day leaves undone is not made up for on the next.
    How far it came and the messages are one commit, so nobody is reminded twice and nobody is
    passed over, whenever a worker dies.
    """
    now = clock()
    day = hong_kong_date(now)
    begins_at = _begins_at(day)
    if now < begins_at:
        return begins_at
    unfinished = _unfinished(rows, day)
    if not unfinished:
        return _begins_at(day + A_DAY)
    for kind in unfinished:
        seen = _go_on(rows, Round(kind, day, now), ring)
        if seen == AT_ONCE:
            rows.let_others_write()
        if seen is not None:
            return now
    return now + A_MOMENT  # other workers are at all that is left


def _begins_at(day: date) -> datetime:
    return datetime.combine(day, time(BEGINS_AT_HOUR), HONG_KONG)


def _unfinished(rows: Database, day: date) -> Sequence[MessageKind]:
    """Return what is still to be done of a day, each round's row made if there was none."""
    with rows.transaction(read_only=True) as db:
        begun = {each.kind: each.finished_at for each in db.scalars(rounds_of(day))}
    if len(begun) < len(KINDS):
        with rows.transaction() as db:
            for kind in KINDS:
                insert_unless_there(db, ReminderRound, {"day": day, "kind": kind, "after_id": ""})
    return [kind for kind in KINDS if begun.get(kind) is None]


def _go_on(rows: Database, todays: Round, ring: Callable[[], None]) -> int | None:
    """Do the next batch of a round; return how many bills it saw, None if another worker is at it."""
    window = window_of(todays.kind, todays.day)
    with rows.transaction() as db:
        row = db.scalars(round_to_go_on(todays.day, todays.kind)).one_or_none()
        if row is None:
            return None
        after = _read_place(row.after_id, window.first)
        seen = db.execute(open_bills_due(window, after, AT_ONCE)).all()
        if seen:
            # Looked at without a lock, so that a bill that is paid or amended at this moment can
            # neither cut the batch short nor carry the place in the round along with it.
            row.after_id = f"{seen[-1][0].isoformat()} {seen[-1][1]}"
            found = db.execute(still_to_remind_of([id_ for _, id_ in seen], window))
            pushes = _tell(db, todays, [OpenBill(*each) for each in found])
            if pushes:
                after_commit(db, ring)
        if len(seen) < AT_ONCE:
            row.finished_at = todays.now
    return len(seen)


def _read_place(after_id: str, first: date) -> tuple[date, str]:
    due_on, _, id_ = after_id.partition(" ")
    return (date.fromisoformat(due_on), id_) if id_ else (first, "")


def _tell(db: Session, todays: Round, bills: Sequence[OpenBill]) -> int:
    """Remind the residents of these bills who are to be; return how many pushes wait for it."""
    due = _to_remind_of(db, todays, bills)
    groups: dict[tuple[str, int], list[OpenBill]] = defaultdict(list)
    for bill in due:
        groups[bill.department_id, todays.edition_of(bill)].append(bill)
    pushes = 0
    for (department_id, edition), own in sorted(groups.items()):
        tellings = [_telling(todays, bill) for bill in own]
        batch = Batch(department_id, todays.kind, todays.now, edition=edition, replaces=True)
        pushes += notify_many(db, tellings, batch)
    log.info("reminded", kind=todays.kind, seen=len(bills), told=len(due), pushes=pushes)
    return pushes


def _to_remind_of(db: Session, todays: Round, bills: Sequence[OpenBill]) -> Sequence[OpenBill]:
    is_overdue = todays.kind is MessageKind.BILL_OVERDUE
    due = [
        bill
        for bill in bills
        # On its last day a bill is spoken of, even where the resident put it off.
        if (todays.day >= bill.due_on or still_later(bill.later_on, todays.day) is None)
        and (not is_overdue or _is_last_call(bill, todays.day))
    ]
    declined = who_declined(db, todays.kind, {bill.resident_id for bill in due})
    due = [bill for bill in due if bill.resident_id not in declined]
    # A bill whose due date is amended while the round is on its way may come by twice.
    told = editions_told(db, todays.kind, [bill.id for bill in due])
    return [bill for bill in due if todays.edition_of(bill) not in told.get(bill.id, {})]


def _is_last_call(bill: OpenBill, today: date) -> bool:
    return is_last_call(bill.due_on, details_from(bill.details).surcharges, today)


def _telling(todays: Round, bill: OpenBill) -> Telling:
    surcharges = details_from(bill.details).surcharges
    cents = bill_rules.payable_cents(bill.amount_cents, surcharges, todays.day)
    return Telling(bill.resident_id, bill.id, facts_told(cents, bill.due_on.isoformat()))
