"""A stand-in for Firebase Cloud Messaging that speaks its HTTP v1 protocol and keeps a log.

The log is the oracle of the tests: one JSON line per push that was accepted or refused. An OAuth 2.0
token endpoint (RFC 7523 assertions) lets the real client sign in the real way. `POST /control`
scripts what is answered next, to one address, to all, or at the token endpoint.
"""

import argparse
import json
import logging
import socket
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask, Response, request
from werkzeug.serving import BaseWSGIServer, make_server

from backend.simulators.fcm_message import address_of
from backend.simulators.fcm_office import TOKEN_ENDPOINT, Office, Reply
from backend.simulators.fcm_script import Answer, Script

EVERYBODY = "*"


class Counter:
    """The simulator's face over HTTP/1.1, where it is scripted too."""

    def __init__(self, path: Path) -> None:
        self.office = Office(path)
        self.script = Script()

    def token(self) -> Response:
        """Give an access token."""
        answer = self.script.next_for(TOKEN_ENDPOINT)
        form = request.form
        return _response(
            self.office.sign_in(form.get("grant_type"), form.get("assertion", ""), answer)
        )

    def send(self, project: str) -> Response:
        """Check the sender, then the message, then do with it as the script says."""
        body: Any = request.get_json(force=True, silent=True)
        bearer = request.headers.get("Authorization", "")
        refusal = self.office.turn_away(bearer, project, body)
        if refusal:
            return _response(refusal)
        address = address_of(body["message"])
        answer = self.script.next_for(address, EVERYBODY)
        return _response(self.office.push(project, address, body["message"], answer))

    def control(self) -> Response:
        """Lay down answers: `{"address": …, "answers": [{"status": 429, "retry_after": 2}, …]}`."""
        order = request.get_json()
        try:
            answers = [Answer(**each) for each in order["answers"]]
        except (KeyError, TypeError) as error:
            return _said({"error": str(error)}, 400)
        self.script.add(order.get("address", EVERYBODY), answers)
        return _said({"ok": True})

    def release(self) -> Response:
        """Let all go that are held."""
        self.script.release()
        return _said({"ok": True})

    def forget(self) -> Response:
        """Forget all answers that were laid down."""
        self.script.forget()
        return _said({"ok": True})

    def state(self) -> Response:
        """Say how many requests are held."""
        return _said({"holding": self.script.holding})

    def read_log(self) -> Response:
        """Give the whole log."""
        return Response(self.office.log.path.read_bytes(), mimetype="application/x-ndjson")


def make_fcm(log: Path) -> Flask:
    """Make the simulator; its log is kept at the path `log`, across restarts. Its tokens are not."""
    app, fcm = Flask("fcm"), Counter(log)
    app.post(TOKEN_ENDPOINT)(fcm.token)
    app.post("/v1/projects/<project>/messages:send")(fcm.send)
    app.post("/control")(fcm.control)
    app.get("/control")(fcm.state)
    app.delete("/control")(fcm.forget)
    app.post("/control/release")(fcm.release)
    app.get("/log")(fcm.read_log)
    return app


def _response(reply: Reply) -> Response:
    if reply.is_lost:
        return _hang_up()
    response = Response(reply.text, status=reply.status, mimetype="application/json")
    if reply.retry_after is not None:
        response.headers["Retry-After"] = str(reply.retry_after)
    return response


def _said(body: dict[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(body), status=status, mimetype="application/json")


def _hang_up() -> Response:
    """Close the connection under the reply, so that none arrives."""
    connection: socket.socket = request.environ["werkzeug.socket"]
    connection.shutdown(socket.SHUT_RDWR)
    return Response()


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
