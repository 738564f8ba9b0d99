"""`ferry catalogue`: check the menu's content and publish it to the servers."""

from pathlib import Path
from typing import Any

import click

from backend.core.settings import CHECKOUT, data_dir_of
from backend.menu.content import read_catalogue
from backend.menu.published import catalogue_of
from backend.menu.published import publish as publish_document
from backend.menu.searches import ensure_found, read_searches
from backend.menu.sheets import ContentWrong

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group()
def catalogue() -> None:
    """The menu's content."""


def read_or_stop(folder: Path) -> dict[str, Any]:
    """Return the catalogue's document; print what is wrong, a sentence a line, and stop."""
    try:
        document = read_catalogue(folder)
        ensure_found(read_searches(folder), catalogue_of(document))
    except ContentWrong as error:
        raise click.ClickException(str(error)) from error
    return document


@catalogue.command()
@click.option("--catalogue", "folder", type=FOLDER, default=CHECKOUT / "catalogue")
def check(folder: Path) -> None:
    """Say in plain sentences what is wrong with the catalogue's files."""
    read_or_stop(folder)
    click.echo("The catalogue is sound.")


@catalogue.command()
@click.option("--catalogue", "folder", type=FOLDER, default=CHECKOUT / "catalogue")
@click.option("--to", "data_dir", type=click.Path(path_type=Path), default=None)
def publish(folder: Path, data_dir: Path | None) -> None:
    """Check the catalogue and hand it to the servers, which read it at their next start."""
    document = read_or_stop(folder)
    target = data_dir or data_dir_of()
    try:
        publish_document(document, target)
    except OSError as error:
        sentence = f"Nothing was published: {target} cannot be written ({error.strerror})."
        raise click.ClickException(sentence) from error
    click.echo(f"Published the catalogue, version {document['version']}.")
