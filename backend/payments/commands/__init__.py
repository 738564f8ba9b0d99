"""`ferry payments`: what operators see of the money, and what they may do about it."""

import click

from backend.payments.commands.books import books, settlement
from backend.payments.commands.held import held, replay_event
from backend.payments.commands.parity import close, parity, worklist
from backend.payments.commands.refunding import approve, decline, refund, refunds


@click.group()
def payments() -> None:
    """Money that is held, refunds, the books and how they stand beside the bank's."""


for command in (
    held,
    refund,
    approve,
    decline,
    refunds,
    parity,
    worklist,
    close,
    settlement,
    books,
    replay_event,
):
    payments.add_command(command)
