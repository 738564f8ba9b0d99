"""`ferry intents missed`: what residents asked in vain, for the staff who write the phrases."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from itertools import groupby
from pathlib import Path

import click

from backend.assistant.commands.given import AS_JSON, RELEASES, encoder_or_stop, releases_dir, say
from backend.assistant.feedback.actions import forget_old
from backend.assistant.feedback.models import MissedQuestion, missed_since
from backend.assistant.feedback.rules import KEPT_FOR, Reason
from backend.assistant.releases.release import Release
from backend.assistant.releases.store import ReleaseBroken, load_current
from backend.assistant.reply import Answer
from backend.assistant.talk.dialogue import State, step
from backend.core import clock
from backend.core.languages import Language
from backend.core.office import rows_or_stop

FORGOTTEN_AT_ONCE = 10_000
WORDS_OF_REASON = {Reason.NONE: "no answer", Reason.NOT_HELPFUL: "not helpful"}


@dataclass(frozen=True)
class Shown:
    """A missed question, and what the current release would say to it today."""

    text: str
    language: str
    reason: str
    service: str | None
    release: str
    count: int
    first_on: str
    last_on: str
    outcome_today: str | None
    service_today: str | None


@click.command()
@click.option(
    "--days",
    type=click.IntRange(1, KEPT_FOR.days),
    default=KEPT_FOR.days,
    show_default=True,
    help="How many days to look back.",
)
@click.option(
    "--reason",
    type=click.Choice([reason.value for reason in Reason]),
    help="Only those with this reason.",
)
@RELEASES
@AS_JSON
def missed(days: int, reason: str | None, releases: Path | None, as_json: bool) -> None:
    """Show what was not understood or did not help, the most frequent first.

    Beside each stands what the current release would say to it today.
    """
    today = clock.hong_kong_date(clock.now())
    with rows_or_stop() as rows:
        with rows.transaction() as db:
            forget_old(db, today, FORGOTTEN_AT_ONCE)
        with rows.transaction(read_only=True) as db:
            found = db.scalars(missed_since(today - timedelta(days=days - 1), reason)).all()
    release = current_release(releases or releases_dir())
    shown = [as_shown(question, release) for question in found]
    if as_json:
        click.echo(json.dumps({"questions": [asdict(each) for each in shown]}, ensure_ascii=False))
        return
    if not shown:
        click.echo(f"Nothing was missed in the last {days} days.")
        return
    tell(shown)


def current_release(releases: Path) -> Release | None:
    """Return the release that answers today; None, and a word on why, where there is none."""
    try:
        return replace(load_current(releases), encoder=encoder_or_stop())
    except ReleaseBroken as error:
        say(f"What would be said today is not known: {error}")
        return None


def answer_today(release: Release, question: MissedQuestion) -> Answer:
    """Return what a conversation that begins with this question would be told today."""
    return step(release, State(), question.text, Language(question.language)).answer


def as_shown(question: MissedQuestion, release: Release | None) -> Shown:
    """Return what is shown of a missed question."""
    answer = answer_today(release, question) if release else None
    best = answer.choices[0].service if answer and answer.choices else None
    return Shown(
        text=question.text,
        language=question.language,
        reason=question.reason,
        service=question.service,
        release=question.release,
        count=question.count,
        first_on=question.first_on.isoformat(),
        last_on=question.last_on.isoformat(),
        outcome_today=answer.outcome if answer else None,
        service_today=best,
    )


def tell(shown: Sequence[Shown]) -> None:
    """Print missed questions, language by language. They come in that order."""
    for language, questions in groupby(shown, key=lambda each: each.language):
        click.echo(f"\n{language}")
        click.echo("  times  last        reason       question")
        for each in questions:
            reason = WORDS_OF_REASON[Reason(each.reason)]
            named = f" (named {each.service})" if each.service else ""
            click.echo(f"  {each.count:5}  {each.last_on}  {reason:11}  {each.text}{named}")
            if each.outcome_today:
                best = f": {each.service_today}" if each.service_today else ""
                click.echo(f"{'':34}today {each.outcome_today}{best}")
