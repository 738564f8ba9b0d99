"""A file that is cut off on its way to a real server: nothing of it is run, nothing of it is kept."""

import http.client
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest

from backend import departments
from backend.bills.runs.models import BillRun
from backend.bills.runs.rules import PIECE_BYTES
from backend.core import clock
from backend.core.database import Database
from tests.bills.runs.files import Office, many
from tests.simulators.desk import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.processes]
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class Counter:
    """Where files are handed in, with a department's token, and the office behind it."""

    port: int
    token: str
    office: Office

    def head(self, *lines: str) -> bytes:
        """Return the head of an upload."""
        common = (
            "POST /v1/department/bill-runs HTTP/1.1",
            "Host: localhost",
            f"Authorization: Bearer {self.token}",
            "Content-Type: text/csv",
        )
        return "\r\n".join([*common, *lines, "", ""]).encode()

    def hand_in(self, content: bytes, *, hang_up: bool) -> int | None:
        """Send this much, and hang up or wait for the answer; return its status."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            connection.sendall(content)
            if hang_up:
                return None
            connection.shutdown(socket.SHUT_WR)
            reply = http.client.HTTPResponse(connection)
            reply.begin()
            assert json.loads(reply.read())["code"] in ("body_not_readable", "bad_request")
            return reply.status


@pytest.fixture(scope="module")
def counter(served_folder: Path, port: int) -> Iterator[Counter]:
    rows = Database(f"sqlite:///{served_folder / 'ferry.db'}")
    with rows.transaction() as db:
        client_id, secret = departments.admit_client(db, "WSD", frozenset({"bills"}), clock.now())
    grant = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    asked = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    asked.request("POST", "/v1/department/token", urlencode(grant), FORM)
    token = json.loads(asked.getresponse().read())["access_token"]
    asked.close()
    yield Counter(port, token, Office(rows))
    rows.close()


FILE = many(60_000)


@pytest.mark.parametrize("hang_up", [True, False])
@pytest.mark.parametrize("sent", [0, 1000, PIECE_BYTES + 1000, len(FILE) - 1])
def test_a_file_that_is_cut_off_is_forgotten(counter: Counter, sent: int, *, hang_up: bool) -> None:
    assert len(FILE) > 2 * PIECE_BYTES
    head = counter.head(f"Content-Length: {len(FILE)}")

    status = counter.hand_in(head + FILE[:sent], hang_up=hang_up)

    assert status == (None if hang_up else 400)
    wait_until(lambda: counter.office.count(BillRun) == counter.office.left_over() == 0, 20)


def test_a_file_in_chunks_that_is_cut_off_is_forgotten(counter: Counter) -> None:
    chunk = b"%x\r\n%b\r\n" % (1000, FILE[:1000])

    for sent in (chunk, chunk[:500], chunk + b"0"):
        status = counter.hand_in(counter.head("Transfer-Encoding: chunked") + sent, hang_up=False)
        assert status == 400
        assert counter.office.count(BillRun) == counter.office.left_over() == 0
