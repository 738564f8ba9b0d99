"""`ferry intents`: check the staff's content, try it, publish it, and measure it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path

import click

from backend.assistant.content.checks import check as check_content
from backend.assistant.content.intents import Content
from backend.assistant.content.loading import ContentWrong, load_content, load_sound_content
from backend.assistant.content.reading import digest_of
from backend.assistant.measuring.benchmark import benchmark as run_benchmark
from backend.assistant.measuring.evaluation import (
    Part,
    Tried,
    by_department,
    by_language,
    figures_of,
    try_all,
    worst_confusions,
)
from backend.assistant.measuring.exam import sit
from backend.assistant.measuring.questions import LineWrong, read_labelled, read_questions
from backend.assistant.release import Release
from backend.assistant.router import ask
from backend.assistant.store import (
    ReleaseBroken,
    find_release,
    load_current,
    make_current,
    prune,
    save,
)
from backend.assistant.training import train
from backend.core.languages import Language
from backend.core.settings import CHECKOUT, data_dir_of

INTENTS = click.option(
    "--intents",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=CHECKOUT / "intents",
    help="The folder of the content.",
)
RELEASES = click.option(
    "--releases",
    type=click.Path(file_okay=False, path_type=Path),
    default=None,
    help="Where releases are kept; by default in Ferry's data folder.",
)
# What `ferry` hands in, as it knows the catalogue: service -> the department that offers it.
KnownServices = Callable[[], Mapping[str, str]] | None
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


class Unusable(click.ClickException):
    """What was handed in cannot be used."""

    exit_code = 2


def say(line: str) -> None:
    """Tell the operator what is going on, apart from what a program reads."""
    click.echo(line, err=True)


@click.group()
def intents() -> None:
    """The assistant's content."""


@intents.command()
@INTENTS
@click.pass_obj
def check(known_services: KnownServices, folder: Path) -> None:
    """Say everything that is wrong with the content; exit 1 if anything is."""
    content, problems = load_sound_content(folder)
    problems = (*problems, *check_content(content, ids_of(known_services)))
    for problem in sorted(problems):
        click.echo(str(problem))
    if problems:
        raise click.exceptions.Exit(1)
    click.echo(f"{len(content.intents)} intents and {len(content.crises)} crises are in order.")


@intents.command()
@INTENTS
@RELEASES
def exam(folder: Path, releases: Path | None) -> None:
    """Ask every `finds` and `misses` line, and say which of them fail."""
    result = sit(release_for(folder, releases), sound_or_stop(folder))
    for problem in result.failed:
        click.echo(str(problem))
    click.echo(f"{result.tried - len(result.failed)} of {result.tried} lines are right.")


@intents.command(name="try")
@click.argument("text")
@INTENTS
@RELEASES
def try_(text: str, folder: Path, releases: Path | None) -> None:
    """Show what the assistant would say to TEXT, and why."""
    answer = ask(release_for(folder, releases), text)
    click.echo(str(answer.outcome) + (f": {answer.crisis.kind}" if answer.crisis else ""))
    for choice in answer.choices:
        words = ", ".join(choice.why.words)
        click.echo(
            f"{choice.confidence:6.1%}  {choice.service}  ({words}) like “{choice.why.phrase}”"
        )


@intents.command()
@INTENTS
@click.option("--to", "releases", type=click.Path(file_okay=False, path_type=Path))
@click.option("--if-changed", is_flag=True, help="Do nothing where this content is current.")
@click.pass_obj
def publish(
    known_services: KnownServices, folder: Path, releases: Path | None, if_changed: bool
) -> None:
    """Check the content, train a release and make it the current one."""
    if if_changed and is_current(releases or releases_dir(), digest_of(folder)):
        click.echo("The current release is that of this content.", err=True)
        return
    content = sound_or_stop(folder)
    problems = check_content(content, ids_of(known_services))
    if problems:
        raise click.ClickException("\n".join(map(str, problems)))
    place = save(train(content, say), releases or releases_dir())
    make_current(place)
    prune(place.parent)
    click.echo(f"{place.name} is the current release.")


@intents.command()
@click.argument("files", nargs=-1, required=True, type=FILE)
@INTENTS
@RELEASES
@AS_JSON
@click.pass_obj
def evaluate(
    known_services: KnownServices,
    files: tuple[Path, ...],
    folder: Path,
    releases: Path | None,
    as_json: bool,
) -> None:
    """Ask every question of FILES and print how well the answers fit, over all of them."""
    try:
        questions = [asked for path in files for asked in read_questions(path)]
    except LineWrong as error:
        raise Unusable(str(error)) from error
    release = release_for(folder, releases)
    tried = try_all(lambda text: ask(release, text), questions)
    departments = by_department(tried, known_services() if known_services else {})
    if as_json:
        parts = {"languages": by_language(tried), "departments": departments}
        shown = {name: {k: asdict(v) for k, v in each.items()} for name, each in parts.items()}
        click.echo(json.dumps({**asdict(figures_of(tried)), **shown}))
        return
    report(tried, departments)


@intents.command()
@click.option("--train", "train_file", type=FILE, required=True)
@click.option("--test", "test_file", type=FILE, required=True)
@click.option("--oos", "oos_file", type=FILE)
@AS_JSON
def benchmark(train_file: Path, test_file: Path, oos_file: Path | None, as_json: bool) -> None:
    """Hold the engine to a public set of {"text", "intent"} lines."""
    try:
        train_set, test_set = read_labelled(train_file), read_labelled(test_file)
        oos = [replace(each, intent=None) for each in read_labelled(oos_file)] if oos_file else []
    except LineWrong as error:
        raise Unusable(str(error)) from error
    found = asdict(run_benchmark(train_set, test_set, oos, say))
    shown = {name: value for name, value in found.items() if value is not None}
    if as_json:
        click.echo(json.dumps(shown))
        return
    for name, value in shown.items():
        click.echo(f"{name:18} {value}")


def releases_dir() -> Path:
    """Return where releases stand in Ferry's data folder."""
    return data_dir_of() / "releases"


def is_current(releases: Path, digest: str) -> bool:
    """Say whether the current release was trained from the content with this digest."""
    try:
        return load_current(releases).content == digest
    except ReleaseBroken:
        return False


def ids_of(known_services: KnownServices) -> frozenset[str] | None:
    """Return the ids of the catalogue's services, None where nobody knows them."""
    return frozenset(known_services()) if known_services else None


def sound_or_stop(folder: Path) -> Content:
    """Return the content, or print what is wrong, a sentence a line, and stop."""
    try:
        return load_content(folder)
    except ContentWrong as error:
        raise click.ClickException(str(error)) from error


def release_for(folder: Path, releases: Path | None) -> Release:
    """Return the release of today's content: the stored one if it is, else a new one, kept.

    A release is kept under the hash of its content, so that asking twice trains once; what the
    servers use is changed by `publish` alone.
    """
    place = releases or releases_dir()
    digest = digest_of(folder)
    try:
        return find_release(place, digest)
    except ReleaseBroken:
        say("No release of today's content is stored; training one.")
    release = train(sound_or_stop(folder), say)
    save(release, place)
    prune(place)
    return release


def report(tried: list[Tried], departments: Mapping[str, Part]) -> None:
    """Print the figures over all, per language and per department, then what is confused most."""
    for language in (None, *Language):
        some = [each for each in tried if language in (None, each.asked.language)]
        if not some:
            continue
        click.echo(f"\n{language or 'all'}")
        for name, value in asdict(figures_of(some)).items():
            click.echo(f"  {name:16} {'–' if value is None else value}")
    click.echo("\ndepartment      n  top1   top3")
    for name, part in sorted(departments.items(), key=lambda item: (item[1].top1, item[0])):
        click.echo(f"  {name:10} {part.n:4}  {part.top1:.3f}  {part.top3:.3f}")
    for wanted, got, questions in worst_confusions(tried):
        click.echo(f"\n{len(questions)} × {wanted} taken for {got}")
        for each in questions[:3]:
            like = each.answer.choices[0].why.phrase if each.answer.choices else ""
            click.echo(f"  “{each.asked.text}” looked like “{like}”")
