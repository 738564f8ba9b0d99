"""Telling a resident something, and reading the inbox."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from backend.accounts import devices_of
from backend.core.clock import new_id
from backend.core.paging import Page, decode_cursor, encode_cursor
from backend.notifications.models import (
    Delivery,
    Message,
    messages_of_kind_about,
    messages_since,
    messages_to,
    unsent_about,
)
from backend.notifications.rules import DeliveryState, MessageKind


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
) -> Message:
    """Write a message to a resident's inbox and a delivery for each of their devices.

    Only rows: they stand or fall with the transaction of what they tell of. `about_id` is the row
    that the message is about; a kind is told once of each edition. `facts` fill the inbox text.
    """
    message = Message(
        id=new_id("msg"),
        resident_id=resident_id,
        department_id=department_id,
        kind=kind,
        about_id=about_id,
        edition=edition,
        facts=dict(facts),
        created_at=now,
    )
    db.add(message)
    db.flush()
    db.add_all(
        Delivery(
            id=new_id("dlv"),
            message_id=message.id,
            device_id=device.id,
            state=DeliveryState.WAITING,
            due_at=now,
            attempts=0,
        )
        for device in db.scalars(devices_of(resident_id))
    )
    return message


def call_off(db: Session, about_id: str, now: datetime) -> None:
    """Drop the pushes about something that nobody needs to be told any more; messages stay."""
    db.execute(
        update(Delivery)
        .where(Delivery.id.in_(unsent_about(about_id)))
        .values(state=DeliveryState.DROPPED, reason="no longer so", settled_at=now)
    )


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


def list_messages(db: Session, resident_id: str, cursor: str | None, limit: int) -> Page[Message]:
    """Return a page of a resident's inbox, newest first."""
    before_id = decode_cursor(cursor, 1)[0] if cursor else None
    rows = db.scalars(messages_to(resident_id, before_id, limit + 1)).all()
    more = len(rows) > limit
    return Page(rows[:limit], encode_cursor(rows[limit - 1].id) if more else None)
