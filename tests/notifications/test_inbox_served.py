"""Live badges over a real gunicorn: they tell, make way, and hold up neither others nor a stop."""

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backend.core import clock, serving
from backend.core.database import Database
from backend.gateways.identity_proofing import DEMO_PEOPLE
from tests.cities import call, eventually
from tests.conftest import Caller
from tests.notifications.letters import write
from tests.serving import serving as served

pytestmark = [pytest.mark.slow, pytest.mark.processes]
PLACES = serving.threads // 4


def sign_in(port: int) -> Caller:
    proof = {"provider": "demo", "proof": DEMO_PEOPLE[0].subject}
    _, session = call("POST", f"http://127.0.0.1:{port}/v1/sessions", proof)
    token = session["access_token"]
    return Caller(session["resident"]["id"], {"Authorization": f"Bearer {token}"})


class Watcher:
    """Somebody who watches their inbox."""

    def __init__(self, port: int, reader: Caller) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.connection.request("GET", "/v1/messages/stream", headers=reader.headers)
        self.reply = self.connection.getresponse()

    def next_event(self) -> dict[str, Any]:
        while (line := self.reply.readline()) and not line.startswith(b"data: "):
            pass
        read: dict[str, Any] = json.loads(line.removeprefix(b"data: "))
        return read

    def rest(self) -> bytes:
        """What is still said, up to a proper end; IncompleteRead where it is cut off."""
        return self.reply.read()

    def leave(self) -> None:
        """Go without a word, as a phone does that loses its network in good order."""
        self.reply.close()
        self.connection.close()


@pytest.fixture
def rows(served_folder: Path) -> Iterator[Database]:
    rows = Database(f"sqlite:///{served_folder / 'ferry.db'}")
    yield rows
    rows.close()


def test_a_message_that_is_written_is_told_and_the_end_of_the_session_ends_it(
    port: int, rows: Database
) -> None:
    reader = sign_in(port)
    watcher = Watcher(port, reader)
    first = watcher.next_event()

    with rows.transaction() as db:
        write(db, reader, clock.now())
    second = watcher.next_event()
    address = f"http://127.0.0.1:{port}/v1/sessions/current"
    status, _ = call("DELETE", address, headers=reader.headers)
    watcher.rest()
    watcher.leave()

    assert watcher.reply.getheader("Cache-Control") == "no-store"
    assert str(watcher.reply.getheader("Content-Type")).startswith("text/event-stream")
    assert second["unread"] == first["unread"] + 1
    assert status == 204


def test_when_all_places_are_taken_others_are_answered_and_who_leaves_makes_room(
    port: int,
) -> None:
    readers = [sign_in(port) for _ in range(PLACES + 1)]
    watchers = [Watcher(port, reader) for reader in readers[:PLACES]]
    for watcher in watchers:
        watcher.next_event()

    refused = Watcher(port, readers[-1])
    problem = json.loads(refused.rest())
    answered = [
        call("GET", f"http://127.0.0.1:{port}/v1/messages/changes", headers=reader.headers)[0]
        for reader in readers * 3
    ]
    watchers[0].leave()
    eventually(lambda: is_let_in(port, readers[-1]), 20)

    assert (refused.reply.status, problem["code"]) == (503, "no_stream_free")
    assert refused.reply.getheader("Retry-After")
    assert set(answered) == {200}
    for watcher in (*watchers, refused):
        watcher.leave()


def is_let_in(port: int, reader: Caller) -> bool:
    watcher = Watcher(port, reader)
    watcher.leave()
    return watcher.reply.status == 200


def test_a_stop_ends_the_streams_in_good_order(served_folder: Path) -> None:
    with served(served_folder, workers=1) as port:
        watcher = Watcher(port, sign_in(port))
        watcher.next_event()
        ended: list[bytes] = []
        reading = threading.Thread(target=lambda: ended.append(watcher.rest()))
        reading.start()
    reading.join()
    watcher.leave()

    # Whatever gunicorn has to cut off, when its patience ends, comes to no proper end.
    assert len(ended) == 1


def test_a_reader_who_closes_one_half_is_taken_to_be_gone(port: int) -> None:
    reader = sign_in(port)
    token = reader.headers["Authorization"]
    with socket.create_connection(("127.0.0.1", port), timeout=30) as wire:
        head = f"GET /v1/messages/stream HTTP/1.1\r\nHost: a\r\nAuthorization: {token}\r\n\r\n"
        wire.sendall(head.encode())
        assert wire.recv(1) == b"H"
        wire.shutdown(socket.SHUT_WR)
        while wire.recv(4096):
            pass

    eventually(lambda: is_let_in(port, reader), 20)
