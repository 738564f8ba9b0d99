"""What every problem document must be, whatever went wrong."""

import re
from typing import Any

from werkzeug.test import TestResponse

MEMBERS = {"type", "title", "status", "detail", "code", "trace_id", "errors"}
INSIDE = re.compile(
    r"Traceback|sqlite|psycopg|postgres|SELECT|INSERT|/backend/|Error\b|Exception|\.py\b"
)


def assert_problem(reply: TestResponse, status: int, code: str) -> dict[str, Any]:
    """Hold a reply to RFC 9457 and to the house's members; return it."""
    assert (reply.status_code, reply.mimetype) == (status, "application/problem+json"), reply.text
    problem: dict[str, Any] = reply.json
    assert set(problem) >= MEMBERS
    assert problem["status"] == status
    assert problem["code"] == code
    assert problem["type"] == f"urn:ferry:problem:{code}"
    assert problem["trace_id"] == reply.headers["Trace-Id"]
    assert problem["title"]
    assert problem["detail"]
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["Content-Language"] in {"en", "zh-Hant", "zh-Hans"}
    assert not INSIDE.search(reply.text)
    return problem
