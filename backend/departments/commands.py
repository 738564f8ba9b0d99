"""`ferry departments`: give a department's system its credentials, or take them back."""

import difflib
from collections.abc import Callable, Mapping

import click

from backend.core import clock
from backend.core.database import Database
from backend.core.settings import SettingsWrong, read_settings
from backend.departments import actions, rules


@click.group()
def departments() -> None:
    """Departments' systems and their credentials."""


@departments.command()
@click.argument("department_id", metavar="DEPARTMENT")
@click.option(
    "--scope", "scopes", multiple=True, required=True, type=click.Choice(sorted(rules.SCOPES))
)
@click.pass_obj
def admit(
    known_services: Callable[[], Mapping[str, str]], department_id: str, scopes: tuple[str, ...]
) -> None:
    """Make credentials for a system of DEPARTMENT, such as WSD. The secret is shown this once."""
    ensure_department(department_id, frozenset(known_services().values()))
    database = database_or_stop()
    with database.transaction() as db:
        client_id, secret = actions.admit_client(db, department_id, frozenset(scopes), clock.now())
    database.close()
    click.echo(f"client_id      {client_id}\nclient_secret  {secret}")
    click.echo("Keep the secret now: only its hash is stored.", err=True)


@departments.command()
@click.argument("client_id", metavar="CLIENT")
def dismiss(client_id: str) -> None:
    """Take the credentials of CLIENT back; its tokens are dead at once."""
    database = database_or_stop()
    with database.transaction() as db:
        known = actions.dismiss_client(db, client_id)
    database.close()
    if not known:
        raise click.ClickException(f"There is no client {client_id}.")
    click.echo(f"{client_id} may no longer come in.")


def ensure_department(department_id: str, known: frozenset[str]) -> None:
    """Stop where the catalogue has no such department, and name the nearest."""
    if department_id in known:
        return
    near = difflib.get_close_matches(department_id.upper(), known, 1)
    hint = f" Did you mean {near[0]}?" if near else ""
    raise click.ClickException(f"The catalogue has no department {department_id}.{hint}")


def database_or_stop() -> Database:
    """Return the database of the settings; print what is missing, and stop."""
    try:
        return Database(read_settings().database_url)
    except SettingsWrong as error:
        raise click.ClickException(str(error)) from error
