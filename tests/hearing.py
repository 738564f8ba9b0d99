"""A test client that keeps every exchange, so that one test may hold them all to openapi.yaml."""

from dataclasses import dataclass
from typing import Any

from flask import Flask, request
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from backend.core.description import openapi_path


@dataclass(frozen=True)
class Exchange:
    """One request's operation, by the path that the description gives it, and its reply."""

    path: str | None
    method: str
    status: int
    mimetype: str
    body: bytes


HEARD: list[Exchange] = []


class HeardClient(FlaskClient):
    """Flask's test client, remembering what it heard."""

    application: Flask

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        response = super().open(*args, **kwargs)
        rule = response.request.environ.get("ferry.rule")
        HEARD.append(
            Exchange(
                path=openapi_path(rule) if rule else None,
                method=response.request.method,
                status=response.status_code,
                mimetype=response.mimetype or "",
                body=response.get_data(),
            )
        )
        return response


def remember_rule(app: Flask) -> None:
    """Note in the environ which rule a request matched, before any hook may refuse it."""

    def note() -> None:
        request.environ["ferry.rule"] = request.url_rule.rule if request.url_rule else None

    app.before_request_funcs.setdefault(None, []).insert(0, note)
