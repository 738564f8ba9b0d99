"""Keeps every exchange of the tests, so that one test may hold them all to openapi.yaml."""

from dataclasses import dataclass

from flask import Flask, Response, request

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


def hear(app: Flask) -> None:
    """Listen to `app`: behind all of its own hooks, so that what is kept is what goes out."""

    def keep(response: Response) -> Response:
        HEARD.append(
            Exchange(
                path=openapi_path(request.url_rule.rule) if request.url_rule else None,
                method=request.method,
                status=response.status_code,
                mimetype=response.mimetype or "",
                body=b"" if response.direct_passthrough else response.get_data(),
            )
        )
        return response

    app.after_request_funcs.setdefault(None, []).insert(0, keep)
