"""`ferry intents`: check the staff's content, try it, publish it, and measure it."""

import click

from backend.assistant.commands.content import check, exam, format_, try_
from backend.assistant.commands.measuring import benchmark, evaluate
from backend.assistant.commands.missed import missed
from backend.assistant.commands.publishing import publish, releases, rollback


@click.group()
def intents() -> None:
    """The assistant's content."""


for command in (
    check,
    format_,
    try_,
    exam,
    publish,
    releases,
    rollback,
    evaluate,
    benchmark,
    missed,
):
    intents.add_command(command)
