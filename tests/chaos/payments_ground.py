"""What the chaos of payments stands on: how much of it, an empty database, a resident with bills."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import count
from pathlib import Path

from backend.accounts import welcome
from backend.bills.actions import post_bill
from backend.bills.rules import CURRENCY, BillDetails, BillFacts, BillKind
from backend.core import clock
from backend.core.database import Database
from backend.core.languages import Language
from backend.core.settings import CHECKOUT, BankAccount, Settings, Stage
from backend.gateways.identity_proofing import Person
from backend.gateways.signer import make_key
from backend.menu.content import read_catalogue
from backend.menu.published import publish
from tests.engines import PostgresqlRoom, SqliteRoom, running_postgresql
from tests.releases import publish_some
from tests.simulators.bank_keys import API_KEY, CALLBACK_KEYS
from tests.simulators.desk import PROJECT

ENGINES = ("sqlite", "postgresql")
DEPARTMENT = "WSD"
AMOUNT_CENTS = 48630
RECEIPT_KEY = "receipt-key.pem"
VOID_PAYEE = "DEMOFERRY"  # letters, and so nobody's FPS identifier


@dataclass(frozen=True)
class Size:
    """How much of everything is tried."""

    processes: int
    rounds: int
    every: int  # … of the 120 orders of callbacks
    replays: int
    at_once: int
    workers: int
    forgeries: int
    kills: int


SIZES = {
    "full": Size(20, 2000, 1, 1000, 20, 4, 10_000, 200),
    "deep": Size(20, 2000, 1, 5000, 40, 6, 50_000, 1000),
    "short": Size(4, 25, 3, 60, 20, 2, 400, 6),
}


@dataclass(frozen=True)
class Ground:
    """A folder to work in, which holds the published content, and empty databases of one engine."""

    folder: Path
    new_database: Callable[[], str]  # gives the address of one; on PostgreSQL the same, emptied


@contextmanager
def ground_of(engine: str, folder: Path) -> Iterator[Ground]:
    """Give the ground of an engine; PostgreSQL runs for as long as it is used."""
    if engine == "sqlite":
        room = SqliteRoom(folder)
        names = (folder / f"ferry-{number}.db" for number in count())
        yield Ground(folder, lambda: room.copy_to(next(names)))
        return
    with running_postgresql(folder) as address:
        yield Ground(folder, emptying(PostgresqlRoom(address)))


def publish_content(folder: Path) -> None:
    """Publish what a web process reads at its start: the catalogue, some intents, a signing key."""
    publish(read_catalogue(CHECKOUT / "catalogue"), folder)
    publish_some(folder / "releases")
    make_key(folder / RECEIPT_KEY)


def settings_of(folder: Path, database_url: str, bank_url: str) -> Settings:
    """The settings of a Ferry in this process, which asks the bank simulator at `bank_url`."""
    account = BankAccount(bank_url, API_KEY, CALLBACK_KEYS, VOID_PAYEE, "DEMO")
    return Settings(
        stage=Stage.DEMO,
        data_dir=folder,
        database_url=database_url,
        fcm_project_id=PROJECT,
        fcm_credentials=None,
        bank=account,
        receipt_key=folder / RECEIPT_KEY,
        requests_per_minute=1_000_000,
    )


def emptying(room: PostgresqlRoom) -> Callable[[], str]:
    """Return what empties a room and gives its address."""

    def emptied() -> str:
        room.empty()
        return room.url

    return emptied


def unheard() -> None:
    """A bell in an empty house: whoever should come, comes by themselves."""


def settle_resident(rows: Database) -> str:
    """Let somebody live here; return their id."""
    person = Person(clock.new_id("who"), "Chaos", Language.EN, "smart")
    with rows.transaction() as db:
        return welcome(db, "demo", person, clock.now()).id


def post_bills(rows: Database, resident_id: str, numbers: Sequence[str]) -> list[str]:
    """Post a bill of each number to a resident; return the bills' ids."""
    with rows.transaction() as db:
        posted = [
            post_bill(db, DEPARTMENT, facts_of(number, resident_id), clock.now(), unheard)
            for number in numbers
        ]
    return [bill.id for bill, _is_new in posted]


def facts_of(number: str, resident_id: str) -> BillFacts:
    """A bill that is due in a far future, so that no surcharge comes into it."""
    return BillFacts(
        resident_id=resident_id,
        bill_number=number,
        kind=BillKind.WATER,
        amount_cents=AMOUNT_CENTS,
        currency=CURRENCY,
        issued_on=date(2026, 11, 1),
        due_on=date(2099, 12, 20),
        account_number=None,
        link_code=None,
        details=BillDetails(),
    )
