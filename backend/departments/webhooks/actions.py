"""Telling a department what happened to its bill, and what it does about its own address."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from backend.core.clock import new_id
from backend.core.database import after_commit, insert_unless_there
from backend.core.paging import Page, decode_cursor, encode_cursor
from backend.departments.webhooks import rules, signing
from backend.departments.webhooks.models import (
    DepartmentEvent,
    Webhook,
    event_of,
    events_of,
    webhook_of,
)
from backend.departments.webhooks.rules import SETTLED, EventType, TellingState

Ring = Callable[[], None]


@dataclass(frozen=True)
class ShownWebhook:
    """An address as its department reads it; the secret is in clear this once, or not at all."""

    url: str
    secret: str | None
    created_at: datetime
    former_secret_until: datetime | None
    stopped_at: datetime | None


def tell_department(
    db: Session,
    department_id: str,
    kind: EventType,
    *,
    about_id: str,
    data: Mapping[str, Any],
    now: datetime,
) -> None:
    """Write an event down for a department, once of each kind and thing; a worker tells it."""
    event = {
        "id": new_id("evt"),
        "department_id": department_id,
        "type": kind,
        "about_id": about_id,
        "data": dict(data),
        "state": TellingState.WAITING,
        "due_at": now,
        "attempts": 0,
        "tries": 0,
        "wanted_at": now,
        "created_at": now,
    }
    insert_unless_there(db, DepartmentEvent, event)


def set_webhook(
    db: Session, department_id: str, url: str, now: datetime, ring: Ring
) -> tuple[ShownWebhook, bool]:
    """Set a department's address; return it and whether it is its first, which makes the secret.

    A later address keeps the secret, and is called at once whatever became of the one before.
    """
    secret = signing.new_secret()
    row = {
        "department_id": department_id,
        "url": url,
        "secret": secret,
        "created_at": now,
        "failures": 0,
    }
    is_new = insert_unless_there(db, Webhook, row)
    webhook = get_webhook(db, department_id, lock=True)
    webhook.url = url
    webhook.failures = 0
    webhook.quiet_until = webhook.stopped_at = None
    db.flush()
    after_commit(db, ring)
    return show(webhook, now, secret if is_new else None), is_new


def get_webhook(db: Session, department_id: str, *, lock: bool = False) -> Webhook:
    """Return a department's address; WebhookNotSet."""
    wanted = webhook_of(department_id)
    webhook = db.scalars(wanted.with_for_update() if lock else wanted).one_or_none()
    if webhook is None:
        raise rules.WebhookNotSet
    return webhook


def remove_webhook(db: Session, department_id: str) -> None:
    """Forget a department's address and secrets; its events can be read all the same."""
    db.delete(get_webhook(db, department_id, lock=True))


def rotate_secret(db: Session, department_id: str, now: datetime) -> ShownWebhook:
    """Make a new secret; for a day the former one signs beside it. WebhookNotSet."""
    webhook = get_webhook(db, department_id, lock=True)
    webhook.former_secret = webhook.secret
    webhook.former_until = now + rules.FORMER_SECRET_SIGNS_FOR
    webhook.secret = signing.new_secret()
    return show(webhook, now, webhook.secret)


def show(webhook: Webhook, now: datetime, secret: str | None = None) -> ShownWebhook:
    """Shape an address for its department."""
    both_sign = len(webhook.signing_secrets(now)) > 1
    until = webhook.former_until if both_sign else None
    return ShownWebhook(webhook.url, secret, webhook.created_at, until, webhook.stopped_at)


def send_ping(db: Session, department_id: str, now: datetime, ring: Ring) -> DepartmentEvent:
    """Queue an event that tells of nothing, so that a department can try its address."""
    get_webhook(db, department_id)
    about_id = new_id("ping")
    tell_department(db, department_id, EventType.PING, about_id=about_id, data={}, now=now)
    after_commit(db, ring)
    wanted = events_of(department_id, EventType.PING, None, None, 1)
    return db.scalars(wanted.where(DepartmentEvent.about_id == about_id)).one()


def list_events(db: Session, department_id: str, query: Mapping[str, Any]) -> Page[DepartmentEvent]:
    """Return a page of a department's events, newest first; `query` as the route reads it."""
    before_id = decode_cursor(query["cursor"], 1)[0] if query["cursor"] else None
    limit: int = query["limit"]
    wanted = events_of(department_id, query["type"], query["state"], before_id, limit + 1)
    rows = db.scalars(wanted).all()
    more = len(rows) > limit
    return Page(rows[:limit], encode_cursor(rows[limit - 1].id) if more else None)


def get_event(db: Session, department_id: str, event_id: str) -> DepartmentEvent:
    """Return one event of a department; EventNotFound where it is not theirs."""
    event = db.scalars(event_of(department_id, event_id)).one_or_none()
    if event is None:
        raise rules.EventNotFound
    return event


def replay_event(
    db: Session, department_id: str, event_id: str, now: datetime, ring: Ring
) -> DepartmentEvent:
    """Tell an event once more; one that still waits is left as it stands.

    EventNotFound, WebhookNotSet.
    """
    event = db.scalars(event_of(department_id, event_id).with_for_update()).one_or_none()
    if event is None:
        raise rules.EventNotFound
    get_webhook(db, department_id)
    if event.state in SETTLED:
        for name, value in _wanted_again(now).items():
            setattr(event, name, value)
        db.flush()
        after_commit(db, ring)
    return event


def replay_since(
    db: Session, department_id: str, since: datetime, now: datetime, ring: Ring
) -> int:
    """Tell everything once more that happened since a moment; return how many. WebhookNotSet."""
    get_webhook(db, department_id)
    again = (
        update(DepartmentEvent)
        .where(
            DepartmentEvent.department_id == department_id,
            DepartmentEvent.created_at >= since,
            DepartmentEvent.type != EventType.PING,
            DepartmentEvent.state.in_(SETTLED),
        )
        .values(**_wanted_again(now))
        .returning(DepartmentEvent.id)
    )
    count = len(db.scalars(again).all())
    after_commit(db, ring)
    return count


def _wanted_again(now: datetime) -> dict[str, object]:
    return {
        "state": TellingState.WAITING,
        "due_at": now,
        "wanted_at": now,
        "tries": 0,
        "reason": None,
        "settled_at": None,
    }
