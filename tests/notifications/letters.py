"""Messages to residents, written straight into the rows, at any moment."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from backend.core import clock
from backend.core.clock import new_id
from backend.core.database import Database
from backend.notifications import MessageKind, notify
from tests.conftest import Caller


@dataclass(frozen=True)
class Letters:
    """What writes messages, and reads them as the app does."""

    client: FlaskClient
    database: Database

    def tell(self, reader: Caller, *, seconds_ago: float = 0, **changes: Any) -> str:
        """Tell somebody of a bill; return the message's id."""
        time.sleep(0.001)  # ids are in the order of their milliseconds
        with self.database.transaction() as db:
            return write(db, reader, clock.now() - timedelta(seconds=seconds_ago), **changes)

    def get(self, reader: Caller, address: str) -> Any:
        """Ask for something that is there."""
        reply = self.client.get(address, headers=reader.headers)
        assert reply.status_code == 200
        return reply.json

    def ids(self, reader: Caller, query: str = "") -> list[str]:
        """The messages that are listed to somebody."""
        return [each["id"] for each in self.get(reader, f"/v1/messages{query}")["items"]]

    def put(self, reader: Caller, message_id: str, name: str) -> Any:
        """Mark a message."""
        address = f"/v1/messages/{message_id}/{name}"
        return self.client.put(address, headers=reader.headers)

    def delete(self, reader: Caller, message_id: str, name: str) -> Any:
        """Take a mark off again."""
        address = f"/v1/messages/{message_id}/{name}"
        return self.client.delete(address, headers=reader.headers)

    def walk(self, reader: Caller, since: str | None = None, limit: int = 20) -> "Walk":
        """Walk through all changes since then."""
        address = f"/v1/messages/changes?limit={limit}" + (f"&since={since}" if since else "")
        items: list[dict[str, Any]] = []
        for pages in range(1, 100):
            page = self.get(reader, address)
            assert len(page["items"]) <= limit
            assert (page["next"] is None) != (page["since"] is None)
            items += page["items"]
            if page["since"] is not None:
                return Walk(items, page["since"], page["unread"], pages)
            address = page["next"]
        raise AssertionError("the walk has no end")


@dataclass(frozen=True)
class Walk:
    """What a walk told, the token for the next, and of how many pages it was."""

    items: list[dict[str, Any]]
    since: str
    unread: int
    pages: int

    @property
    def ids(self) -> list[str]:
        return [item["id"] for item in self.items]


def write(db: Session, reader: Caller, now: datetime, **changes: Any) -> str:
    """Write a message of that moment; return its id."""
    told: dict[str, Any] = {
        "resident_id": reader.id,
        "department_id": "WSD",
        "kind": MessageKind.BILL_NEW,
        "about_id": new_id("bill"),
        "facts": {"amount": "418.50", "due_on": "2099-12-20"},
        "now": now,
    }
    return notify(db, **{**told, **changes}).id
