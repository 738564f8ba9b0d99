"""Bodies in chunks that make no sense, sent to a real gunicorn: refused politely, harm nobody."""

import json
import socket
from typing import Any

import pytest

from tests.serving import is_up

pytestmark = [pytest.mark.slow, pytest.mark.processes]
BODY = b'{"text": "pay my water bill"}'
HEAD = (
    b"POST /v1/assistant/questions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
)
WHOLE = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
BROKEN = {
    "a size that is no number": b"zz\r\n" + BODY + b"\r\n0\r\n\r\n",
    "a size below nothing": b"-5\r\n" + BODY + b"\r\n0\r\n\r\n",
    "no size": b"\r\n" + BODY + b"\r\n0\r\n\r\n",
    "a size in other digits": "٣\r\n".encode() + b"abc\r\n0\r\n\r\n",
    "a size with a sign in front": b"0x5\r\nabcde\r\n0\r\n\r\n",
    "no line after a chunk": b"%x\r\n%b0\r\n\r\n" % (len(BODY), BODY),
}
CUT_SHORT = {
    "a chunk shorter than it says": b"ff\r\n" + BODY,
    "a chunk of sixteen exabytes": b"ffffffffffffffff\r\n" + BODY,
    "no last chunk": b"%x\r\n%b\r\n" % (len(BODY), BODY),
    "nothing at all": b"",
}


def send(port: int, body: bytes) -> tuple[int, Any]:
    """Send the body, say that nothing follows, and return the status and the JSON that came."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(HEAD + body)
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as reply:
            head, _, rest = reply.read().partition(b"\r\n\r\n")
    return int(head.split(b" ")[1]), json.loads(rest)


def test_a_body_in_chunks_is_read(port: int) -> None:
    status, answer = send(port, WHOLE)

    assert status == 200
    assert answer["choices"][0]["service"] == "wsd-pay"


@pytest.mark.parametrize("name", BROKEN)
def test_chunks_that_make_no_sense_are_refused_as_a_problem(port: int, name: str) -> None:
    status, problem = send(port, BROKEN[name])

    assert (status, problem["code"]) == (400, "body_not_readable")
    assert is_up(port)


@pytest.mark.parametrize("name", CUT_SHORT)
def test_chunks_that_end_too_soon_are_refused_as_a_problem(port: int, name: str) -> None:
    status, problem = send(port, CUT_SHORT[name])

    assert (status, problem["code"]) == (400, "bad_request")
    assert is_up(port)
