"""Writes the description of the API from the code."""

from pathlib import Path

import click

from backend.app import describe_api
from backend.core.description import write_yaml
from backend.core.settings import CHECKOUT


@click.command()
@click.option("--to", "path", type=click.Path(path_type=Path), default=CHECKOUT / "openapi.yaml")
@click.option("--check", is_flag=True, help="Only say whether the file is up to date.")
def openapi(path: Path, check: bool) -> None:
    """Write openapi.yaml from the code."""
    text = write_yaml(describe_api())
    if not check:
        path.write_text(text)
        click.echo(f"Wrote {path.name}.", err=True)
        return
    if not path.exists() or path.read_text() != text:
        raise click.ClickException("openapi.yaml is not what the code says. Run `ferry openapi`.")
    click.echo("openapi.yaml is what the code says.", err=True)
