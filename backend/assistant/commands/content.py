"""`ferry intents check`, `format`, `try` and `exam`: what staff do before they publish."""

from pathlib import Path

import click

from backend.assistant.commands.given import (
    INTENTS,
    RELEASES,
    KnownServices,
    ids_of,
    release_for,
    say,
    sound_or_stop,
    written_or_stop,
)
from backend.assistant.content.checks import check as check_content
from backend.assistant.content.formatting import format_files
from backend.assistant.content.loading import load_sound_content
from backend.assistant.content.nearness import warn_of_near
from backend.assistant.measuring.exam import sit
from backend.assistant.router import ask
from backend.assistant.talk.dialogue import State, step


@click.command()
@INTENTS
@click.pass_obj
def check(known_services: KnownServices, folder: Path) -> None:
    """Say everything that is wrong with the content; exit 1 if anything is."""
    content, problems = load_sound_content(folder)
    problems = (*problems, *check_content(content, ids_of(known_services)))
    for warning in warn_of_near(content):
        say(f"Look again: {warning}")
    for problem in sorted(problems):
        click.echo(str(problem))
    if problems:
        raise click.exceptions.Exit(1)
    click.echo(f"{len(content.intents)} intents and {len(content.crises)} crises are in order.")


@click.command(name="format")
@INTENTS
@click.option("--check", "only_check", is_flag=True, help="Change nothing; exit 1 if it would.")
def format_(folder: Path, only_check: bool) -> None:
    """Lay the files out in one way, without changing what they say; exit 1 for a broken one."""
    with written_or_stop():
        changed, problems = format_files(folder, write=not only_check)
    for name in changed:
        click.echo(f"{name}: {'its layout differs.' if only_check else 'laid out.'}")
    for problem in problems:
        click.echo(str(problem))
    if problems or (changed and only_check):
        raise click.exceptions.Exit(1)
    if not changed:
        click.echo("Every file has its layout.")


@click.command()
@INTENTS
@RELEASES
def exam(folder: Path, releases: Path | None) -> None:
    """Ask every `finds` and `misses` line, and say which of them fail."""
    result = sit(release_for(folder, releases), sound_or_stop(folder))
    for problem in result.failed:
        click.echo(str(problem))
    click.echo(f"{result.tried - len(result.failed)} of {result.tried} lines are right.")


@click.command(name="try")
@click.argument("text")
@INTENTS
@RELEASES
def try_(text: str, folder: Path, releases: Path | None) -> None:
    """Show what the assistant would say to TEXT, and why."""
    release = release_for(folder, releases)
    taken = step(release, State(), text)
    answer, heard = taken.answer, taken.heard
    click.echo(str(answer.outcome) + (f": {answer.crisis.kind}" if answer.crisis else ""))
    if heard:
        says = release.sayings[heard.id].says
        click.echo(f"talk: {heard.id}" + (f"  “{says.en}”" if says else ""))
    for choice in ask(release, text).choices:
        words = ", ".join(choice.why.words)
        click.echo(
            f"{choice.confidence:6.1%}  {choice.service}  ({words}) like “{choice.why.phrase}”"
        )
