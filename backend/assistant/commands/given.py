"""What every command of `ferry intents` is given: the content, the releases, and how it stops."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click

from backend.assistant.content.intents import Content
from backend.assistant.content.loading import ContentWrong, load_content
from backend.assistant.content.reading import digest_of
from backend.assistant.meaning import Encoder, EncoderMissing, load_encoder
from backend.assistant.releases import history
from backend.assistant.releases.release import Release
from backend.assistant.releases.store import ReleaseBroken, find_release, save
from backend.assistant.training import train
from backend.assistant.training.enough import TooLittle
from backend.core.settings import CHECKOUT, data_dir_of, sentence_encoder_of

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


def releases_dir() -> Path:
    """Return where releases stand in Ferry's data folder."""
    return data_dir_of() / "releases"


def ids_of(known_services: KnownServices) -> frozenset[str] | None:
    """Return the ids of the catalogue's services, None where nobody knows them."""
    return frozenset(known_services()) if known_services else None


def sound_or_stop(folder: Path) -> Content:
    """Return the content, or print what is wrong, a sentence a line, and stop."""
    try:
        return load_content(folder)
    except ContentWrong as error:
        raise click.ClickException(str(error)) from error


@contextmanager
def written_or_stop() -> Iterator[None]:
    """Stop with a sentence where the disk takes no more; what was current stays so."""
    try:
        yield
    except OSError as error:
        sentence = f"This could not be written: {error.strerror}. What stood before, stands."
        raise click.ClickException(sentence) from error


def release_for(folder: Path, releases: Path | None) -> Release:
    """Return the release of today's content: the stored one if it is, else a new one, kept.

    A release is kept under the hash of its content, so that asking twice trains once; what the
    servers use is changed by `publish` alone.
    """
    place, encoder = releases or releases_dir(), encoder_or_stop()
    digest = digest_with(folder, encoder)
    try:
        return replace(find_release(place, digest), encoder=encoder)
    except ReleaseBroken:
        say("No release of today's content is stored; training one.")
    try:
        release = train(replace(sound_or_stop(folder), digest=digest), say, encoder)
    except TooLittle as error:
        raise click.ClickException(str(error)) from error
    with written_or_stop(), history.turn(place):
        save(release, place)
        history.prune(place)
    return replace(release, encoder=encoder)


def encoder_or_stop() -> Encoder | None:
    """Return the sentence encoder of the settings, None where none is set, or stop."""
    named = sentence_encoder_of()
    try:
        return load_encoder(named) if named else None
    except EncoderMissing as error:
        raise Unusable(str(error)) from error


def digest_with(folder: Path, encoder: Encoder | None) -> str:
    """Return the hash of all that a release is made from: the content, and the encoder if any."""
    content = digest_of(folder)
    if encoder is None:
        return content
    return hashlib.sha256(f"{content} {encoder.digest}".encode()).hexdigest()
