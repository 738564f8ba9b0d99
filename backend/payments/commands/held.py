"""`ferry payments held`: the quarantine of money and of callbacks, and the way out of it."""

import click
from sqlalchemy import Select, func, select, update

from backend.core import clock
from backend.core.database import after_commit
from backend.core.office import office, rows_or_stop
from backend.payments.callbacks.models import BankEvent
from backend.payments.callbacks.rules import EventState
from backend.payments.commands.given import AS_JSON, age, money, tell
from backend.payments.models import BankCredit, returned_by_credit

MOST_SHOWN = 500


@click.command()
@AS_JSON
def held(as_json: bool) -> None:
    """Show what is held: money that settled no bill, and callbacks that could not be acted upon."""
    with rows_or_stop() as rows, rows.transaction(read_only=True) as db:
        waiting = [
            {
                "id": credit.id,
                "age": age(credit.paid_at),
                "amount": money(int(left), credit.currency),
                "reason": credit.hold_reason,
                "reference": credit.reference,
                "fps_reference": credit.fps_reference,
            }
            for credit, left in db.execute(held_credits())
        ]
        events = [
            {
                "id": event.id,
                "age": age(event.received_at),
                "amount": None,
                "reason": event.reason,
                "reference": event.event_id,
                "fps_reference": None,
            }
            for event in db.scalars(quarantined_events())
        ]
    tell([*waiting, *events], as_json=as_json, none="Nothing is held.")


@click.command("replay-event")
@click.argument("event_id", metavar="EVENT")
def replay_event(event_id: str) -> None:
    """Act once more upon EVENT, a callback of the bank that was put aside."""
    again = (
        update(BankEvent)
        .where(BankEvent.id == event_id, BankEvent.state == EventState.QUARANTINED)
        .values(state=EventState.STORED, due_at=clock.now(), tries=0, reason=None, applied_at=None)
        .returning(BankEvent.id)
    )
    with office() as (rows, ring), rows.transaction() as db:
        if db.scalars(again).one_or_none() is None:
            raise click.ClickException(f"There is no quarantined event {event_id}.")
        after_commit(db, ring)
    click.echo(f"{event_id} waits for the worker, which acts upon it now.")


def held_credits() -> Select[BankCredit, int]:
    """Money of which something is still held, the oldest first, with how much, in cents."""
    returned = returned_by_credit().subquery()
    left = BankCredit.held_cents - func.coalesce(returned.c.cents, 0)
    rows = select(BankCredit, left).outerjoin(returned, returned.c.credit_id == BankCredit.id)
    return rows.where(left != 0).order_by(BankCredit.id).limit(MOST_SHOWN)


def quarantined_events() -> Select[BankEvent]:
    """Callbacks that were put aside, the oldest first."""
    return (
        select(BankEvent)
        .where(BankEvent.state == EventState.QUARANTINED)
        .order_by(BankEvent.id)
        .limit(MOST_SHOWN)
    )
