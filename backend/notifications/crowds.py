"""Telling a thousand residents at once, each of something of their own."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from backend.accounts import device_ids_among
from backend.core.bulk import insert_rows
from backend.core.clock import new_ids
from backend.notifications.models import Delivery, Message
from backend.notifications.rules import DeliveryState, MessageKind


@dataclass(frozen=True, slots=True)
class Telling:
    """What one of many residents is told of: the row it is about, and what fills the text."""

    resident_id: str
    about_id: str
    facts: Mapping[str, Any]


MESSAGE = ("id", "resident_id", "department_id", "kind", "about_id", "edition", "facts")
DELIVERY = ("id", "message_id", "device_id", "state", "due_at", "attempts")


def notify_many(
    db: Session,
    tellings: Sequence[Telling],
    *,
    department_id: str,
    kind: MessageKind,
    now: datetime,
) -> None:
    """Do what `notify` does for many at once: the same rows, in a few statements."""
    ids = new_ids("msg", len(tellings))
    same = (department_id, kind.value)
    messages = [
        (message_id, each.resident_id, *same, each.about_id, 1, each.facts, now)
        for message_id, each in zip(ids, tellings, strict=True)
    ]
    insert_rows(db, Message, (*MESSAGE, "created_at"), messages)
    owned = defaultdict(list)
    residents = {each.resident_id for each in tellings}
    for resident_id, device_id in db.execute(device_ids_among(residents)):
        owned[resident_id].append(device_id)
    pushes = [
        (message_id, device_id)
        for message_id, each in zip(ids, tellings, strict=True)
        for device_id in owned.get(each.resident_id, ())
    ]
    waiting = (DeliveryState.WAITING.value, now, 0)
    delivery_ids = new_ids("dlv", len(pushes))
    rows = [(id_, *push, *waiting) for id_, push in zip(delivery_ids, pushes, strict=True)]
    insert_rows(db, Delivery, DELIVERY, rows)
