"""The floor of the tests: real databases, a real app, a client that keeps what it heard."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from backend import departments
from backend.app import Gateways, create_app
from backend.core import clock
from backend.core.database import Database
from backend.core.settings import CHECKOUT, BankAccount, Settings, Stage
from backend.gateways.identity_proofing import DEMO_PEOPLE, DemoIdentityProvider
from backend.gateways.signer import KeyFileSigner, make_key
from backend.menu.content import read_catalogue
from backend.menu.published import publish
from tests.engines import PostgresqlRoom, SqliteRoom, running_postgresql
from tests.hearing import hear
from tests.logs import log_plainly
from tests.ports import free_ports
from tests.releases import publish_all, publish_some

pytest_plugins = [
    "tests.sweeps",
    "tests.cities",
    "tests.serving",
    "tests.simulators.desk",
    "tests.simulators.bank_desk",
]
ENGINES = ("sqlite", "postgresql")
# Nobody answers there: who needs the bank starts a simulator of it.
BANK = BankAccount(
    url="http://127.0.0.1:9",
    key="the-key-of-the-tests",
    callback_keys={"k1": "the-first-secret-of-the-tests", "k2": "the-second-secret-of-the-tests"},
    payee="NOBODYATALL",
    payee_name="DEMO",
)


@dataclass(frozen=True)
class Caller:
    """Somebody signed in: their id, and the headers that say so."""

    id: str
    headers: dict[str, str]


def pytest_configure() -> None:
    log_plainly()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put first what asks the whole release, so that a worker trains while the others go on."""
    items.sort(key=needs_all_intents, reverse=True)


def needs_all_intents(item: pytest.Item) -> bool:
    return "full_releases" in getattr(item, "fixturenames", ())


@pytest.fixture(scope="session")
def sqlite_room(tmp_path_factory: pytest.TempPathFactory) -> SqliteRoom:
    return SqliteRoom(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgresql_room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresqlRoom]:
    with running_postgresql(tmp_path_factory.mktemp("postgresql")) as address:
        yield PostgresqlRoom(address)


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty, migrated database; a test that uses it runs on both engines."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_room").copy_to(tmp_path / "ferry.db")
        return
    room: PostgresqlRoom = request.getfixturevalue("postgresql_room")
    yield room.url
    room.empty()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture(scope="session")
def content_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that holds the published catalogue and a release of the assistant."""
    folder = tmp_path_factory.mktemp("content")
    publish(read_catalogue(CHECKOUT / "catalogue"), folder)
    publish_some(folder / "releases")
    return folder


@pytest.fixture(scope="session")
def full_releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of releases whose current one knows all intents."""
    return publish_all(tmp_path_factory.mktemp("all-intents"))


@pytest.fixture
def free_port() -> int:
    [port] = free_ports(1)
    return port


@pytest.fixture(scope="session")
def receipt_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key that signs receipts."""
    path = tmp_path_factory.mktemp("receipts") / "receipt-key.pem"
    make_key(path)
    return path


@pytest.fixture
def settings(database_url: str, content_dir: Path, receipt_key: Path, tmp_path: Path) -> Settings:
    (tmp_path / "catalogue.json").symlink_to(content_dir / "catalogue.json")
    (tmp_path / "releases").symlink_to(content_dir / "releases")
    return Settings(
        stage=Stage.DEMO,
        data_dir=tmp_path,
        database_url=database_url,
        fcm_project_id="ferry-test",
        fcm_credentials=None,
        bank=BANK,
        requests_per_minute=100_000,
        receipt_key=receipt_key,
    )


@pytest.fixture
def app(settings: Settings, database: Database, receipt_key: Path) -> Iterator[Flask]:
    provider = DemoIdentityProvider()
    app = create_app(
        settings, Gateways({provider.name: provider}, KeyFileSigner(receipt_key)), database
    )
    hearing = hear(app)
    yield app
    assert hearing.wrong == []


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def sign_in(client: FlaskClient) -> Callable[[str], Caller]:
    """Sign a demo person in, by name."""

    def as_person(subject: str) -> Caller:
        reply = client.post("/v1/sessions", json={"provider": "demo", "proof": subject})
        token = reply.json["access_token"]
        return Caller(reply.json["resident"]["id"], {"Authorization": f"Bearer {token}"})

    return as_person


@pytest.fixture
def resident(sign_in: Callable[[str], Caller]) -> Caller:
    return sign_in(DEMO_PEOPLE[0].subject)


@pytest.fixture
def neighbour(sign_in: Callable[[str], Caller]) -> Caller:
    return sign_in(DEMO_PEOPLE[1].subject)


@pytest.fixture
def admit(database: Database) -> Callable[[str, frozenset[str]], tuple[str, str]]:
    """Admit a department's system with some scopes; give its client id and secret."""

    def admitted(department_id: str, scopes: frozenset[str]) -> tuple[str, str]:
        with database.transaction() as db:
            return departments.admit_client(db, department_id, scopes, clock.now())

    return admitted


@pytest.fixture
def department_credentials(
    admit: Callable[[str, frozenset[str]], tuple[str, str]],
) -> tuple[str, str]:
    return admit("IRD", frozenset({"bills"}))


@pytest.fixture
def make_department(
    client: FlaskClient, admit: Callable[[str, frozenset[str]], tuple[str, str]]
) -> Callable[[str, frozenset[str]], Caller]:
    """Admit a department's system with some scopes, and sign it in."""

    def admitted(department_id: str, scopes: frozenset[str]) -> Caller:
        client_id, secret = admit(department_id, scopes)
        form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": secret,
        }
        token = client.post("/v1/department/token", data=form).json["access_token"]
        return Caller(client_id, {"Authorization": f"Bearer {token}"})

    return admitted


@pytest.fixture
def department(make_department: Callable[[str, frozenset[str]], Caller]) -> Caller:
    """The Water Supplies Department's system, which may post bills."""
    return make_department("WSD", frozenset({"bills"}))
