"""The house's way to declare an operation: who it is, what goes in and out, what it may refuse."""

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlencode

import marshmallow as ma
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.common import resolve_schema_cls
from flask import Flask, Response, current_app, request
from flask_smorest import Api
from flask_smorest import Blueprint as SmorestBlueprint
from marshmallow import fields, validate
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import HTTPException
from werkzeug.routing import BaseConverter

from backend.core.clock import ID_PATTERN
from backend.core.errors import Refusal
from backend.core.http import bodies, failures, replies
from backend.core.http.problems import problem, problem_of_status
from backend.core.http.values import WholeNumber
from backend.core.http.wording import field_errors
from backend.core.paging import DEFAULT_LIMIT, MOST, Page

# Whose addresses stay open to what others put behind them: probes, browsers, calendars, the bank.
ANY_QUERY = frozenset({"operations", "api-page", "calendar-feed", "bank-callbacks"})


class Shape(ma.Schema):
    """What goes in or out as JSON; unknown members are refused."""

    class Meta:
        unknown = ma.RAISE


class Query(ma.Schema):
    """What goes in by the query string; unknown names are refused, `lang` is taken elsewhere."""

    class Meta:
        unknown = ma.RAISE


class NamedShape(Shape):
    """Something with a name, in the reader's language."""

    id = fields.String(required=True)
    name = fields.String(required=True)


class PageQuery(Query):
    """The two parameters of every list."""

    cursor = fields.String(
        load_default=None,
        validate=validate.Length(min=1, max=500),
        metadata={"description": "Where the next page begins, from `next`."},
    )
    limit = WholeNumber(
        load_default=DEFAULT_LIMIT,
        validate=validate.Range(min=1, max=MOST),
        metadata={"description": "How many items a page holds at most."},
    )


class StrictParser(FlaskParser):
    """webargs, reading bodies by our own strict reader."""

    DEFAULT_UNKNOWN_BY_LOCATION = {  # noqa: RUF012  # as the base class has it
        "json": ma.RAISE,
        "form": ma.RAISE,
        "query": ma.RAISE,
    }

    def load_json(self, req: Any, schema: Any) -> Any:
        view = current_app.view_functions[req.endpoint]
        if getattr(view, "takes_no_body_too", False) and not bodies.is_stated(req):
            return {}
        return bodies.read_json(req)

    def load_form(self, req: Any, schema: Any) -> Any:
        return bodies.read_form(req)

    def load_querystring(self, req: Any, schema: Any) -> Any:
        return {name: value for name, value in req.args.items() if name != "lang"}


class Blueprint(SmorestBlueprint):  # type: ignore[misc]  # flask-smorest has no types
    """A capability's door to the web; its operations say what they may refuse."""

    ARGUMENTS_PARSER = StrictParser()

    def arguments(self, schema: Any, *, location: str = "json", **kwargs: Any) -> Any:
        """Declare what comes in, and remember where from; a body not `required` may be missing."""
        declare = super().arguments(schema, location=location, **kwargs)

        def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
            wrapped: Any = declare(view)
            if location in ("json", "form"):
                wrapped.takes_body = True
                wrapped.takes_no_body_too = not kwargs.get("required", True)
            else:
                wrapped.takes_query = True
            return wrapped  # type: ignore[no-any-return]

        return decorate

    def takes_bytes(self, media_type: str) -> Any:
        """Declare a body that the operation reads byte for byte, such as a signed one."""

        def decorate(view: Any) -> Any:
            view.takes_body = True
            content = {media_type: {"schema": {"type": "string", "format": "binary"}}}
            return self.doc(requestBody={"required": True, "content": content})(view)

        return decorate

    def takes_stream(self, description: str, *media_types: str) -> Any:
        """Declare that a file comes in as the body, which the route reads by `bodies.pieces_of`."""
        text = {"schema": {"type": "string"}}
        body = {"description": description, "required": True}

        def decorate(view: Any) -> Any:
            view.takes_stream = True
            content = dict.fromkeys(media_types, text)
            return self.doc(requestBody={**body, "content": content})(view)

        return decorate

    def refuses(self, *refusals: type[Refusal]) -> Any:
        """Declare the named refusals of an operation, for the API description."""

        def decorate(view: Any) -> Any:
            view.refusals = refusals
            return view

        return decorate


class IdConverter(BaseConverter):
    """An id of ours in a path: one spelling, ASCII, so that no alias reaches a row."""

    regex = ID_PATTERN


class SlugConverter(BaseConverter):
    """A name of the catalogue in a path."""

    regex = "[a-z0-9](?:[a-z0-9-]{0,60}[a-z0-9])?"


class DeviceConverter(BaseConverter):
    """The id that a phone gave itself."""

    regex = "[A-Za-z0-9_-]{8,64}"


class TokenConverter(BaseConverter):
    """A secret of 256 random bits in base64url: whoever knows the address may read."""

    regex = "[A-Za-z0-9_-]{43}"


class FerryApi(Api):  # type: ignore[misc]  # flask-smorest has no types
    """flask-smorest, answering every error as a problem document."""

    def handle_http_exception(self, error: HTTPException) -> Response:
        language = replies.language_of_request()
        if error.response is not None and isinstance(error.response, Response):
            return error.response
        messages = (getattr(error, "data", None) or {}).get("messages")
        if error.code == 422 and messages is not None:
            errors = field_errors(messages, language)
            detail = "; ".join(f"{e['pointer'][2:] or '#'}: {e['detail']}" for e in errors[:3])
            return problem(422, "invalid", detail, language, errors=errors)
        allow = error.get_headers()
        headers = {name: value for name, value in allow if name in ("Allow", "Retry-After")}
        return problem_of_status(error.code or 500, language, headers)


def make_api(app: Flask) -> FerryApi:
    """Join flask-smorest, the strict bodies and the problem documents to `app`."""
    app.config.update(
        API_TITLE="Ferry",
        API_VERSION="1",
        OPENAPI_VERSION="3.1.0",
        MAX_CONTENT_LENGTH=bodies.READ_AT_MOST,
        MAX_FORM_MEMORY_SIZE=bodies.READ_AT_MOST,
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    # One spelling for each address: no second name for caches and logs, and no redirect either.
    app.url_map.strict_slashes = True
    app.url_map.merge_slashes = False
    converters = {
        "id": IdConverter,
        "slug": SlugConverter,
        "device": DeviceConverter,
        "token": TokenConverter,
    }
    app.url_map.converters.update(converters)
    api = FerryApi(app, spec_kwargs={"marshmallow_plugin": MarshmallowPlugin(_name_of_shape)})
    for converter in converters.values():
        schema = {"type": "string", "pattern": f"^{converter.regex}$"}
        api.register_converter(converter, lambda _converter, schema=schema: dict(schema))
    failures.bind(app)
    return api


def check_what_is_expected() -> None:
    """Refuse a body where none is taken (a `before_request` hook, after the door).

    Also a query, where something is read: a filter that is not there must not seem to have worked.
    """
    if not request.endpoint:
        return
    view = current_app.view_functions[request.endpoint]
    if request.method in ("GET", "HEAD") and not _takes_query(view):
        Blueprint.ARGUMENTS_PARSER.parse(Query, request, location="query")
    if getattr(view, "takes_stream", False):
        return  # a file, which its route reads in pieces
    if getattr(view, "takes_body", False):
        bodies.raw_body(request)
    else:
        bodies.refuse_body(request)


def _takes_query(view: Callable[..., Any]) -> bool:
    return getattr(view, "takes_query", False) or request.blueprint in ANY_QUERY


def page_of(page: Page[Any], path: str, filters: Iterable[tuple[str, Any]] = ()) -> dict[str, Any]:
    """Return `{"items", "next"}`, `next` being the whole address of the next page, or None.

    The next page comes in the language that this one was asked for by `?lang=`.
    """
    if page.next_cursor is None:
        return {"items": page.items, "next": None}
    named = [*filters, ("lang", request.args.get("lang")), ("cursor", page.next_cursor)]
    query = urlencode([(name, value) for name, value in named if value is not None])
    return {"items": page.items, "next": f"{path}?{query}"}


def _name_of_shape(schema: Any) -> str:
    """Name a shape in the API description by what it is: `Bill`, not `BillShape`."""
    name: str = resolve_schema_cls(schema).__name__  # type: ignore[union-attr]
    return name.removesuffix("Shape")
