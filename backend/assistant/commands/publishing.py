"""`ferry intents publish`, `releases` and `rollback`: what the servers answer from, since when."""

import getpass
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import click

from backend.assistant.commands.given import (
    FILE,
    INTENTS,
    RELEASES,
    KnownServices,
    Unusable,
    digest_with,
    encoder_or_stop,
    ids_of,
    release_for,
    releases_dir,
    say,
    sound_or_stop,
    written_or_stop,
)
from backend.assistant.content.checks import check as check_content
from backend.assistant.content.intents import Content
from backend.assistant.measuring.gate import Compared, exam_share, first_right
from backend.assistant.measuring.questions import Asked, LineWrong, read_questions
from backend.assistant.releases import history
from backend.assistant.releases.history import Deed, Entry
from backend.assistant.releases.release import Release
from backend.assistant.releases.store import ReleaseBroken, is_whole, load_current, make_current
from backend.core import clock

BY = click.option("--by", metavar="NAME", help="Who does this; by default the user signed in here.")


@click.command()
@INTENTS
@click.option("--to", "releases", type=click.Path(file_okay=False, path_type=Path))
@click.option("--if-changed", is_flag=True, help="Do nothing where this content is current.")
@click.option(
    "--questions", "files", type=FILE, multiple=True, help="Questions that must not fare worse."
)
@click.option("--anyway", is_flag=True, help="Publish even what fares worse than the current one.")
@BY
@click.pass_obj
def publish(
    known_services: KnownServices,
    *,
    folder: Path,
    releases: Path | None,
    if_changed: bool,
    files: tuple[Path, ...],
    anyway: bool,
    by: str | None,
) -> None:
    """Check the content, train a release, hold it to the exam and make it the current one.

    Refused where the exam, or the right first choice on any file of --questions, falls by more
    than one point under the current release's.
    """
    place = releases or releases_dir()
    if if_changed and is_current(place, digest_with(folder, encoder_or_stop())):
        click.echo("The current release is that of this content.", err=True)
        return
    content = sound_or_stop(folder)
    problems = check_content(content, ids_of(known_services))
    if problems:
        raise click.ClickException("\n".join(map(str, problems)))
    questions = {path.name: questions_or_stop(path) for path in files}
    release = release_for(folder, place)
    exam, *others = compare(release, place, content, questions)
    worse = [each for each in (exam, *others) if each.has_fallen]
    for each in (exam, *others):
        say(f"{each}{' (worse)' if each in worse else ''}")
    if worse and not anyway:
        sentence = "This release fares worse than the current one, which stays. See to it, or"
        raise click.ClickException(f"{sentence} publish it --anyway.")
    switch(place, place / f"release-{release.version}", Deed.PUBLISH, by, exam.after)
    click.echo(f"release-{release.version} is the current release.")


@click.command()
@RELEASES
def releases(releases: Path | None) -> None:
    """List the stored releases, the one published last first; * marks the current one."""
    folder = releases or releases_dir()
    current = history.current_version(folder)
    told = {entry.version: entry for entry in history.entries(folder)}
    newest_first = [entry.version for entry in reversed(history.entries(folder))]
    stored = [history.version_of(place) for place in reversed(history.stored(folder))]
    for version in dict.fromkeys((*newest_first, *stored)):
        if version not in stored:
            continue
        place = folder / f"release-{version}"
        mark = "*" if version == current else " "
        broken = "" if is_whole(place) else "  damaged, or of another version of Ferry"
        click.echo(f"{mark} {version}  {described(told.get(version))}{broken}")


@click.command()
@click.argument("version", required=False)
@RELEASES
@BY
def rollback(version: str | None, releases: Path | None, by: str | None) -> None:
    """Go back to the release before the current one, or to VERSION; a matter of seconds."""
    folder = releases or releases_dir()
    try:
        place = history.place_of(folder, version) if version else history.previous_place(folder)
    except ReleaseBroken as error:
        raise click.ClickException(str(error)) from error
    before = history.current_version(folder) or "none"
    known = history.latest(folder, history.version_of(place))
    switch(folder, place, Deed.ROLLBACK, by, known.exam if known else None)
    click.echo(f"{place.name} is the current release again; it was {before}.")


def switch(folder: Path, place: Path, deed: Deed, by: str | None, exam: float | None) -> None:
    """Make a stored release current, write that down, and remove what nobody will want back."""
    with written_or_stop(), history.turn(folder):
        if not is_whole(place):
            raise click.ClickException(f"{place.name} is no longer stored here. Publish again.")
        make_current(place)
        at = clock.now().isoformat(timespec="seconds")
        try:
            history.remember(
                folder, Entry(history.version_of(place), deed, at, by or signed_in(), exam)
            )
        except OSError as error:
            say(f"This could not be written into {history.HISTORY}: {error.strerror}.")
        history.prune(folder)


def compare(
    release: Release, folder: Path, content: Content, questions: dict[str, list[Asked]]
) -> list[Compared]:
    """Hold `release` beside the current one, the exam first; where none is, nothing is known.

    Both are asked with the encoder of `release`, which the servers run.
    """
    try:
        current = replace(load_current(folder), encoder=release.encoder)
    except ReleaseBroken:
        current = None
    known = history.latest(folder, current.version) if current else None
    exam = known.exam if known else None
    if current and exam is None:
        exam = exam_share(current, content)
    return [
        Compared("Exam", exam, exam_share(release, content)),
        *(
            Compared(
                name, first_right(current, asked) if current else None, first_right(release, asked)
            )
            for name, asked in questions.items()
        ),
    ]


def questions_or_stop(path: Path) -> list[Asked]:
    """Return the questions of a file, or say which line is wrong, and stop."""
    try:
        return read_questions(path)
    except LineWrong as error:
        raise Unusable(str(error)) from error


def is_current(folder: Path, digest: str) -> bool:
    """Say whether the current release was trained from the content with this digest."""
    try:
        return load_current(folder).content == digest
    except ReleaseBroken:
        return False


def signed_in() -> str:
    """Return the name of the user of this machine who gives the command."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def described(entry: Entry | None) -> str:
    """Put into words how a release came to be current."""
    if entry is None:
        return "never published"
    when = datetime.fromisoformat(entry.at).astimezone(clock.HONG_KONG)
    exam = "unknown" if entry.exam is None else f"{entry.exam:.1%}"
    verb = {Deed.PUBLISH: "published", Deed.ROLLBACK: "gone back to"}[entry.deed]
    return f"{verb} {when:%Y-%m-%d %H:%M} HKT by {entry.by}, exam {exam}"
