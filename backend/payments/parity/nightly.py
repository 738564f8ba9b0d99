"""Each night the books of the day are held against the bank's own file of it.

A day is taken under a lease and read in short transactions, each of which may be done again. What
was compared is marked on the rows themselves, so that memory stays small however long the file is,
and what no file holds can be told in the end.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
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
    ParitySum,
    credits_paid_on,
    credits_unstated,
    day_due,
    first_attempt_at,
    first_due_at,
    last_day,
    locked_day,
)
from backend.payments.parity.rules import (
    A_DAY,
    OPENS_AT_HOUR,
    TRIED_AGAIN_AFTER,
    FindingKind,
    Money,
)
from backend.payments.refunds.models import refunds_paid_out, unstated_refunds

LINES_AT_ONCE = 200
ROWS_AT_ONCE = 500
LEASE = timedelta(minutes=30)

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Sum:
    """How many movements, and what they come to: in less out, in cents."""

    count: int = 0
    cents: int = 0

    def __add__(self, other: "Sum") -> "Sum":
        return Sum(self.count + other.count, self.cents + other.cents)


Sums = defaultdict[str, Sum]  # by currency


def check_days(
    rows: Database, bank: Bank, clock: Callable[[], datetime], ring: Callable[[], None]
) -> datetime | None:
    """Check one day whose turn has come; return when to come again, None before any payment.

    A day's turn comes at one o'clock of the next in Hong Kong, beginning with the day of the oldest
    attempt. A time that has passed says that another day is due already. `ring` wakes whoever tells
    residents and departments of what is found.
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
        ring()
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
        insert_unless_there(db, ParityDay, {"day": day, "due_at": opens_at(day), "tries": 0})
        day += A_DAY


def _check(rows: Database, bank: Bank, taken: ParityDay, clock: Callable[[], datetime]) -> None:
    """Read the bank's file of a day; one that cannot be read leaves the day for later."""
    stated: Sums = defaultdict(Sum)
    try:
        for lines in _in_batches(bank.statement(taken.day), LINES_AT_ONCE):
            with rows.transaction() as db:
                compare(db, Page(taken.day, clock()), lines)
            for line in lines:
                cents = -line.amount_cents if line.is_refund else line.amount_cents
                stated[line.currency] += Sum(1, cents)
    except BankAway as away:
        log.warning("the bank's file cannot be read", day=str(taken.day), why=str(away))
        with rows.transaction() as db:
            if day := _still_ours(db, taken):
                day.due_at = clock() + TRIED_AGAIN_AFTER
        return
    with rows.transaction() as db:
        _list_over(db, Page(taken.day, clock()))
        if day := _still_ours(db, taken):
            _keep_sums(db, day.day, stated, _our_sums(db, day.day))
            day.checked_at, day.due_at = clock(), None
            log.info("a day was checked", day=str(day.day))


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
                ours=Money(credit.amount_cents, credit.currency),
            )
        last = found[-1].transaction_id
        db.expunge_all()  # so that a day of which the bank knows nothing does not fill the memory
    for refund, currency in db.execute(unstated_refunds(*span_of(page.day))):
        ours = Money(refund.amount_cents, currency)
        list_finding(db, page, FindingKind.OVER, refund.id, ours=ours)


def _our_sums(db: Session, day: date) -> Sums:
    """How many movements our books have on a day, and what they come to, by currency."""
    found: Sums = defaultdict(Sum)
    came = credits_paid_on(day).subquery()
    went = refunds_paid_out(*span_of(day)).subquery()
    for rows, sign in ((came, 1), (went, -1)):
        by_currency = select(rows.c.currency, func.count(), func.sum(rows.c.amount_cents))
        for currency, count, cents in db.execute(by_currency.group_by(rows.c.currency)):
            found[currency] += Sum(count, sign * int(cents))
    return found


def _keep_sums(db: Session, day: date, stated: Sums, ours: Sums) -> None:
    """Write down what a day came to by the bank's file and by our books."""
    for currency in sorted({*stated, *ours}):
        bank, our = stated[currency], ours[currency]
        db.add(
            ParitySum(
                day=day,
                currency=currency,
                bank_count=bank.count,
                bank_cents=bank.cents,
                our_count=our.count,
                our_cents=our.cents,
            )
        )


def _in_batches(lines: Iterable[StatementLine], size: int) -> Iterator[list[StatementLine]]:
    every = iter(lines)
    while batch := list(islice(every, size)):
        yield batch
