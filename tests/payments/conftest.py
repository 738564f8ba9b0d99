"""A harbour whose clocks stand still until a test moves them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from backend.core.database import Database
from tests.payments.harbour import Harbour, make_harbour

MORNING = datetime(2026, 11, 23, 1, tzinfo=UTC)


@pytest.fixture
def harbour(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Harbour]:
    made = make_harbour(database, tmp_path / "bank", monkeypatch.setattr, MORNING)
    yield made
    made.close()
