"""`ferry payments refund`, `approve`, `decline`, `refunds`: held money goes back, by two operators."""

import click

from backend.core import clock
from backend.core.office import office, rows_or_stop
from backend.payments.commands.given import AS_JSON, OPERATOR, YES, cents_of, confirm, money, tell
from backend.payments.models import BankCredit, Refund
from backend.payments.refunds import actions
from backend.payments.refunds.models import refunds_newest_first
from backend.payments.refunds.rules import RefundNotFound
from backend.payments.rules import RefundState

MOST_SHOWN = 200


@click.command()
@click.argument("credit_id", metavar="CREDIT")
@click.option("--reason", required=True, help="Why, for whoever approves.")
@click.option(
    "--amount",
    "amount_cents",
    metavar="AMOUNT",
    callback=cents_of,
    help="How much, in the money's own currency; all that is held when left out.",
)
@OPERATOR
def refund(credit_id: str, reason: str, amount_cents: int | None, operator: str) -> None:
    """Ask for held money to go back; another operator must approve it."""
    with rows_or_stop() as rows, rows.transaction() as db:
        asked = actions.ask_refund(
            db, credit_id, amount_cents, reason, operator=operator, now=clock.now()
        )
        currency = db.get_one(BankCredit, credit_id).currency
    click.echo(f"{asked.id}: {money(asked.amount_cents, currency)} is to go back.")
    click.echo(f"Another operator: ferry payments approve {asked.id} --as NAME", err=True)


@click.command()
@click.argument("refund_id", metavar="REFUND")
@OPERATOR
@YES
def approve(refund_id: str, operator: str, yes: bool) -> None:
    """Approve REFUND, which another operator asked for; the worker tells the bank at once."""
    with office() as (rows, ring):
        with rows.transaction(read_only=True) as db:
            asked = db.get(Refund, refund_id)
            if asked is None:
                raise RefundNotFound
            currency = db.get_one(BankCredit, asked.credit_id).currency
        why = "".join(each for each in asked.reason if each.isprintable())
        what = money(asked.amount_cents, currency)
        what += f" of {asked.credit_id} ({why}, says {asked.asked_by})"
        confirm(f"Send {what} back?", yes=yes)
        with rows.transaction() as db:
            actions.approve_refund(db, refund_id, operator, clock.now(), ring)
    click.echo(f"{refund_id} is approved.")


@click.command()
@click.argument("refund_id", metavar="REFUND")
@OPERATOR
def decline(refund_id: str, operator: str) -> None:
    """Drop REFUND before it is approved; its money stays held."""
    with rows_or_stop() as rows, rows.transaction() as db:
        declined = actions.decline_refund(db, refund_id, operator, clock.now())
    click.echo(f"{refund_id} is declined, by {declined.declined_by}.")


@click.command()
@click.option("--state", type=click.Choice([state.value for state in RefundState]))
@AS_JSON
def refunds(state: str | None, as_json: bool) -> None:
    """Show refunds, the newest first."""
    wanted = refunds_newest_first(RefundState(state) if state else None, MOST_SHOWN)
    with rows_or_stop() as rows, rows.transaction(read_only=True) as db:
        shown = [
            {
                "id": each.id,
                "credit": each.credit_id,
                "amount": money(each.amount_cents, currency),
                "state": each.state,
                "reason": each.reason,
                "asked_by": each.asked_by,
                "approved_by": each.approved_by,
                "declined_by": each.declined_by,
                "bank_says": each.bank_reason,
            }
            for each, currency in db.execute(wanted)
        ]
    tell(shown, as_json=as_json, none="There are no refunds.")
