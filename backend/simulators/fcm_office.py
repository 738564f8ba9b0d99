"""What FCM does with a request, whatever face of the simulator it came in by.

Each push that is accepted or refused is a line of the log before it is answered.
"""

import base64
import json
import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from backend.simulators.fcm_message import ERROR_CODES, error_body, fault_of
from backend.simulators.fcm_script import Answer

TOKEN_ENDPOINT = "/token"  # noqa: S105 -- a path
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
AS_USUAL = Answer()


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of FCM: status, JSON text, Retry-After; `is_lost` drops the connection instead."""

    status: int
    text: str
    retry_after: int | str | None = None
    is_lost: bool = False


LOST = Reply(0, "", is_lost=True)


class Log:
    """What arrived and what was answered, as lines of a file; whatever dies, no line is torn."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def write(self, line: dict[str, Any]) -> None:
        text = json.dumps({"at": datetime.now(UTC).isoformat(), **line}, ensure_ascii=False)
        os.write(self.file, f"{text}\n".encode(errors="replace"))


class Office:
    """Who has signed in, and what becomes of what they send."""

    def __init__(self, path: Path) -> None:
        self.log = Log(path)
        self.project_of: dict[str, str] = {}

    def sign_in(self, grant_type: str | None, assertion: str, answer: Answer = AS_USUAL) -> Reply:
        """Give an access token for a signed assertion (RFC 7523)."""
        if answer.status != 200 or answer.body is not None:
            return _reply(answer.status, answer.body or {"error": "invalid_grant"}, answer)
        project = _project_of_assertion(assertion)
        if grant_type != JWT_BEARER or project is None:
            return _reply(400, {"error": "invalid_grant"})
        fresh = f"simulated-{secrets.token_hex(16)}"
        self.project_of[fresh] = project
        return _reply(200, {"access_token": fresh, "token_type": "Bearer", "expires_in": 3600})

    def turn_away(self, authorization: str, project: str, body: Any) -> Reply | None:
        """Check the sender, then the message; None where it is to be pushed."""
        allowed = self.project_of.get(authorization.removeprefix("Bearer "))
        if allowed is None:
            self.log.write({"outcome": "refused", "status": 401, "error": "UNAUTHENTICATED"})
            return _reply(401, error_body(401, "Request had invalid authentication credentials."))
        if allowed != project:
            self.log.write({"outcome": "refused", "status": 403, "error": "PERMISSION_DENIED"})
            return _reply(403, error_body(403, f"Permission denied on project {project}."))
        fault = fault_of(body)
        if fault:
            line = {"outcome": "refused", "status": 400, "error": "INVALID_ARGUMENT"}
            self.log.write({**line, "why": fault.why, "request": body})
            return _reply(400, error_body(400, fault.why, "INVALID_ARGUMENT", fault.field))
        if body.get("validate_only"):
            return _reply(200, {"name": f"projects/{project}/messages/fake_message_id"})
        return None

    def push(
        self, project: str, address: str, message: dict[str, Any], answer: Answer = AS_USUAL
    ) -> Reply:
        """Do with a sound message, to `address`, as the script says."""
        if answer.lose == "request":
            return LOST
        line = {"status": answer.status, "project": project, "address": address, "message": message}
        if answer.status != 200:
            usual = ERROR_CODES.get(answer.status)
            code = usual if answer.error_code is None else answer.error_code
            self.log.write({"outcome": "refused", "error": code, **line})
            refusal = error_body(answer.status, "Scripted by the simulator.", code)
            return _reply(answer.status, answer.body or refusal, answer)
        name = f"projects/{project}/messages/{secrets.token_hex(10)}"
        self.log.write({"outcome": "accepted", "name": name, **line, **_spoilt(answer)})
        if answer.lose == "answer":
            return LOST
        return _reply(200, {"name": name} if answer.body is None else answer.body)


def _spoilt(answer: Answer) -> dict[str, Any]:
    """Say, for the log, by what the sender may not hear in time that a push was accepted."""
    late = {"delay_seconds": answer.delay_seconds} if answer.delay_seconds else {}
    return {**late, "lose": answer.lose} if answer.lose else late


def _reply(status: int, body: dict[str, Any] | str, answer: Answer = AS_USUAL) -> Reply:
    text = body if isinstance(body, str) else json.dumps(body)
    return Reply(status, text, answer.retry_after)


def _project_of_assertion(assertion: str) -> str | None:
    """Return the project of one of our accounts from its JWT (RFC 7519); its signature is trusted."""
    try:
        claims = assertion.split(".")[1]
        issuer = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["iss"]
        return str(issuer).removeprefix("simulated@").removesuffix(".invalid")
    except (IndexError, ValueError, KeyError, TypeError):
        return None
