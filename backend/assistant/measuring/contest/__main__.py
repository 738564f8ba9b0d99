"""The command behind `scripts/bench_assistant`: reads a set, runs the contest, writes it down."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import click

from backend.assistant.content.loading import ContentWrong, load_content
from backend.assistant.measuring.contest.entrants import (
    FERRY,
    IN_PYTHON,
    KEYS,
    Absent,
    Entrant,
    nlpjs,
)
from backend.assistant.measuring.contest.pages import keep
from backend.assistant.measuring.contest.results import result_of
from backend.assistant.measuring.contest.running import Broken, run
from backend.assistant.measuring.contest.sets import TextSet, set_of_content, set_of_files
from backend.assistant.measuring.contest.slips import homophones, lost_vowels, spoiled, typos
from backend.assistant.measuring.contest.table import for_terminal
from backend.assistant.measuring.questions import LineWrong
from backend.core import clock
from backend.core.settings import CHECKOUT, data_dir_of

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)
SHARE = click.FloatRange(0, 1)


@click.command()
@click.option("--train", type=FILE, help='Lines of {"text", "intent"} to learn.')
@click.option("--test", type=FILE, help="Such lines to be asked.")
@click.option("--oos", type=FILE, help="Such lines that no intent answers.")
@click.option("--name", help="What the set is called in the table.")
@click.option("--source", help="Where the set comes from.")
@click.option("--typos", "typo_share", type=SHARE, default=0.0)
@click.option("--drop-vowels", "vowel_share", type=SHARE, is_flag=False, flag_value=1, default=0.0)
@click.option("--homophones", "homophone_share", type=SHARE, default=0.0)
@click.option("--rival", "keys", type=click.Choice(KEYS), multiple=True, help="Only these.")
@click.option("--rounds", type=click.IntRange(1, 99), default=3, show_default=True)
@click.option("--seconds", type=click.FloatRange(0.1), default=90, show_default=True)
@click.option("--docs", type=FOLDER, default=CHECKOUT / "docs", help="Where page and plot go.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def main(
    *,
    train: Path | None,
    test: Path | None,
    oos: Path | None,
    name: str | None,
    source: str | None,
    typo_share: float,
    vowel_share: float,
    homophone_share: float,
    keys: tuple[str, ...],
    rounds: int,
    seconds: float,
    docs: Path,
    as_json: bool,
) -> None:
    """Measure the assistant's engine beside its rivals; see the head of scripts/bench_assistant."""
    texts = _texts(train, test, oos)
    texts = replace(texts, name=name or texts.name, source=source or texts.source)
    if texts.intents < 2 or not texts.test:
        raise click.ClickException("A contest needs phrases of two intents and one question.")
    texts, slips = _with_slips(texts, typo_share, vowel_share, homophone_share)
    entrants, absent = _entrants(frozenset(keys or KEYS))
    try:
        runs, failed = run(entrants, texts, rounds, seconds, _say)
    except Broken as error:
        raise click.ClickException(str(error)) from error
    result = result_of(
        texts, runs, slips=slips, absent=(*absent, *failed), today=clock.now().date()
    )
    keep(result, docs)
    click.echo(json.dumps(asdict(result)) if as_json else for_terminal(result))


def _texts(train: Path | None, test: Path | None, oos: Path | None) -> TextSet:
    """Read the set of the files, or make one of the checkout's content."""
    try:
        if train and test:
            return set_of_files(train, test, oos)
        if train or test or oos:
            raise click.UsageError("--train and --test belong together; --oos may be added.")
        return set_of_content(load_content(CHECKOUT / "intents"))
    except (LineWrong, ContentWrong) as error:
        raise click.ClickException(str(error)) from error


def _with_slips(
    texts: TextSet, typo_share: float, vowel_share: float, homophone_share: float
) -> tuple[TextSet, str]:
    """Spoil the questions, and say in words how."""
    among = [line.text for line in (*texts.train, *texts.test)] if homophone_share else []
    slips = (
        ("typos in {:.0%} of the words", typo_share, typos(typo_share)),
        ("no vowels in {:.0%} of the words", vowel_share, lost_vowels(vowel_share)),
        (
            "homophones for {:.0%} of the characters",
            homophone_share,
            homophones(homophone_share, among),
        ),
    )
    said = [words.format(share) for words, share, _ in slips if share]
    for _, share, spoil in slips:
        if share:
            texts = replace(texts, test=spoiled(texts.test, spoil))
    return texts, " and ".join(said)


def _entrants(keys: frozenset[str]) -> tuple[list[Entrant], list[str]]:
    """Return who takes part, Ferry always, and a sentence on each who cannot."""
    entrants = [entrant for entrant in IN_PYTHON if entrant.key in keys | {FERRY}]
    if "nlpjs" not in keys:
        return entrants, []
    try:
        return [*entrants, nlpjs(data_dir_of() / "bench", _say)], []
    except Absent as absent:
        _say(str(absent))
        return entrants, [str(absent)]


def _say(line: str) -> None:
    click.echo(f"  {line}", err=True)


if __name__ == "__main__":
    main()
