"""Telling many at once writes what telling each by itself writes."""

from sqlalchemy import select

from backend.notifications import MessageKind, Telling, notify_many
from backend.notifications.models import Delivery, Message
from tests.notifications.town import Town

SAME = ("resident_id", "department_id", "kind", "about_id", "edition", "facts", "created_at")


def rows(town: Town, about_ids: list[str]) -> list[object]:
    """What was written of these, without the ids that differ by nature."""
    with town.database.transaction(read_only=True) as db:
        messages = db.scalars(select(Message).where(Message.about_id.in_(about_ids))).all()
        found: list[object] = []
        for message in messages:
            sent = select(Delivery).where(Delivery.message_id == message.id)
            pushes = sorted(
                (each.device_id, each.state, each.due_at, each.attempts, each.reason)
                for each in db.scalars(sent)
            )
            members = {name: getattr(message, name) for name in SAME if name != "about_id"}
            found.append((members, pushes))
        return found


def test_a_crowd_is_told_as_each_of_it_would_be(town: Town) -> None:
    residents = [town.resident("a1", "a2"), town.resident(), town.resident("c1")]
    singly = town.tell(*residents)
    facts = {"amount": "418.50", "due_on": "2026-12-20"}

    tellings = [Telling(id_, f"bill_{n}", facts) for n, id_ in enumerate(residents)]
    with town.database.transaction() as db:
        kind = MessageKind.BILL_NEW
        notify_many(db, tellings, department_id="WSD", kind=kind, now=town.now)

    told = rows(town, [each.about_id for each in tellings])
    assert len(told) == 3
    assert all(each in told for each in rows(town, singly))


def test_nobody_to_tell_is_nothing_to_do(town: Town) -> None:
    with town.database.transaction() as db:
        notify_many(db, [], department_id="WSD", kind=MessageKind.BILL_NEW, now=town.now)

    assert town.states() == []
