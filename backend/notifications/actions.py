"""Telling a resident something, and reading the inbox."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from backend.accounts import devices_of
from backend.core.clock import new_id
from backend.core.paging import Page, decode_cursor, encode_cursor
from backend.notifications.codes import new_code
from backend.notifications.inbox import MessageNotFound, Wanted
from backend.notifications.models import (
    Message,
    earlier_standings,
    message_to,
    messages_of_kind_about,
    messages_since,
    messages_to,
    reading_up_to,
    unread_by,
)
from backend.notifications.outbox.dropping import drop_unsent
from backend.notifications.outbox.models import Delivery
from backend.notifications.outbox.rules import ORDINARY, URGENT, Queue
from backend.notifications.rules import STANDINGS, MessageKind

INBOX = Wanted()


def notify(
    db: Session,
    *,
    resident_id: str,
    department_id: str,
    kind: MessageKind,
    about_id: str,
    facts: Mapping[str, Any],
    now: datetime,
    edition: int = 1,
    is_urgent: bool = False,
) -> Message:
    """Write a message to a resident's inbox and a delivery for each of their devices.

    Only rows: they stand or fall with the transaction of what they tell of. `about_id` is the row
    that the message is about; a kind is told once of each edition. `facts` fill the inbox text. How
    a thing stands now is told in the place of how it stood, and the push of that is dropped.
    """
    message = Message(
        id=new_id("msg"),
        resident_id=resident_id,
        department_id=department_id,
        kind=kind,
        about_id=about_id,
        edition=edition,
        facts=dict(facts),
        check_code=new_code(),
        created_at=now,
    )
    db.add(message)
    db.flush()
    if kind in STANDINGS:
        # Deliveries first: a worker that claims one holds it while it marks its message.
        drop_unsent(db, [about_id], STANDINGS, now)
        db.execute(earlier_standings(message))
    _push_to_all(db, message, Queue(URGENT if is_urgent else ORDINARY, department_id))
    return message


def _push_to_all(db: Session, message: Message, queue: Queue) -> None:
    devices = db.scalars(devices_of(message.resident_id))
    each = {"message_id": message.id, "queue": queue.name, "due_at": message.created_at}
    db.add_all(Delivery(id=new_id("dlv"), device_id=device.id, **each) for device in devices)


def call_off(db: Session, about_id: str, now: datetime) -> None:
    """Drop the pushes about something that nobody needs to be told any more; messages stay."""
    drop_unsent(db, [about_id], list(MessageKind), now)


def editions_told(
    db: Session, kind: MessageKind, about_ids: Collection[str]
) -> dict[str, dict[int, str]]:
    """Return which editions of a kind were told about each of these, and to whom."""
    told: dict[str, dict[int, str]] = {}
    for message in db.scalars(messages_of_kind_about(kind, about_ids)):
        told.setdefault(message.about_id, {})[message.edition] = message.resident_id
    return told


def count_messages(db: Session, resident_id: str, since: datetime) -> int:
    """Count the messages that a resident got since then."""
    return db.scalars(messages_since(resident_id, since)).one()


def list_messages(
    db: Session, resident_id: str, cursor: str | None, limit: int, wanted: Wanted = INBOX
) -> Page[Message]:
    """Return a page of what is wanted of a resident's inbox, newest first."""
    before_id = decode_cursor(cursor, 1)[0] if cursor else None
    rows = db.scalars(messages_to(resident_id, wanted, before_id, limit + 1)).all()
    more = len(rows) > limit
    return Page(rows[:limit], encode_cursor(rows[limit - 1].id) if more else None)


def count_unread(db: Session, resident_id: str) -> int:
    """Count what stands unread in a resident's inbox."""
    return db.scalars(unread_by(resident_id)).one()


def mark_read(
    db: Session, resident_id: str, message_id: str, now: datetime, *, is_read: bool
) -> Message:
    """Mark a message as read, or as unread again; a repeat changes nothing. MessageNotFound."""
    message = _message(db, resident_id, message_id)
    if (message.read_at is not None) != is_read:
        message.read_at = now if is_read else None
        message.changed_at = now
    return message


def archive(
    db: Session, resident_id: str, message_id: str, now: datetime, *, is_archived: bool
) -> Message:
    """Put a message away, or take it back out; a repeat changes nothing. MessageNotFound."""
    message = _message(db, resident_id, message_id)
    if (message.archived_at is not None) != is_archived:
        message.archived_at = now if is_archived else None
        message.changed_at = now
    return message


def mark_all_read(db: Session, resident_id: str, up_to: str, now: datetime) -> int:
    """Mark as read all up to a message, with it; return how many are unread. MessageNotFound."""
    _message(db, resident_id, up_to)
    db.execute(reading_up_to(resident_id, up_to, now))
    return count_unread(db, resident_id)


def _message(db: Session, resident_id: str, message_id: str) -> Message:
    message = db.scalars(message_to(resident_id, message_id).with_for_update()).one_or_none()
    if message is None:
        raise MessageNotFound
    return message
