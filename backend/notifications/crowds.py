"""Telling a thousand residents at once, each of something of their own."""

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from sqlalchemy import Update, bindparam, select, update
from sqlalchemy.orm import Session

from backend.accounts import device_ids_among
from backend.core.bulk import insert_rows, is_among
from backend.core.clock import new_ids
from backend.notifications.codes import new_codes
from backend.notifications.models import Message
from backend.notifications.outbox.dropping import drop_unsent
from backend.notifications.outbox.models import Delivery
from backend.notifications.outbox.rules import ORDINARY, DeliveryState, Queue
from backend.notifications.rules import STANDINGS, MessageKind


@dataclass(frozen=True, slots=True)
class Telling:
    """What one of many residents is told of: the row it is about, and what fills the text."""

    resident_id: str
    about_id: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Batch:
    """What the messages of one batch have in common; a push's turn lies in the time that `spread` is.

    `spread` in seconds, from `push_from` on, which is now where it is not given. Where they tell
    how things stand of which something was told before, they `replaces` that, as `notify` does.
    """

    department_id: str
    kind: MessageKind
    now: datetime
    run_id: str = ""
    edition: int = 1
    push_from: datetime | None = None
    spread_seconds: int = 0
    replaces: bool = False


MESSAGE = ("id", "resident_id", "department_id", "kind", "about_id", "edition", "facts")
DELIVERY = ("id", "message_id", "device_id", "due_at", "queue", "state", "attempts", "faults")


def notify_many(db: Session, tellings: Sequence[Telling], batch: Batch) -> int:
    """Do what `notify` does for many at once: the same rows, in a few statements.

    Where the batch does not replace, nothing was told before of what these are about. Each thing
    stands in a batch once. Returns how many pushes wait for it.
    """
    ids = new_ids("msg", len(tellings))
    same = (batch.department_id, batch.kind.value)
    messages = [
        (message_id, each.resident_id, *same, each.about_id, batch.edition, each.facts, code)
        for message_id, each, code in zip(ids, tellings, new_codes(len(ids)), strict=True)
    ]
    rows = [(*message, batch.now) for message in messages]
    insert_rows(db, Message, (*MESSAGE, "check_code", "created_at"), rows)
    if batch.replaces:
        about_ids = [each.about_id for each in tellings]
        # Deliveries first: a worker that claims one holds it while it marks its message.
        drop_unsent(db, about_ids, STANDINGS, batch.now)
        keys = ((each.about_id, each.resident_id) for each in tellings)
        _take_the_place(db, dict(zip(keys, ids, strict=True)), batch)
    owned = defaultdict(list)
    residents = {each.resident_id for each in tellings}
    for resident_id, device_id in db.execute(device_ids_among(residents)):
        owned[resident_id].append(device_id)
    pushes = [
        (message_id, device_id)
        for message_id, each in zip(ids, tellings, strict=True)
        for device_id in owned.get(each.resident_id, ())
    ]
    _push_later(db, pushes, batch)
    return len(pushes)


def _take_the_place(db: Session, newer: Mapping[tuple[str, str], str], batch: Batch) -> None:
    """Put messages in the place of those before them, as `earlier_standings` does for one.

    `newer` by what each is about and whose it is. Found first and changed by their ids then: of rows
    as new as these PostgreSQL knows too little to join them well.
    """
    earlier = select(Message.id, Message.about_id, Message.resident_id).where(
        is_among(Message.about_id, {about_id for about_id, _ in newer}),
        Message.kind.in_(STANDINGS),
        Message.replaced_by.is_(None),
    )
    news = set(newer.values())
    places = [
        {"earlier": id_, "newer": newer[about_id, resident_id]}
        for id_, about_id, resident_id in db.execute(earlier)
        if id_ not in news and (about_id, resident_id) in newer
    ]
    if places:
        db.connection().execute(_replacing(batch.now), sorted(places, key=itemgetter("earlier")))


def _replacing(now: datetime) -> Update:
    return (
        update(Message)
        .where(Message.id == bindparam("earlier"), Message.replaced_by.is_(None))
        .values(replaced_by=bindparam("newer"), changed_at=now)
    )


def _push_later(db: Session, pushes: Sequence[tuple[str, str]], batch: Batch) -> None:
    queue = Queue(ORDINARY, batch.department_id, batch.run_id).name
    waiting = (queue, DeliveryState.WAITING.value, 0, 0)
    begin = batch.push_from or batch.now
    delivery_ids = new_ids("dlv", len(pushes))
    rows = [
        (id_, *push, begin + timedelta(seconds=_place(batch)), *waiting)
        for id_, push in zip(delivery_ids, pushes, strict=True)
    ]
    insert_rows(db, Delivery, DELIVERY, rows)


def _place(batch: Batch) -> int:
    """Return a push's place in the time over which its batch is spread."""
    return random.randrange(batch.spread_seconds) if batch.spread_seconds else 0  # noqa: S311
