"""`ferry departments`: give a department's system its credentials, or take them back."""

from collections.abc import Callable, Mapping

import click

from backend.core import clock
from backend.core.office import rows_or_stop
from backend.departments import actions, rules
from backend.departments.naming import ensure_department


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
    ensure_department(department_id, known_services().values())
    with rows_or_stop() as rows, rows.transaction() as db:
        client_id, secret = actions.admit_client(db, department_id, frozenset(scopes), clock.now())
    click.echo(f"client_id      {client_id}\nclient_secret  {secret}")
    click.echo("Keep the secret now: only its hash is stored.", err=True)


@departments.command()
@click.argument("client_id", metavar="CLIENT")
def dismiss(client_id: str) -> None:
    """Take the credentials of CLIENT back; its tokens are dead at once."""
    with rows_or_stop() as rows, rows.transaction() as db:
        known = actions.dismiss_client(db, client_id)
    if not known:
        raise click.ClickException(f"There is no client {client_id}.")
    click.echo(f"{client_id} may no longer come in.")
