"""A stand-in for Firebase Cloud Messaging that speaks its HTTP v1 protocol and keeps a log.

The log is the oracle of the tests: one JSON line per push that was accepted or refused. An OAuth 2.0
token endpoint (RFC 7523 assertions) lets the real client sign in the real way. `POST /control`
scripts what is answered next, to one address, to all, or at the token endpoint.
"""

import argparse
import base64
import json
import logging
import os
import secrets
import socket
import threading
import time
from collections import defaultdict, deque
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask, Response, request
from werkzeug.serving import BaseWSGIServer, make_server

from backend.simulators.fcm_message import ERROR_CODES, address_of, error_body, fault_of

EVERYBODY = "*"
TOKEN_ENDPOINT = "/token"  # noqa: S105 -- a path
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class Log:
    """What arrived and what was answered, as lines of a file; whatever dies, no line is torn."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def write(self, line: dict[str, Any]) -> None:
        text = json.dumps({"at": datetime.now(UTC).isoformat(), **line}, ensure_ascii=False)
        os.write(self.file, f"{text}\n".encode(errors="replace"))


@dataclass(frozen=True)
class Answer:
    """How one request is answered; as it stands here it is a plain success."""

    status: int = 200
    error_code: str | None = None  # FCM's word for it; "" leaves the detail out
    retry_after: int | str | None = None
    delay_seconds: float = 0
    hold: bool = False  # until `POST /control/release`
    lose: str | None = None  # "request": drop it unread; "answer": accept, then drop the connection
    body: str | None = None  # sent instead of FCM's own


class Script:
    """Answers laid down beforehand, used in turn; and the gate that holds some of them back."""

    def __init__(self) -> None:
        self.answers: dict[str, deque[Answer]] = defaultdict(deque)
        self.changed = threading.Condition()
        self.holding = 0
        self.releases = 0

    def add(self, address: str, answers: list[Answer]) -> None:
        with self.changed:
            self.answers[address].extend(answers)

    def next_for(self, *addresses: str) -> Answer:
        """Return the next answer to the first of `addresses` that has one, when its time has come."""
        with self.changed:
            queues = [self.answers[each] for each in addresses if self.answers[each]]
            answer = queues[0].popleft() if queues else Answer()
            if answer.hold:
                self._wait_for_release()
        time.sleep(answer.delay_seconds)
        return answer

    def release(self) -> None:
        with self.changed:
            self.releases += 1
            self.changed.notify_all()

    def forget(self) -> None:
        with self.changed:
            self.answers.clear()

    def _wait_for_release(self) -> None:
        seen = self.releases
        self.holding += 1
        self.changed.wait_for(lambda: self.releases > seen)
        self.holding -= 1


class Fcm:
    """The simulator's state, and what it does with a request."""

    def __init__(self, path: Path) -> None:
        self.log = Log(path)
        self.script = Script()
        self.project_of: dict[str, str] = {}

    def token(self) -> Response:
        """Give an access token for a signed assertion (RFC 7523)."""
        answer = self.script.next_for(TOKEN_ENDPOINT)
        if answer.status != 200 or answer.body is not None:
            return _reply(answer.status, answer.body or {"error": "invalid_grant"}, answer)
        project = _project_of_assertion(request.form.get("assertion", ""))
        if request.form.get("grant_type") != JWT_BEARER or project is None:
            return _reply(400, {"error": "invalid_grant"})
        fresh = f"simulated-{secrets.token_hex(16)}"
        self.project_of[fresh] = project
        return _reply(200, {"access_token": fresh, "token_type": "Bearer", "expires_in": 3600})

    def send(self, project: str) -> Response:
        """Check the sender, then the message, then do with it as the script says."""
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        allowed = self.project_of.get(bearer)
        if allowed is None:
            self.log.write({"outcome": "refused", "status": 401, "error": "UNAUTHENTICATED"})
            return _reply(401, error_body(401, "Request had invalid authentication credentials."))
        if allowed != project:
            self.log.write({"outcome": "refused", "status": 403, "error": "PERMISSION_DENIED"})
            return _reply(403, error_body(403, f"Permission denied on project {project}."))
        body: Any = request.get_json(force=True, silent=True)
        fault = fault_of(body)
        if fault:
            line = {"outcome": "refused", "status": 400, "error": "INVALID_ARGUMENT"}
            self.log.write({**line, "why": fault.why, "request": body})
            return _reply(400, error_body(400, fault.why, "INVALID_ARGUMENT", fault.field))
        if body.get("validate_only"):
            return _reply(200, {"name": f"projects/{project}/messages/fake_message_id"})
        return self._push(project, body["message"])

    def _push(self, project: str, message: dict[str, Any]) -> Response:
        address = address_of(message)
        answer = self.script.next_for(address, EVERYBODY)
        if answer.lose == "request":
            return _hang_up()
        line = {"status": answer.status, "project": project, "address": address, "message": message}
        if answer.status != 200:
            usual = ERROR_CODES.get(answer.status)
            code = usual if answer.error_code is None else answer.error_code
            self.log.write({"outcome": "refused", "error": code, **line})
            refusal = error_body(answer.status, "Scripted by the simulator.", code)
            return _reply(answer.status, answer.body or refusal, answer)
        name = f"projects/{project}/messages/{secrets.token_hex(10)}"
        self.log.write({"outcome": "accepted", "name": name, **line})
        if answer.lose == "answer":
            return _hang_up()
        return _reply(200, {"name": name} if answer.body is None else answer.body)

    def control(self) -> Response:
        """Lay down answers: `{"address": …, "answers": [{"status": 429, "retry_after": 2}, …]}`."""
        order = request.get_json()
        try:
            answers = [Answer(**each) for each in order["answers"]]
        except (KeyError, TypeError) as error:
            return _reply(400, {"error": str(error)})
        self.script.add(order.get("address", EVERYBODY), answers)
        return _reply(200, {"ok": True})

    def release(self) -> Response:
        """Let all go that are held."""
        self.script.release()
        return _reply(200, {"ok": True})

    def forget(self) -> Response:
        """Forget all answers that were laid down."""
        self.script.forget()
        return _reply(200, {"ok": True})

    def state(self) -> Response:
        """Say how many requests are held."""
        return _reply(200, {"holding": self.script.holding})

    def read_log(self) -> Response:
        """Give the whole log."""
        return Response(self.log.path.read_bytes(), mimetype="application/x-ndjson")


def make_fcm(log: Path) -> Flask:
    """Make the simulator; its log is kept at the path `log`, across restarts. Its tokens are not."""
    app, fcm = Flask("fcm"), Fcm(log)
    app.post(TOKEN_ENDPOINT)(fcm.token)
    app.post("/v1/projects/<project>/messages:send")(fcm.send)
    app.post("/control")(fcm.control)
    app.get("/control")(fcm.state)
    app.delete("/control")(fcm.forget)
    app.post("/control/release")(fcm.release)
    app.get("/log")(fcm.read_log)
    return app


def _reply(status: int, body: dict[str, Any] | str, answer: Answer | None = None) -> Response:
    text = body if isinstance(body, str) else json.dumps(body)
    response = Response(text, status=status, mimetype="application/json")
    if answer and answer.retry_after is not None:
        response.headers["Retry-After"] = str(answer.retry_after)
    return response


def _hang_up() -> Response:
    """Close the connection under the reply, so that none arrives."""
    connection: socket.socket = request.environ["werkzeug.socket"]
    connection.shutdown(socket.SHUT_RDWR)
    return Response()


def _project_of_assertion(assertion: str) -> str | None:
    """Return the project of one of our accounts from its JWT (RFC 7519); its signature is trusted."""
    try:
        claims = assertion.split(".")[1]
        issuer = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["iss"]
        return str(issuer).removeprefix("simulated@").removesuffix(".invalid")
    except (IndexError, ValueError, KeyError, TypeError):
        return None


def make_service_account(base_url: str, project: str) -> dict[str, str]:
    """Make a service account of the simulator: a fresh RSA key, and its token endpoint."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return {
        "type": "service_account",
        "project_id": project,
        "private_key_id": "simulated",
        "private_key": pem.decode(),
        "client_email": f"simulated@{project}.invalid",
        "token_uri": f"{base_url}{TOKEN_ENDPOINT}",
    }


def make_fcm_server(log: Path, port: int = 0) -> BaseWSGIServer:
    """Make a threaded server of the simulator on loopback; port 0 takes a free one."""
    # One line per push stands in the log; the server's own line per request is only noise.
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    return make_server("127.0.0.1", port, make_fcm(log), threaded=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--log", type=Path, required=True)
    wanted = parser.parse_args()
    make_fcm_server(wanted.log, wanted.port).serve_forever()


if __name__ == "__main__":
    main()
