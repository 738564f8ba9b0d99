"""The demo city: its people and departments, and what a program needs to play it."""

import json
import os
import shlex
import urllib.request
from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from backend import accounts, departments
from backend.core import clock
from backend.core.database import Database
from backend.core.office import settings_or_stop
from backend.core.settings import Settings
from backend.gateways.identity_proofing import DEMO_PEOPLE, DemoIdentityProvider
from backend.notifications.preferences.actions import choose
from backend.notifications.preferences.models import preferences_of
from backend.notifications.preferences.rules import Preferences

ISSUERS = ("WSD", "RVD", "IRD", "HKP", "HKPF", "HKHA", "HA")
CITY = "city.json"


@click.command()
def seed() -> None:
    """Give the demo city its people and departments; what is there already stays."""
    seed_city(settings_or_stop())
    click.echo("The demo city is settled.", err=True)


@click.command()
@click.option("--json", "shape", flag_value="json", help="One JSON object, for a program.")
@click.option("--shell", "shape", flag_value="shell", help="Variables, for eval in a shell.")
def demo(shape: str | None) -> None:
    """Print who lives in the running demo city, with fresh access tokens."""
    settings = settings_or_stop()
    path = settings.data_dir / CITY
    if not settings.is_demo or not path.exists():
        raise click.ClickException("There is no demo city here. Start one: scripts/run")
    city = json.loads(path.read_text())
    base_url = f"http://{settings.host}:{settings.port}"
    told = {
        "base_url": base_url,
        "residents": [_signed_in(base_url, person.subject) for person in DEMO_PEOPLE],
        "departments": city["departments"],
        "fcm_log_url": f"{settings.fcm_endpoint}/log",
        "bank_url": settings.bank.url if settings.bank else None,
    }
    if shape == "json":
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    click.echo(_variables(told) if shape == "shell" else _readable(told))


def seed_city(settings: Settings) -> None:
    """Make the demo people and the departments' credentials, unless they are there.

    The credentials stand in clear in the data folder, readable by its owner alone.
    """
    if not settings.is_demo:
        raise click.ClickException("Production has no demo city.")
    database = Database(settings.database_url)
    with database.transaction() as db:
        for person in DEMO_PEOPLE:
            resident = accounts.welcome(db, DemoIdentityProvider.name, person, clock.now())
            _let_push_at_any_hour(db, resident.id)
    path = settings.data_dir / CITY
    if not path.exists():
        _write_private(path, {"departments": _admit_issuers(database)})
    database.close()


def _let_push_at_any_hour(db: Session, resident_id: str) -> None:
    """Give a demo's resident no quiet hours, until they choose: a tour may be taken at night."""
    if db.scalars(preferences_of(resident_id)).one_or_none() is None:
        choose(db, resident_id, Preferences(quiet_from="00:00", quiet_until="00:00"), clock.now())


def _admit_issuers(database: Database) -> list[dict[str, str]]:
    admitted = []
    with database.transaction() as db:
        for department_id in ISSUERS:
            client_id, secret = departments.admit_client(
                db, department_id, frozenset({"bills"}), clock.now()
            )
            admitted.append({"id": department_id, "client_id": client_id, "client_secret": secret})
    return admitted


def _write_private(path: Path, document: dict[str, Any]) -> None:
    half = path.with_suffix(".half")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(document, file, indent=2)
    half.replace(path)


def _signed_in(base_url: str, subject: str) -> dict[str, str]:
    """Sign a demo person in over HTTP, the way their app would."""
    request = urllib.request.Request(
        f"{base_url}/v1/sessions",
        data=json.dumps({"provider": "demo", "proof": subject}).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            session = json.load(response)
    except OSError as error:
        raise click.ClickException(
            f"Nothing answers at {base_url} ({error}). Is scripts/run running?"
        ) from error
    resident = session["resident"]
    return {
        "id": resident["id"],
        "name": resident["name"],
        "language": resident["language"],
        "access_token": session["access_token"],
    }


def _variables(told: dict[str, Any]) -> str:
    """Name what the README's tour needs: the first resident and the first department."""
    resident, department = told["residents"][0], told["departments"][0]
    named = {
        "FERRY": told["base_url"],
        "PUSHES": told["fcm_log_url"],
        "BANK": told["bank_url"] or "",
        "RESIDENT": resident["id"],
        "TOKEN": resident["access_token"],
        "CLIENT_ID": department["client_id"],
        "CLIENT_SECRET": department["client_secret"],
    }
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in named.items())


def _readable(told: dict[str, Any]) -> str:
    lines = [f"API        {told['base_url']}", f"Pushes     {told['fcm_log_url']}"]
    lines += [f"Pay here   {told['bank_url']}/" if told["bank_url"] else "No bank here.", ""]
    lines += [
        f"{each['name']:<12} {each['language']:<8} {each['id']}" for each in told["residents"]
    ]
    lines += ["", "Departments: " + ", ".join(each["id"] for each in told["departments"])]
    return "\n".join([*lines, "", "Tokens and credentials: scripts/ferry demo --json"])
