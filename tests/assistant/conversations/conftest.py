"""A conversation over HTTP, as an app holds it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.conftest import Caller

HOME = "/v1/assistant/conversations"
STRANGER = Caller("", {})


@dataclass
class Talk:
    """One conversation of one caller, in one language."""

    client: FlaskClient
    caller: Caller
    language: str
    id: str

    def turn(self, **said: Any) -> Any:
        """Take a turn, whatever comes of it."""
        return self.client.post(
            f"{HOME}/{self.id}/turns?lang={self.language}", json=said, headers=self.caller.headers
        )

    def say(self, text: str) -> Any:
        """Say something and return the answer."""
        reply = self.turn(text=text)
        assert reply.status_code == 200, reply.text
        return reply.json["answer"]

    def tap(self, service: str) -> Any:
        """Tap on a service and return the answer."""
        reply = self.turn(choice=service)
        assert reply.status_code == 200, reply.text
        return reply.json["answer"]

    def by(self, caller: Caller) -> "Talk":
        """Return the same conversation in another's hands."""
        return Talk(self.client, caller, self.language, self.id)


@pytest.fixture
def talk(client: FlaskClient) -> Callable[..., Talk]:
    """Begin a conversation; a stranger's, in English, unless said otherwise."""

    def begun(caller: Caller = STRANGER, language: str = "en") -> Talk:
        reply = client.post(HOME, json={}, headers=caller.headers)
        assert reply.status_code == 201, reply.text
        return Talk(client, caller, language, reply.json["id"])

    return begun
