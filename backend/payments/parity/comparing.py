"""Some lines of the bank's file beside our books: what is late is recorded now, what differs is listed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import structlog
from sqlalchemy import update
from sqlalchemy.orm import Session

from backend.core.clock import new_id
from backend.core.database import insert_unless_there
from backend.gateways.bank import StatementLine, Transaction
from backend.payments.crediting import CreditContradicts, record_credit
from backend.payments.models import BankCredit, Refund, credit_numbered
from backend.payments.parity.models import (
    ParityFinding,
    credits_numbered,
    refunds_with,
)
from backend.payments.parity.rules import FindingKind, Money
from backend.payments.refunds.actions import RefundContradicts, apply_refund_news
from backend.payments.rules import HeardBy, RefundState

BY_PARITY = "the bank's file of a later day"

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Page:
    """Whose file the lines are of, and the moment at which they are compared."""

    day: date
    now: datetime


def compare(db: Session, page: Page, lines: Sequence[StatementLine]) -> None:
    """Hold some lines against the books. Comparing them again finds nothing new."""
    money = [line for line in lines if not line.is_refund]
    known = _credits_by_number(db, money)
    for line in money:
        _compare_credit(db, page, line, known.get(line.transaction_id))
    returned = [line for line in lines if line.is_refund]
    ids = [line.reference for line in returned if line.reference]
    ours = {refund.id: (refund, currency) for refund, currency in db.execute(refunds_with(ids))}
    for line in returned:
        known_refund = ours.get(line.reference or "")
        if known_refund is None:
            list_finding(db, page, FindingKind.UNKNOWN, line.transaction_id, bank=_money_of(line))
        else:
            _compare_refund(db, page, line, *known_refund)


def list_finding(
    db: Session,
    page: Page,
    kind: FindingKind,
    transaction_id: str,
    *,
    bank: Money | None = None,
    ours: Money | None = None,
) -> None:
    """Put something on the work list, once of each day, transaction and kind."""
    finding = {
        "id": new_id("pfd"),
        "day": page.day,
        "transaction_id": transaction_id,
        "kind": kind,
        "bank_cents": bank.cents if bank else None,
        "bank_currency": bank.currency if bank else None,
        "our_cents": ours.cents if ours else None,
        "our_currency": ours.currency if ours else None,
        "found_at": page.now,
    }
    insert_unless_there(db, ParityFinding, finding)


def _credits_by_number(db: Session, lines: Sequence[StatementLine]) -> Mapping[str, BankCredit]:
    numbers = [line.transaction_id for line in lines]
    return {credit.transaction_id: credit for credit in db.scalars(credits_numbered(numbers))}


def _compare_credit(
    db: Session, page: Page, line: StatementLine, credit: BankCredit | None
) -> None:
    number, bank = line.transaction_id, _money_of(line)
    if credit is None:
        credit = _record_late(db, page, line)
    ours = Money(credit.amount_cents, credit.currency)
    if ours != bank:
        list_finding(db, page, FindingKind.UNDER, number, bank=bank, ours=ours)
    if credit.attempt_id is None:
        list_finding(db, page, FindingKind.UNKNOWN, number, bank=bank, ours=ours)
    if credit.stated_on is None:
        credit.stated_on = page.day
        _close_over(db, page, number)


def _record_late(db: Session, page: Page, line: StatementLine) -> BankCredit:
    """Record money that the bank's file is the first to tell us of."""
    money = Transaction(
        transaction_id=line.transaction_id,
        fps_reference=line.fps_reference,
        reference=line.reference,
        amount_cents=line.amount_cents,
        currency=line.currency,
        paid_at=line.booked_at,
    )
    try:
        credit, is_new = record_credit(db, money, HeardBy.STATEMENT, page.now)
    except CreditContradicts:  # the file itself says two things, or news came in between
        return db.scalars(credit_numbered(line.transaction_id)).one()
    if is_new:
        list_finding(db, page, FindingKind.LATE, line.transaction_id, bank=_money_of(line))
    return credit


def _compare_refund(
    db: Session, page: Page, line: StatementLine, refund: Refund, currency: str
) -> None:
    number, bank = line.transaction_id, _money_of(line)
    ours = Money(refund.amount_cents, currency)
    if refund.state != RefundState.DONE:
        kind = _record_late_refund(db, page, line, refund)
        list_finding(db, page, kind, number, bank=bank)
    if ours != bank:
        list_finding(db, page, FindingKind.UNDER, number, bank=bank, ours=ours)
    if refund.stated_on is None:
        refund.stated_on = page.day
        _close_over(db, page, refund.id)


def _record_late_refund(
    db: Session, page: Page, line: StatementLine, refund: Refund
) -> FindingKind:
    """Record a refund that the bank's file is the first to tell us of, if we had sent it."""
    try:
        apply_refund_news(db, refund.id, True, None, page.now, done_at=line.booked_at)
    except RefundContradicts:
        log.exception("the bank's file has a refund that we have not sent", refund=refund.id)
        return FindingKind.UNAPPROVED
    return FindingKind.LATE


def _money_of(line: StatementLine) -> Money:
    return Money(line.amount_cents, line.currency)


def _close_over(db: Session, page: Page, transaction_id: str) -> None:
    """Close what an earlier day missed: paid before midnight, and booked by the bank after it."""
    db.execute(
        update(ParityFinding)
        .where(
            ParityFinding.transaction_id == transaction_id,
            ParityFinding.kind == FindingKind.OVER,
            ParityFinding.day < page.day,
            ParityFinding.closed_at.is_(None),
        )
        .values(closed_at=page.now, closed_by=BY_PARITY)
    )
