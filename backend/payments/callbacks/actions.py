"""Storing what the bank tells us, and acting upon what is stored.

A callback is acknowledged once its row is committed, and never before. Acting upon it comes later
and may be done again: money is recorded once by its own number, and everything else that a callback
says only sends us to look at the bank, so that neither order nor repetition changes the end.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime

import structlog
from prometheus_client import Counter
from sqlalchemy import update
from sqlalchemy.orm import Session

from backend.core.clock import new_id
from backend.core.database import Database, after_commit, insert_unless_there
from backend.gateways.bank import News, NewsKind, NewsNotReadable
from backend.gateways.bank_callbacks import read_news
from backend.payments.callbacks import rules
from backend.payments.callbacks.models import BankEvent, events_due, next_event_due, stored_event
from backend.payments.callbacks.rules import EventState
from backend.payments.crediting import CreditContradicts, plain_reference, record_credit
from backend.payments.models import PaymentAttempt
from backend.payments.refunds.actions import RefundContradicts, apply_refund_news
from backend.payments.rules import OPEN_STATES, HeardBy

MOST_PER_BATCH = 100
REFUND_NEWS = frozenset({NewsKind.REFUND_DONE, NewsKind.REFUND_FAILED})

log = structlog.get_logger(__name__)
events_total = Counter(
    "ferry_bank_events", "Callbacks of the bank by what became of them", ["state"]
)


def store_callback(
    db: Session, raw: bytes, news: News | NewsNotReadable, now: datetime, ring: Callable[[], None]
) -> None:
    """Keep a verified callback, once of each event; what we cannot read is kept for staff."""
    readable = isinstance(news, News)
    event = {
        "id": new_id("bev"),
        "event_id": news.event_id or f"sha256:{hashlib.sha256(raw).hexdigest()}",
        "body": raw.decode(errors="backslashreplace").replace("\0", "\\x00"),
        "state": EventState.STORED if readable else EventState.QUARANTINED,
        "reason": None if readable else str(news),
        "received_at": now,
        "due_at": now,
        "tries": 0,
    }
    if insert_unless_there(db, BankEvent, event):
        after_commit(db, ring)


def apply_stored(
    rows: Database, clock: Callable[[], datetime], ring: Callable[[], None]
) -> datetime | None:
    """Act upon some stored callbacks; return when to come again, None if none is left.

    `ring` wakes whoever looks at the bank, and tells residents and departments, because of them.
    """
    with rows.transaction(read_only=True) as db:
        ids = db.scalars(events_due(clock(), MOST_PER_BATCH)).all()
    for event_row_id in ids:
        try:
            with rows.transaction() as db:
                _apply(db, event_row_id, clock())
        except Exception as error:
            log.exception("a callback could not be applied", bank_event=event_row_id)
            _put_off(rows, event_row_id, error, clock())
    if ids:
        ring()
    with rows.transaction(read_only=True) as db:
        return db.scalar(next_event_due(clock()))


def _apply(db: Session, event_row_id: str, now: datetime) -> None:
    event = db.scalars(stored_event(event_row_id)).one_or_none()
    if event is None:
        return  # another worker is at it, or done with it
    try:
        _act_upon(db, read_news(event.body.encode()), now)
        event.state = EventState.APPLIED
    except (NewsNotReadable, CreditContradicts, RefundContradicts) as odd:
        log.error("a callback is put aside for staff", bank_event=event_row_id, why=str(odd))
        event.state, event.reason = EventState.QUARANTINED, str(odd)
    event.applied_at = now
    events_total.labels(event.state).inc()


def _act_upon(db: Session, news: News, now: datetime) -> None:
    if news.kind in REFUND_NEWS:
        is_done = news.kind is NewsKind.REFUND_DONE
        apply_refund_news(
            db, news.reference or "", is_done, news.reason, now, done_at=news.occurred_at
        )
        return
    if news.transaction is not None:
        record_credit(db, news.transaction, HeardBy.CALLBACK, now)
    _send_to_look(db, plain_reference(news.reference), now)


def _send_to_look(db: Session, reference: str, now: datetime) -> None:
    """Have an open attempt looked at now: the bank itself says how it stands."""
    db.execute(
        update(PaymentAttempt)
        .where(PaymentAttempt.reference == reference, PaymentAttempt.state.in_(OPEN_STATES))
        .values(due_at=now)
    )


def _put_off(rows: Database, event_row_id: str, error: Exception, now: datetime) -> None:
    """Try an event again later; after so many tries it goes to staff, and blocks nobody."""
    with rows.transaction() as db:
        event = db.scalars(stored_event(event_row_id)).one_or_none()
        if event is None:
            return
        event.tries += 1
        event.due_at = now + rules.pause_before(event.tries)
        if event.tries >= rules.MOST_TRIES:
            event.state = EventState.QUARANTINED
            event.reason = type(error).__name__
