"""What an operator may set: environment variables, read once into one frozen object.

Variables may also stand as `NAME=value` lines in `settings.env` in the data folder; the
environment wins. `scripts/run` writes that file for its demo city.
"""

import ipaddress
import os
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

DATABASES = ("sqlite:///", "postgresql://")
SHARED_COUNTERS = ("memory://", "redis://", "rediss://")
JOB_ENGINES = ("redis://", "rediss://", "postgresql://")
CALLBACK_KEY = re.compile(r"([A-Za-z0-9_-]{1,40}):([^\s,:]{16,200})", re.ASCII)
WEB = ("http://", "https://")
BEARER_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]{1,200}=*", re.ASCII)  # RFC 6750, section 2.1
LONGEST_NUMBER = 9
CHECKOUT = Path(__file__).resolve().parents[2]


class Stage(StrEnum):
    """Where this Ferry runs. Stand-ins for partners exist in a demo only."""

    DEMO = "demo"
    PRODUCTION = "production"


class SettingsWrong(Exception):
    """Settings are missing or do not fit; the message names all of them at once."""


@dataclass(frozen=True)
class BankAccount:
    """The account that residents pay into, and how we speak with its bank."""

    url: str  # FERRY_BANK_URL, the bank's merchant API
    key: str  # FERRY_BANK_KEY, what we sign in with there
    callback_keys: Mapping[str, str]  # FERRY_BANK_CALLBACK_KEYS, what the bank signs with, by id
    payee: str  # FERRY_FPS_PAYEE, our FPS identifier; letters, and so void, in a demo
    payee_name: str  # FERRY_FPS_PAYEE_NAME
    app_link: str | None = None  # FERRY_BANK_APP_LINK, opens a bank's app on a phone


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every setting of a Ferry; the comment behind each is its environment variable."""

    stage: Stage  # FERRY_STAGE, production unless it says demo
    data_dir: Path  # FERRY_DATA_DIR
    database_url: str  # FERRY_DATABASE_URL
    fcm_project_id: str  # FERRY_FCM_PROJECT_ID
    fcm_credentials: Path | None  # FERRY_FCM_CREDENTIALS, a service account's JSON file
    fcm_endpoint: str | None = None  # FERRY_FCM_ENDPOINT, a simulator on this machine
    bank: BankAccount | None = None  # FERRY_BANK_… and FERRY_FPS_…; without it no payments
    payment_minutes: int = 30  # FERRY_PAYMENT_MINUTES, how long a payment request stands
    receipt_key: Path | None = None  # FERRY_RECEIPT_KEY, an Ed25519 private key, PEM
    public_url: str | None = None  # FERRY_PUBLIC_URL, as residents reach us; else host and port
    jobs_url: str | None = None  # FERRY_JOBS_URL, redis:// or postgresql://; else a file
    sentence_encoder: Path | None = None  # FERRY_SENTENCE_ENCODER, tokenizer.json and model.onnx
    limits_url: str = "memory://"  # FERRY_LIMITS_URL, redis:// where several servers share
    requests_per_minute: int = 600  # FERRY_REQUESTS_PER_MINUTE, of one caller
    access_token_minutes: int = 10  # FERRY_ACCESS_TOKEN_MINUTES
    lease_seconds: int = 30  # FERRY_LEASE_SECONDS, how long a worker may hold a delivery
    pushes_per_second: int = 6000  # FERRY_PUSHES_PER_SECOND, of all workers together, at most
    metrics_token: str | None = None  # FERRY_METRICS_TOKEN
    trusted_proxies: int = 0  # FERRY_TRUSTED_PROXIES, how many stand in front of us
    host: str = "127.0.0.1"  # FERRY_HOST
    port: int = 8000  # PORT

    @property
    def is_demo(self) -> bool:
        return self.stage is Stage.DEMO

    @property
    def base_url(self) -> str:
        """How we are reached from outside, without a slash at its end."""
        return self.public_url or f"http://{self.host}:{self.port}"

    @property
    def releases_dir(self) -> Path:
        """Where the published releases of the assistant stand."""
        return self.data_dir / "releases"


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings, or raise `SettingsWrong` naming everything that is missing or off."""
    data_dir = data_dir_of(environ)
    values = {**_file_values(data_dir / "settings.env"), **environ}
    wrong: list[str] = []
    stage = _stage(values, wrong)
    if stage is Stage.DEMO and not environ.get("FERRY_STAGE"):
        wrong += _unclear_stage(environ)
    if stage is Stage.PRODUCTION:
        wrong += _missing_in_production(values)
    numbers = _numbers(values, wrong)
    bank = _bank(values, wrong)
    wrong += _off(values)
    if wrong:
        raise SettingsWrong("\n".join(wrong))
    return Settings(
        stage=stage,
        data_dir=data_dir,
        database_url=values.get("FERRY_DATABASE_URL") or f"sqlite:///{data_dir / 'ferry.db'}",
        fcm_project_id=values.get("FERRY_FCM_PROJECT_ID") or "ferry-demo",
        fcm_credentials=_path(values.get("FERRY_FCM_CREDENTIALS")),
        fcm_endpoint=values.get("FERRY_FCM_ENDPOINT") or None,
        bank=bank,
        receipt_key=_path(values.get("FERRY_RECEIPT_KEY")),
        public_url=(values.get("FERRY_PUBLIC_URL") or "").rstrip("/") or None,
        jobs_url=values.get("FERRY_JOBS_URL") or None,
        sentence_encoder=sentence_encoder_of(environ),
        limits_url=values.get("FERRY_LIMITS_URL") or "memory://",
        metrics_token=values.get("FERRY_METRICS_TOKEN") or None,
        host=values.get("FERRY_HOST") or "127.0.0.1",
        **numbers,
    )


def _path(named: str | None) -> Path | None:
    return Path(named) if named else None


def _bank(values: Mapping[str, str], wrong: list[str]) -> BankAccount | None:
    """Read the bank's settings: payments are offered whole or not at all."""
    if not values.get("FERRY_BANK_URL"):
        return None
    needed = {
        "FERRY_BANK_KEY": "what we sign in with at the bank",
        "FERRY_BANK_CALLBACK_KEYS": "id:secret pairs, apart by commas, that the bank signs with",
        "FERRY_FPS_PAYEE": "the FPS identifier that residents pay to",
        "FERRY_FPS_PAYEE_NAME": "whose name a bank's app shows",
        "FERRY_RECEIPT_KEY": "the path of an Ed25519 private key that signs receipts, PEM",
    }
    missing = [
        f"{name} is missing, and FERRY_BANK_URL is set: {what}."
        for name, what in needed.items()
        if not values.get(name)
    ]
    keys = dict(CALLBACK_KEY.findall(values.get("FERRY_BANK_CALLBACK_KEYS") or ""))
    if not missing and not keys:
        missing.append("FERRY_BANK_CALLBACK_KEYS must be id:secret pairs, apart by commas.")
    wrong += missing
    if missing:
        return None
    return BankAccount(
        url=values["FERRY_BANK_URL"].rstrip("/"),
        key=values["FERRY_BANK_KEY"],
        callback_keys=keys,
        payee=values["FERRY_FPS_PAYEE"],
        payee_name=values["FERRY_FPS_PAYEE_NAME"],
        app_link=values.get("FERRY_BANK_APP_LINK") or None,
    )


def data_dir_of(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the data folder: FERRY_DATA_DIR, else `.ferry` where the command was called."""
    return Path(environ.get("FERRY_DATA_DIR") or ".ferry").resolve()


def sentence_encoder_of(environ: Mapping[str, str] = os.environ) -> Path | None:
    """Return the folder of the sentence encoder: FERRY_SENTENCE_ENCODER, None where none is set."""
    values = {**_file_values(data_dir_of(environ) / "settings.env"), **environ}
    named = values.get("FERRY_SENTENCE_ENCODER")
    return Path(named).resolve() if named else None


def _file_values(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def _stage(values: Mapping[str, str], wrong: list[str]) -> Stage:
    named = values.get("FERRY_STAGE") or Stage.PRODUCTION
    if named not in set(Stage):
        wrong.append(f"FERRY_STAGE is “{named}”; it may be “demo” or “production”.")
        return Stage.PRODUCTION
    return Stage(named)


def _unclear_stage(environ: Mapping[str, str]) -> list[str]:
    """Refuse to run as a demo by a left-over file where the environment speaks of the real thing."""
    real = ("FERRY_DATABASE_URL", "FERRY_FCM_PROJECT_ID", "FERRY_METRICS_TOKEN")
    named = [name for name in real if environ.get(name)]
    if not named:
        return []
    return [f"settings.env is a demo city's, and {named[0]} is set: say FERRY_STAGE to settle it."]


def _missing_in_production(values: Mapping[str, str]) -> list[str]:
    needed = {
        "FERRY_DATABASE_URL": "where the rows live, such as postgresql://user@host/ferry",
        "FERRY_FCM_PROJECT_ID": "the Firebase project that sends the pushes",
        "FERRY_FCM_CREDENTIALS": "the path of that project's service account file",
        "FERRY_METRICS_TOKEN": "a long random word that /metrics asks for",
    }
    wrong = [f"{name} is missing: {what}." for name, what in needed.items() if not values.get(name)]
    if values.get("FERRY_FCM_ENDPOINT"):
        wrong.append("FERRY_FCM_ENDPOINT names a simulator, and production has none.")
    if _is_this_machine(_host(values.get("FERRY_BANK_URL") or "")):
        wrong.append("FERRY_BANK_URL leads to this machine: a simulator, and production has none.")
    if wrong and not values.get("FERRY_STAGE"):
        wrong.append("(This is production, as FERRY_STAGE is not “demo”. For a demo: scripts/run.)")
    return wrong


def _host(url: str) -> str | None:
    """Return the host that an address names, None where it names none or makes no sense."""
    try:
        parts = urlsplit(url)
        return parts.hostname if parts.port is None or parts.port else None
    except ValueError:
        return None


def _is_this_machine(host: str | None) -> bool:
    """Say whether a host is loopback, in whatever spelling; no resolver is asked."""
    name = (host or "").rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        try:
            address = ipaddress.ip_address(socket.inet_aton(name))  # `127.1` and its like
        except OSError:
            return False
    plain = getattr(address, "ipv4_mapped", None) or address
    return bool(plain.is_loopback or plain.is_unspecified)


def _off(values: Mapping[str, str]) -> list[str]:
    """Say what does not fit among the addresses and words; never quote them, they may be secret."""
    beginnings = {
        "FERRY_DATABASE_URL": DATABASES,
        "FERRY_LIMITS_URL": SHARED_COUNTERS,
        "FERRY_JOBS_URL": JOB_ENGINES,
        "FERRY_FCM_ENDPOINT": WEB,
        "FERRY_BANK_URL": WEB,
        "FERRY_PUBLIC_URL": WEB,
    }
    wrong = [
        f"{name} must begin with {' or '.join(known)}."
        for name, known in beginnings.items()
        if values.get(name) and not values[name].startswith(known)
    ]
    bank_url = values.get("FERRY_BANK_URL") or ""
    if bank_url.startswith(WEB) and not _host(bank_url):
        wrong.append("FERRY_BANK_URL must be a whole address, such as https://bank.example/fps.")
    if values.get("FERRY_METRICS_TOKEN") and not BEARER_TOKEN.fullmatch(
        values["FERRY_METRICS_TOKEN"]
    ):
        wrong.append("FERRY_METRICS_TOKEN may hold letters, digits and . _ ~ + / - alone.")
    return wrong


def _numbers(values: Mapping[str, str], wrong: list[str]) -> dict[str, int]:
    names = {
        "requests_per_minute": ("FERRY_REQUESTS_PER_MINUTE", 600, range(1, 1_000_001)),
        "access_token_minutes": ("FERRY_ACCESS_TOKEN_MINUTES", 10, range(1, 1441)),
        "lease_seconds": ("FERRY_LEASE_SECONDS", 30, range(1, 3601)),
        "pushes_per_second": ("FERRY_PUSHES_PER_SECOND", 6000, range(1, 10_001)),
        "payment_minutes": ("FERRY_PAYMENT_MINUTES", 30, range(5, 1441)),
        "trusted_proxies": ("FERRY_TRUSTED_PROXIES", 0, range(11)),
        "port": ("PORT", 8000, range(1, 65536)),
    }
    numbers = {}
    for field, (name, default, allowed) in names.items():
        text = values.get(name) or str(default)
        is_number = text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER
        if not is_number or int(text) not in allowed:
            shown = text if len(text) <= 40 else text[:40] + "…"
            wrong.append(
                f"{name} is “{shown}”; it must be a whole number "
                f"from {allowed.start} to {allowed.stop - 1}."
            )
            continue
        numbers[field] = int(text)
    return numbers
