"""A stand-in for Firebase Cloud Messaging that speaks its HTTP v1 protocol and keeps a log.

The log is the oracle of the tests: one JSON line per push that was accepted or refused. Shapes and
error codes follow Google's reference for `projects.messages.send` and `FcmError`; an OAuth 2.0
token endpoint (RFC 7523 assertions) lets the real client sign in the real way. `POST /control`
scripts what is answered next, to one address or to all.
"""

import argparse
import json
import secrets
import threading
import time
from collections import defaultdict, deque
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask, Response, request
from werkzeug.serving import BaseWSGIServer, make_server

LARGEST_PAYLOAD_BYTES = 4096
TARGETS = ("token", "fid", "topic", "condition")
EVERYBODY = "*"
STATUS_WORDS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}
ERROR_CODES = {
    400: "INVALID_ARGUMENT",
    401: "THIRD_PARTY_AUTH_ERROR",
    403: "SENDER_ID_MISMATCH",
    404: "UNREGISTERED",
    429: "QUOTA_EXCEEDED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}


class Ledger:
    """What arrived and what was answered, in memory and as lines of a file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.turn = threading.Lock()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.touch()

    def write(self, line: dict[str, Any]) -> None:
        text = json.dumps({"at": datetime.now(UTC).isoformat(), **line}, ensure_ascii=False)
        with self.turn, self.path.open("a") as file:
            file.write(text + "\n")

    def read(self) -> str:
        with self.turn:
            return self.path.read_text()


class Script:
    """Answers laid down beforehand: `{"status", "retry_after", "delay_seconds"}`, used in turn."""

    def __init__(self) -> None:
        self.answers: dict[str, deque[dict[str, Any]]] = defaultdict(deque)
        self.turn = threading.Lock()

    def add(self, address: str, answers: list[dict[str, Any]]) -> None:
        with self.turn:
            self.answers[address].extend(answers)

    def next_for(self, address: str) -> dict[str, Any]:
        with self.turn:
            for key in (address, EVERYBODY):
                if self.answers[key]:
                    return self.answers[key].popleft()
        return {}


def make_fcm(log: Path) -> Flask:
    """Make the simulator; its log is kept at the path `log`, across restarts."""
    app = Flask("fcm")
    ledger, script, issued = Ledger(log), Script(), set[str]()

    @app.post("/token")
    def token() -> dict[str, Any]:
        fresh = f"simulated-{secrets.token_hex(16)}"
        issued.add(fresh)
        return {"access_token": fresh, "token_type": "Bearer", "expires_in": 3600}

    @app.post("/v1/projects/<project>/messages:send")
    def send(project: str) -> Response | dict[str, str]:
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in issued:
            return refuse(401, "UNAUTHENTICATED", "The request lacks a valid access token.")
        message = (request.get_json(silent=True) or {}).get("message")
        wrong = _what_is_wrong(message)
        if wrong or message is None:
            ledger.write({"outcome": "refused", "status": 400, "error": wrong, "message": message})
            return refuse(400, "INVALID_ARGUMENT", wrong or "")
        address = next(message[name] for name in TARGETS if name in message)
        answer = script.next_for(address)
        time.sleep(float(answer.get("delay_seconds", 0)))
        status = int(answer.get("status", 200))
        line = {"status": status, "project": project, "address": address, "message": message}
        if status != 200:
            code = answer.get("error_code") or ERROR_CODES[status]
            ledger.write({"outcome": "refused", "error": code, **line})
            return refuse(status, code, "Scripted by the simulator.", answer.get("retry_after"))
        name = f"projects/{project}/messages/{secrets.token_hex(10)}"
        ledger.write({"outcome": "accepted", "name": name, **line})
        return {"name": name}

    @app.post("/control")
    def control() -> dict[str, bool]:
        body = request.get_json()
        script.add(body.get("address", EVERYBODY), body["answers"])
        return {"ok": True}

    @app.get("/log")
    def read_log() -> Response:
        return Response(ledger.read(), mimetype="application/x-ndjson")

    return app


def refuse(status: int, code: str, why: str, retry_after: int | None = None) -> Response:
    """Make FCM's error body, with its `FcmError` detail."""
    detail = {"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code}
    error = {"code": status, "message": why, "status": STATUS_WORDS[status], "details": [detail]}
    response = Response(json.dumps({"error": error}), status=status, mimetype="application/json")
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def _what_is_wrong(message: Any) -> str | None:
    if not isinstance(message, dict):
        return "There is no message."
    if sum(name in message for name in TARGETS) != 1:
        return "A message names exactly one of token, fid, topic and condition."
    if any(not isinstance(value, str) for value in message.get("data", {}).values()):
        return "The values of data are strings."
    visible = {name: message.get(name) for name in ("notification", "data")}
    if len(json.dumps(visible, ensure_ascii=False).encode()) > LARGEST_PAYLOAD_BYTES:
        return "The payload is larger than 4096 bytes."
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
        "token_uri": f"{base_url}/token",
    }


def make_fcm_server(log: Path, port: int = 0) -> BaseWSGIServer:
    """Make a threaded server of the simulator on loopback; port 0 takes a free one."""
    return make_server("127.0.0.1", port, make_fcm(log), threaded=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--log", type=Path, required=True)
    wanted = parser.parse_args()
    make_fcm_server(wanted.log, wanted.port).serve_forever()


if __name__ == "__main__":
    main()
