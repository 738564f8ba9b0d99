"""Telling many at once writes what telling each by itself writes."""

from sqlalchemy import select

from backend.notifications import Batch, MessageKind, Telling, notify_many
from backend.notifications.models import Message
from backend.notifications.outbox.models import Delivery
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
                (each.device_id, each.queue, each.state, each.due_at, each.attempts, each.reason)
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
        pushes = notify_many(db, tellings, Batch("WSD", MessageKind.BILL_NEW, town.now))

    told = rows(town, [each.about_id for each in tellings])
    assert len(told) == pushes == 3
    assert all(each in told for each in rows(town, singly))


def test_nobody_to_tell_is_nothing_to_do(town: Town) -> None:
    with town.database.transaction() as db:
        notify_many(db, [], Batch("WSD", MessageKind.BILL_NEW, town.now))

    assert town.states() == []


def test_a_crowd_is_told_anew_in_the_place_of_what_each_was_told_before(town: Town) -> None:
    residents = [town.resident("a1", "a2"), town.resident(), town.resident("c1")]
    bills = town.tell(*residents)
    facts = {"amount": "418.50", "due_on": "2026-11-26"}
    tellings = [Telling(*each, facts) for each in zip(residents, bills, strict=True)]
    batch = Batch("WSD", MessageKind.BILL_DUE_SOON, town.now, edition=7, replaces=True)

    with town.database.transaction() as db:
        pushes = notify_many(db, tellings, batch)

    with town.database.transaction(read_only=True) as db:
        stands = {
            each.about_id: each for each in db.scalars(select(Message)) if not each.replaced_by
        }
        before = [each for each in db.scalars(select(Message)) if each.replaced_by]
        assert pushes == 3
        assert {each.kind for each in stands.values()} == {MessageKind.BILL_DUE_SOON}
        assert {each.about_id: each.replaced_by for each in before} == {
            bill: stands[bill].id for bill in bills
        }
    assert sorted(state for state, _ in town.states()) == ["dropped"] * 3 + ["waiting"] * 3
