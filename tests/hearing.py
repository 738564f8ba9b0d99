"""Listens to every reply of the tests, and holds each to what openapi.yaml says it may be."""

import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import jsonschema
import yaml
from flask import Flask, Response, request
from jsonschema.protocols import Validator

from backend.core.description import openapi_path
from backend.core.settings import CHECKOUT


@dataclass(frozen=True)
class Exchange:
    """One request's operation, by the path that the description gives it, and its reply."""

    path: str
    method: str
    status: int
    mimetype: str
    body: bytes

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.status}"


@dataclass
class Hearing:
    """What was heard of an app, and what of that nobody described."""

    count: int = 0
    wrong: list[str] = field(default_factory=list)

    def take(self, exchange: Exchange) -> None:
        """Hold an exchange to the description."""
        self.count += 1
        sentence = what_is_wrong(exchange)
        if sentence is not None:
            self.wrong.append(f"{exchange}: {sentence}")


def hear(app: Flask) -> Hearing:
    """Listen to `app`: behind all of its own hooks, so that what is heard is what goes out."""
    hearing = Hearing()

    def keep(response: Response) -> Response:
        if request.url_rule and request.method not in ("HEAD", "OPTIONS"):
            path = openapi_path(request.url_rule.rule)
            body = b"" if response.direct_passthrough else response.get_data()
            mimetype = response.mimetype or ""
            hearing.take(Exchange(path, request.method, response.status_code, mimetype, body))
        return response

    app.after_request_funcs.setdefault(None, []).insert(0, keep)
    return hearing


def what_is_wrong(exchange: Exchange) -> str | None:
    """Say how an exchange differs from openapi.yaml, or None."""
    operation = description()["paths"][exchange.path].get(exchange.method.lower())
    if operation is None or exchange.status == 304:
        return None if exchange.status in (304, 405) else "the operation is not described"
    reply = operation["responses"].get(str(exchange.status))
    if reply is None:
        return f"{exchange.status} is not documented"
    if exchange.status == 204 or exchange.mimetype not in reply.get("content", {}):
        bare = exchange.status == 204 or exchange.mimetype.startswith(("text/", "image/"))
        return None if bare else f"{exchange.mimetype} is not documented"
    schema = reply["content"][exchange.mimetype].get("schema")
    if not schema:
        return None
    validator = _validator(exchange.path, exchange.method, exchange.status, exchange.mimetype)
    return next((error.message for error in validator.iter_errors(json.loads(exchange.body))), None)


@cache
def description() -> dict[str, Any]:
    """Return what openapi.yaml says."""
    read: dict[str, Any] = yaml.load(
        (CHECKOUT / "openapi.yaml").read_bytes(), getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    )
    return read


@cache
def _validator(path: str, method: str, status: int, mimetype: str) -> Validator:
    reply = description()["paths"][path][method.lower()]["responses"][str(status)]
    schema = reply["content"][mimetype]["schema"]
    components = {"components": description()["components"]}
    return jsonschema.Draft202012Validator({**schema, **components})
