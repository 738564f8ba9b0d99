"""The menu's floor: the checkout's own catalogue, a small one to break, and one app for all.

The menu reads no row, so its app is made once, over SQLite alone.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from backend.app import Gateways, create_app
from backend.core.database import Database
from backend.core.settings import Settings, Stage
from backend.menu.catalogue import Catalogue
from backend.menu.published import load_catalogue
from backend.menu.search import SearchIndex
from tests.engines import SqliteRoom
from tests.hearing import hear

THEMES = """\
themes:
  - id: bills
    name: {en: Bills, zh-Hant: 賬單, zh-Hans: 账单}
  - id: house
    name: {en: Housing, zh-Hant: 房屋, zh-Hans: 房屋}
"""
SOURCES = """\
sources:
  P-wsd: "A page of the department"
"""
WSD = """\
id: WSD
name: {en: Water Supplies Department, zh-Hant: 水務署, zh-Hans: 水务署}
site: "https://www.wsd.gov.hk"
hotline: {number: "2824 5000", status: secondary, source: P-wsd}
services:
  - id: wsd-pay
    name:
      en: Payment of Water Charges
      zh-Hant: 繳交水費
      zh-Hans: 缴交水费
    also: [water bill]
    theme: bills
    kind: pay
    level: none
    regions: [hong-kong]
    fps: yes
    sources: [P-wsd]
  - id: wsd-meter
    name:
      en: Water Meter Reading
      zh-Hant: 水錶讀數
      zh-Hans: 水表读数
    theme: house
    kind: file
    level: optional
    regions: [hong-kong, cross-boundary]
"""
SEARCHES = """\
first:
  water bill: wsd-pay
among:
  water: wsd-meter
"""
FILES = {
    "themes.yaml": THEMES,
    "sources.yaml": SOURCES,
    "searches.yaml": SEARCHES,
    "departments/wsd.yaml": WSD,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small and sound catalogue."""
    for name, text in FILES.items():
        path = tmp_path / "catalogue" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "catalogue"


@pytest.fixture
def change(folder: Path) -> Callable[[str, str, str], None]:
    """Change a passage of one of the small catalogue's files."""

    def changed(name: str, old: str, new: str) -> None:
        path = folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return changed


@pytest.fixture(scope="session")
def catalogue(content_dir: Path) -> Catalogue:
    return load_catalogue(content_dir)


@pytest.fixture(scope="session")
def index(catalogue: Catalogue) -> SearchIndex:
    return SearchIndex(catalogue)


@pytest.fixture(scope="session")
def menu_settings(
    sqlite_room: SqliteRoom, content_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    folder = tmp_path_factory.mktemp("menu")
    (folder / "catalogue.json").symlink_to(content_dir / "catalogue.json")
    (folder / "releases").symlink_to(content_dir / "releases")
    return Settings(
        stage=Stage.DEMO,
        data_dir=folder,
        database_url=sqlite_room.copy_to(folder / "ferry.db"),
        fcm_project_id="ferry-test",
        fcm_credentials=None,
        requests_per_minute=1_000_000,
    )


@pytest.fixture(scope="session")
def menu_database(menu_settings: Settings) -> Iterator[Database]:
    database = Database(menu_settings.database_url)
    yield database
    database.close()


@pytest.fixture(scope="session")
def menu_app(menu_settings: Settings, menu_database: Database) -> Iterator[Flask]:
    app = create_app(menu_settings, Gateways({}), menu_database)
    hearing = hear(app)
    yield app
    assert hearing.wrong == []


@pytest.fixture
def menu(menu_app: Flask) -> FlaskClient:
    """A client of the app that serves the checkout's catalogue."""
    return menu_app.test_client()
