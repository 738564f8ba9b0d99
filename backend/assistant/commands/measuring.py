"""`ferry intents evaluate` and `benchmark`: figures for people, or one JSON object for programs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import click

from backend.assistant.commands.given import (
    AS_JSON,
    FILE,
    INTENTS,
    RELEASES,
    KnownServices,
    Unusable,
    release_for,
    say,
)
from backend.assistant.measuring.benchmark import benchmark as run_benchmark
from backend.assistant.measuring.evaluation import (
    Figures,
    Part,
    Tried,
    by_department,
    by_language,
    figures_of,
    try_all,
    worst_confusions,
)
from backend.assistant.measuring.questions import (
    Asked,
    LineWrong,
    read_labelled,
    read_questions,
)
from backend.assistant.releases.release import Release
from backend.assistant.router import ask
from backend.assistant.talk.dialogue import State, step
from backend.assistant.training.enough import TooLittle
from backend.core.languages import Language


@click.command()
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
    """Ask every question of FILES and print how well the answers fit, over all of them.

    Where a sentence encoder gives a second opinion, the same is told without it: it is worth its
    time only where it wins.
    """
    try:
        questions = [asked for path in files for asked in read_questions(path)]
    except LineWrong as error:
        raise Unusable(str(error)) from error
    release = release_for(folder, releases)
    tried = put_to(release, questions)
    alone = put_to(replace(release, meaning=None), questions) if release.meaning else []
    departments = by_department(tried, known_services() if known_services else {})
    if as_json:
        parts = {"languages": by_language(tried), "departments": departments}
        shown = {name: {k: asdict(v) for k, v in each.items()} for name, each in parts.items()}
        without = {"without_second_opinion": asdict(figures_of(alone))} if alone else {}
        click.echo(json.dumps({**asdict(figures_of(tried)), **shown, **without}))
        return
    report(tried, departments)
    if alone:
        click.echo("\nall, without the second opinion")
        show_figures(figures_of(alone))


def put_to(release: Release, questions: Sequence[Asked]) -> list[Tried]:
    """Ask `release` every question, as a question alone and as the first turn of a conversation."""
    return try_all(
        lambda text: ask(release, text),
        questions,
        lambda text: step(release, State(), text).answer,
    )


@click.command()
@click.option("--train", "train_file", type=FILE, required=True)
@click.option("--test", "test_file", type=FILE, required=True)
@click.option("--oos", "oos_file", type=FILE)
@AS_JSON
def benchmark(train_file: Path, test_file: Path, oos_file: Path | None, as_json: bool) -> None:
    """Hold the engine to a public set of {"text", "intent"} lines."""
    try:
        train_set, test_set = read_labelled(train_file), read_labelled(test_file)
        oos = [replace(each, intent=None) for each in read_labelled(oos_file)] if oos_file else []
        found = asdict(run_benchmark(train_set, test_set, oos, say))
    except (LineWrong, TooLittle) as error:
        raise Unusable(str(error)) from error
    shown = {name: value for name, value in found.items() if value is not None}
    if as_json:
        click.echo(json.dumps(shown))
        return
    for name, value in shown.items():
        click.echo(f"{name:18} {value}")


def report(tried: list[Tried], departments: Mapping[str, Part]) -> None:
    """Print the figures over all, per language and per department, then what is confused most."""
    for language in (None, *Language):
        some = [each for each in tried if language in (None, each.asked.language)]
        if not some:
            continue
        click.echo(f"\n{language or 'all'}")
        show_figures(figures_of(some))
    click.echo("\ndepartment      n  top1   top3")
    for name, part in sorted(departments.items(), key=lambda item: (item[1].top1, item[0])):
        click.echo(f"  {name:10} {part.n:4}  {part.top1:.3f}  {part.top3:.3f}")
    for wanted, got, questions in worst_confusions(tried):
        click.echo(f"\n{len(questions)} × {wanted} taken for {got}")
        for each in questions[:3]:
            like = each.answer.choices[0].why.phrase if each.answer.choices else ""
            click.echo(f"  “{each.asked.text}” looked like “{like}”")


def show_figures(figures: Figures) -> None:
    """Print figures, one a line."""
    for name, value in asdict(figures).items():
        click.echo(f"  {name:16} {'–' if value is None else value}")
