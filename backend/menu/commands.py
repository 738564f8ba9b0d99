"""`ferry catalogue`: check the menu's content and publish it to the servers."""

from pathlib import Path

import click

from backend.core.settings import CHECKOUT, data_dir_of
from backend.core.staff_yaml import ContentWrong
from backend.menu.content import read_catalogue
from backend.menu.published import publish as publish_document

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group()
def catalogue() -> None:
    """The menu's content."""


def read_or_stop(folder: Path) -> dict[str, object]:
    """Return the catalogue's document; print what is wrong, a sentence a line, and stop."""
    try:
        return read_catalogue(folder)
    except ContentWrong as error:
        raise click.ClickException(str(error)) from error


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
    publish_document(document, data_dir or data_dir_of())
    click.echo(f"Published the catalogue, version {document['version']}.")
