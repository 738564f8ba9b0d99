"""Each night the books of the day are held against the bank's own file of it.

A day is taken under a lease and read in short transactions, each of which may be done again. What
was compared is marked on the rows themselves, so that memory stays small however long the file is,
and what no file holds can be told in the end.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.core import clock as clocks
from backend.core.database import Database, insert_unless_there
from backend.gateways.bank import Bank, BankAway, StatementLine
from backend.payments.parity.comparing import Page, compare, list_finding
from backend.payments.parity.models import (
    ParityDay,
    credits_paid_on,
    credits_unstated,
    day_due,
    first_attempt_at,
    first_due_at,
    last_day,
    locked_day,
)
from backend.payments.parity.rules import A_DAY, OPENS_AT_HOUR, TRIED_AGAIN_AFTER, FindingKind
from backend.payments.refunds.models import refunds_paid_out, unstated_refunds

LINES_AT_ONCE = 200
ROWS_AT_ONCE = 500
LEASE = timedelta(minutes=30)

log = structlog.get_logger(__name__)


def check_days(rows: Database, bank: Bank, clock: Callable[[], datetime]) -> datetime | None:
    """Check one day whose turn has come; return when to come again, None before any payment.

    A day's turn comes at one o'clock of the next in Hong Kong, beginning with the day of the oldest
    attempt. A time that has passed says that another day is due already.
    """
    with rows.transaction(read_only=True) as db:
        turn = _next_turn(db)
    if turn is None or turn > clock():
        return turn
    quiet_seconds = bank.quiet_seconds()
    if quiet_seconds:
        return clock() + timedelta(seconds=quiet_seconds)
    with rows.transaction() as db:
        _list_days(db, clock())
        taken = db.scalars(day_due(clock())).one_or_none()
        if taken is not None:
            taken.due_at = clock() + LEASE
            taken.tries += 1
    if taken is not None:
        _check(rows, bank, taken, clock)
    with rows.transaction(read_only=True) as db:
        return _next_turn(db)


def opens_at(day: date) -> datetime:
    """Return when a Hong Kong day may be checked: the bank's file of it is complete by then."""
    return datetime.combine(day + A_DAY, time(OPENS_AT_HOUR), clocks.HONG_KONG).astimezone(UTC)


def span_of(day: date) -> tuple[datetime, datetime]:
    """Return when a Hong Kong day begins and when the next one does."""
    begins = datetime.combine(day, time(), clocks.HONG_KONG).astimezone(UTC)
    return begins, begins + A_DAY


def _next_turn(db: Session) -> datetime | None:
    """When there is something to do: a listed day is due, or the next one may be listed."""
    due_at, unlisted = db.scalar(first_due_at()), _first_unlisted(db)
    turns = [due_at, opens_at(unlisted) if unlisted else None]
    return min((turn for turn in turns if turn is not None), default=None)


def _first_unlisted(db: Session) -> date | None:
    last = db.scalar(last_day())
    if last is not None:
        return last + A_DAY
    first_at = db.scalar(first_attempt_at())
    return clocks.hong_kong_date(first_at) if first_at else None


def _list_days(db: Session, now: datetime) -> None:
    """Put every day on the list that may be checked by now, also those of a long standstill."""
    day = _first_unlisted(db)
    while day is not None and opens_at(day) <= now:
        row = {"day": day, "due_at": opens_at(day), "tries": 0}
        zeros = dict.fromkeys(("bank_count", "bank_cents", "our_count", "our_cents"), 0)
        insert_unless_there(db, ParityDay, {**row, **zeros})
        day += A_DAY


def _check(rows: Database, bank: Bank, taken: ParityDay, clock: Callable[[], datetime]) -> None:
    """Read the bank's file of a day; one that cannot be read leaves the day for later."""
    count = cents = 0
    try:
        for lines in _in_batches(bank.statement(taken.day), LINES_AT_ONCE):
            with rows.transaction() as db:
                compare(db, Page(taken.day, clock()), lines)
            count += len(lines)
            cents += sum(
                -line.amount_cents if line.is_refund else line.amount_cents for line in lines
            )
    except BankAway as away:
        log.warning("the bank's file cannot be read", day=str(taken.day), why=str(away))
        with rows.transaction() as db:
            if day := _still_ours(db, taken):
                day.due_at = clock() + TRIED_AGAIN_AFTER
        return
    with rows.transaction() as db:
        _list_over(db, Page(taken.day, clock()))
        if day := _still_ours(db, taken):
            day.our_count, day.our_cents = _our_sums(db, day.day)
            day.bank_count, day.bank_cents = count, cents
            day.checked_at, day.due_at = clock(), None
            log.info("a day was checked", day=str(day.day), count=count)


def _still_ours(db: Session, taken: ParityDay) -> ParityDay | None:
    day = db.scalars(locked_day(taken.day)).one()
    return day if day.checked_at is None and day.tries == taken.tries else None


def _list_over(db: Session, page: Page) -> None:
    """List what our books have of a day and no file of the bank holds."""
    last = ""
    while found := db.scalars(credits_unstated(page.day, last, ROWS_AT_ONCE)).all():
        for credit in found:
            list_finding(
                db,
                page,
                FindingKind.OVER,
                credit.transaction_id,
                bank_cents=None,
                our_cents=credit.amount_cents,
            )
        last = found[-1].transaction_id
        db.expunge_all()  # so that a day of which the bank knows nothing does not fill the memory
    for refund in db.scalars(unstated_refunds(*span_of(page.day))):
        list_finding(
            db, page, FindingKind.OVER, refund.id, bank_cents=None, our_cents=refund.amount_cents
        )


def _our_sums(db: Session, day: date) -> tuple[int, int]:
    """How many movements our books have on a day, and what they come to: in less out, in cents."""
    came = credits_paid_on(day).subquery()
    went = refunds_paid_out(*span_of(day)).subquery()
    came_count, came_cents = db.execute(
        select(func.count(), func.coalesce(func.sum(came.c.amount_cents), 0))
    ).one()
    went_count, went_cents = db.execute(
        select(func.count(), func.coalesce(func.sum(went.c.amount_cents), 0))
    ).one()
    return came_count + went_count, int(came_cents) - int(went_cents)


def _in_batches(lines: Iterable[StatementLine], size: int) -> Iterator[list[StatementLine]]:
    every = iter(lines)
    while batch := list(islice(every, size)):
        yield batch
