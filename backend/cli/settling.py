"""Prepares a demo city's data folder: settings, keys and credentials, tables, content, people."""

import itertools
import json
import os
import secrets
import shutil
import socket
import subprocess
from pathlib import Path

import click

from backend.cli.children import say
from backend.cli.demo import seed_city
from backend.core import migrations
from backend.core.database import Database
from backend.core.office import settings_or_stop
from backend.core.settings import CHECKOUT, Settings
from backend.gateways.signer import make_key
from backend.menu.commands import read_or_stop
from backend.menu.published import publish
from backend.simulators.fcm import make_service_account

BANK_WORDS = "bank.args"  # secrets for the bank's command line, where they would be seen
VOID_PAYEE = "DEMOFERRY"  # letters, and so nobody's FPS identifier
NEIGHBOURS = 100  # ports above the city's own, one of them for each simulator
HIGHEST_PORT = 65535 - NEIGHBOURS


def settle(data_dir: Path) -> Settings:
    """Prepare all that the processes read: settings, tables, content, people."""
    port = _port()
    if not _is_free(port):
        raise click.ClickException(f"Port {port} is taken. Choose another: PORT=8080 scripts/run")
    push, bank = (f"http://127.0.0.1:{each}" for each in _ports_above(port, 2))
    _write_account(data_dir / "fcm-account.json", push)
    if not (data_dir / "receipt-key.pem").exists():
        make_key(data_dir / "receipt-key.pem")
    write_settings(data_dir, port, push, bank)
    settings = settings_or_stop()
    if not settings.is_demo:
        raise click.ClickException("FERRY_STAGE says production, which has no demo city.")
    say("bringing the tables up to date …")
    rows = Database(settings.database_url)
    migrations.upgrade(rows)
    rows.close()
    publish(read_or_stop(CHECKOUT / "catalogue"), data_dir)
    say("publishing the assistant's intents (half a minute when they changed) …")
    _publish_intents()
    seed_city(settings)
    shutil.rmtree(data_dir / "metrics", ignore_errors=True)
    return settings


def _publish_intents() -> None:
    """Train in a process of its own, which takes its memory with it when it ends."""
    # A demo shows what the checkout holds, better or worse than what it showed before.
    words = ["ferry", "intents", "publish", "--if-changed", "--anyway"]
    published = subprocess.run(words, check=False)
    if published.returncode:
        raise click.ClickException("The intents could not be published; see the lines above.")


def write_settings(data_dir: Path, port: int, push: str, bank: str) -> None:
    """Write what the processes read: where they listen, and what they sign in with."""
    api_key, callback_key = _bank_keys(data_dir)
    lines = {
        "FERRY_STAGE": "demo",
        "PORT": str(port),
        "FERRY_FCM_ENDPOINT": push,
        "FERRY_FCM_CREDENTIALS": str(data_dir / "fcm-account.json"),
        "FERRY_BANK_URL": bank,
        "FERRY_BANK_KEY": api_key,
        "FERRY_BANK_CALLBACK_KEYS": callback_key,
        "FERRY_BANK_APP_LINK": f"{bank}/pay?qr=",
        "FERRY_FPS_PAYEE": VOID_PAYEE,
        "FERRY_FPS_PAYEE_NAME": "DEMO",
        "FERRY_RECEIPT_KEY": str(data_dir / "receipt-key.pem"),
        "FERRY_ACCESS_TOKEN_MINUTES": "60",
        "FERRY_REQUESTS_PER_MINUTE": "60000",
        "FERRY_LEASE_SECONDS": "15",
    }
    head = "# Written by scripts/run for its demo city; the environment wins over these lines.\n"
    text = head + "".join(f"{name}={value}\n" for name, value in lines.items())
    _write_private(data_dir / "settings.env", text)


def _bank_keys(data_dir: Path) -> tuple[str, str]:
    """Return what we sign in with at the bank, and `id:secret` of its callbacks; made once a city.

    The bank's simulator reads the same file, as words of its command line.
    """
    path = data_dir / BANK_WORDS
    if not path.exists():
        api_key, secret = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        _write_private(path, f"--key={api_key}\n--callback-key=demo:{secret}\n")
    words = dict(line.split("=", 1) for line in path.read_text().splitlines())
    return words["--key"], words["--callback-key"]


def _write_account(path: Path, endpoint: str) -> None:
    _write_private(path, json.dumps(make_service_account(endpoint, "ferry-demo")))


def _write_private(path: Path, text: str) -> None:
    """Write a file that its owner alone may read, in the place of the former one."""
    half = path.with_name("city.half")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    half.replace(path)


def _port() -> int:
    """Return the port that is asked for; the simulators take some above it."""
    text = os.environ.get("PORT") or "8000"
    if not (
        text.isascii() and text.isdecimal() and len(text) < 6 and 0 < int(text) <= HIGHEST_PORT
    ):
        raise click.ClickException(f"PORT must be a whole number from 1 to {HIGHEST_PORT}.")
    return int(text)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _ports_above(port: int, wanted: int) -> list[int]:
    """Return the first free ports above the city's own."""
    free = (candidate for candidate in range(port + 1, port + NEIGHBOURS) if _is_free(candidate))
    return list(itertools.islice(free, wanted))
