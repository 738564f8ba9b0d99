"""Replies that come before the whole body: the connection says that it ends, and ends."""

import http.client
import json

import pytest

JSON = {"Content-Type": "application/json"}
LARGE = b'{"text": "' + b"x" * 200_000 + b'"}'
SMALL = b'{"text": "pay my water bill"}'


@pytest.mark.slow
@pytest.mark.processes
@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/assistant/questions", LARGE, 413),
        ("/v1/department/bill-runs", LARGE, 401),
        ("/v1/themes", LARGE, 405),
    ],
)
def test_a_client_that_keeps_its_connection_is_told_that_it_ends(
    port: int, path: str, body: bytes, status: int
) -> None:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    client.request("POST", path, body, JSON)
    reply = client.getresponse()
    told = json.loads(reply.read())

    assert (reply.status, told["status"]) == (status, status)
    assert reply.headers.get_all("Connection") == ["close"]
    client.request("GET", "/v1/themes")  # by a new connection, as the old one was said to end
    assert client.getresponse().status == 200
    client.close()


@pytest.mark.slow
@pytest.mark.processes
def test_a_connection_whose_bodies_were_read_serves_again(port: int) -> None:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    client.connect()
    connection = client.sock

    for body, status in ((SMALL, 200), (b"{}", 422), (SMALL, 200)):
        client.request("POST", "/v1/assistant/questions", body, JSON)
        reply = client.getresponse()
        reply.read()
        assert (reply.status, reply.headers["Connection"]) == (status, "keep-alive")

    assert client.sock is connection
    client.close()
