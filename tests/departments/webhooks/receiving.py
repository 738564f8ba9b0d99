"""A department's own server on loopback, and a verifier written from the specification alone.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hashlib
import hmac
import json
import ssl
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOLERANCE_SECONDS = 300


@dataclass(frozen=True)
class Received:
    """A call as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """Answers 204 unless a script for the path says otherwise, and remembers all."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    script: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    hold: threading.Event = field(default_factory=threading.Event)

    def at(self, path: str) -> list[Received]:
        return [each for each in self.received if each.path == path]

    def ids(self, path: str = "/hook") -> list[str]:
        return [each.id for each in self.at(path)]


@contextmanager
def receiving(tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Run a receiver in threads of this process, behind TLS where a context is given."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.received.append(Received(self.path, headers, body))
            script = receiver.script[self.path]
            answer(self, receiver, script.pop(0) if script else {"status": 204})

        def log_message(self, *args: Any) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    receiver.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=[0.01], daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.hold.set()
        server.shutdown()
        thread.join()
        server.server_close()


def answer(handler: BaseHTTPRequestHandler, receiver: Receiver, how: dict[str, Any]) -> None:
    """Answer by the script: a status and headers, a body, slowly, or not at all."""
    if how.get("hang_up"):
        handler.close_connection = True
        return
    if how.get("hold"):
        receiver.hold.wait(20)
    if how.get("raw"):
        handler.wfile.write(how["raw"])
        handler.close_connection = True
        return
    body = b"x" * how.get("body_bytes", 0)
    handler.send_response(how.get("status", 204))
    for name, value in how.get("headers", {}).items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    try:
        for begin in range(0, len(body), how.get("chunk", 65536)):
            handler.wfile.write(body[begin : begin + how.get("chunk", 65536)])
            time.sleep(how.get("pause", 0))
    except OSError:
        handler.close_connection = True


def is_genuine(received: Received, secret: str, now: float | None = None) -> bool:
    """Verify as the specification tells a receiver to."""
    message_id = received.headers.get("webhook-id", "")
    timestamp = received.headers.get("webhook-timestamp", "")
    if not timestamp.isdigit():
        return False
    if now is not None and abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    key = base64.b64decode(secret.split("whsec_", 1)[1])
    signed = f"{message_id}.{timestamp}.".encode() + received.body
    expected = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    for versioned in received.headers.get("webhook-signature", "").split(" "):
        version, _, signature = versioned.partition(",")
        if version == "v1" and hmac.compare_digest(signature, expected):
            return True
    return False
