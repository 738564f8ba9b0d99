"""Listening comes before any row is taken up: while one resident is heard, others may write."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from numpy.typing import NDArray
from sqlalchemy.exc import OperationalError

from backend.assistant.meaning import Meaning, Script
from backend.assistant.releases.shelf import Shelf
from backend.core.database import Database
from tests.assistant.conversations.conftest import HOME

pytestmark = pytest.mark.slow


@dataclass
class Onlooker:
    """An encoder that looks, each time it is asked, whether anybody else could write now."""

    database: Database
    seen: list[bool]
    digest: str = "onlooker"

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.seen.append(self._can_write())
        return np.ones((len(texts), 1), dtype=np.float32)

    def batches(self, texts: Sequence[str]) -> Iterator[NDArray[np.float32]]:
        yield self.encode(texts)

    def _can_write(self) -> bool:
        try:
            with self.database.transaction(busy_timeout_seconds=0) as db:
                db.connection().exec_driver_sql("update conversations set state = state")
        except OperationalError:
            return False
        return True


@pytest.fixture
def onlooker(app: Flask, database: Database) -> Onlooker:
    """Let an onlooker have its say, which changes nothing, in the release that `app` answers from."""
    shelf: Shelf = app.extensions["shelf"]
    release, looking = shelf.release(), Onlooker(database, [])
    weights = np.zeros((2, len(release.targets)), dtype=np.float32)
    meaning = Meaning(looking.digest, weights, dict.fromkeys(Script, 1.0), release.policy)
    shelf.held = replace(release, meaning=meaning, encoder=looking)
    return looking


def test_nobody_waits_while_a_turn_is_listened_to(client: FlaskClient, onlooker: Onlooker) -> None:
    begun = client.post(HOME, json={"text": "pay my water bill"})
    turn = client.post(f"{HOME}/{begun.json['id']}/turns", json={"text": "pay my rates"})

    assert (begun.status_code, turn.status_code) == (201, 200)
    assert len(onlooker.seen) >= 2
    assert all(onlooker.seen)
