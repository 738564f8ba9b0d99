"""The OpenAPI description: what flask-smorest knows, plus what the house adds to each operation."""

import json
import re
from collections.abc import Mapping
from typing import Any

import yaml
from flask import Flask
from flask_smorest import Api

from backend.core.access import ANYONE, DOORS, DepartmentCaller
from backend.core.http.api import ANY_QUERY
from backend.core.http.problems import MEDIA_TYPE, TITLES, status_of
from backend.core.languages import DEFAULT, Language

MEMBERS = ("operationId summary description tags security parameters requestBody responses").split()
PLACE = re.compile(r"<(?:[^<>]*:)?(\w+)>")  # `<id:bill_id>`, and what stands around it stays
ORDER = ("openapi", "info", "tags", "paths", "components")
ABOUT = (
    "The open backend of a citizen's one-stop app. Illustrative: the catalogue is not official, "
    "and nothing here is connected to any government or payment system."
)
PROBLEM = {
    "type": "object",
    "description": "RFC 9457 problem details.",
    "required": ["type", "title", "status", "detail", "code", "trace_id", "errors"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "trace_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}
# Blueprints that write no row, whatever the method.
READING = frozenset({"assistant"})
LANG = {
    "in": "query",
    "name": "lang",
    "description": "The language of the reply; wins over Accept-Language.",
    "schema": {"type": "string", "enum": [str(language) for language in Language]},
}
KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": True,
    "description": "Any word of yours, new for each create; the same one repeats safely.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
SECURITY_SCHEMES = {
    "resident": {"type": "http", "scheme": "bearer", "description": "From POST /v1/sessions."},
    "department": {
        "type": "oauth2",
        "flows": {
            "clientCredentials": {
                "tokenUrl": "/v1/department/token",
                "scopes": {
                    "bills": "Post bills.",
                    "urgent": "Have a bill pushed at any hour.",
                },
            }
        },
    },
}


def describe(app: Flask, api: Api) -> dict[str, Any]:
    """Return the description of every operation of `app`, ready to be written or served."""
    described = api.spec.to_dict()
    described["info"]["description"] = ABOUT
    described["components"].pop("responses", None)
    schemas = described["components"].setdefault("schemas", {})
    for unused in ("ErrorSchema", "PaginationMetadataSchema"):
        schemas.pop(unused, None)
    schemas["Problem"] = PROBLEM
    described["components"]["securitySchemes"] = SECURITY_SCHEMES
    for path in described["paths"].values():
        shared = path.pop("parameters", [])
        for operation in path.values():
            operation["parameters"] = [*shared, *operation.get("parameters", []), LANG]
    for rule in app.url_map.iter_rules():
        blueprint = rule.endpoint.partition(".")[0]
        if blueprint not in DOORS:
            continue
        path = described["paths"][openapi_path(rule.rule)]
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            operation = path[method.lower()]
            _complete(operation, method, blueprint, app.view_functions[rule.endpoint])
    # Through JSON once, so that what is served and what is written hold plain values alone.
    return json.loads(json.dumps({key: described[key] for key in ORDER}, default=str))  # type: ignore[no-any-return]


def write_yaml(description: Mapping[str, Any]) -> str:
    """Return the description as YAML: order kept, Chinese unescaped, no anchors."""
    head = "# Written by `ferry openapi`. Change the code, then run it again.\n"
    plain = _Plain
    return head + yaml.dump(
        dict(description), Dumper=plain, sort_keys=False, allow_unicode=True, width=100
    )


class _Plain(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def openapi_path(rule: str) -> str:
    """Return the path of a Flask rule as OpenAPI writes it: `/bills/{bill_id}`."""
    return PLACE.sub(r"{\1}", rule)


def _complete(operation: dict[str, Any], method: str, blueprint: str, view: Any) -> None:
    door = DOORS[blueprint]
    if getattr(view, "needs_idempotency_key", False):
        operation["parameters"].append(KEY)
    if door.kind is DepartmentCaller:
        operation["security"] = [{"department": [door.scope]}]
    elif door is not ANYONE:
        nobody: list[dict[str, list[str]]] = [{}] if door.may_be_nobody else []
        operation["security"] = [*nobody, {"resident": []}]
    responses = operation["responses"]
    for derived in ("default", "422", "304"):
        responses.pop(derived, None)
    refused = _refusals(operation, method, blueprint, view)
    for status, codes in sorted(refused.items()):
        responses[str(status)] = {
            "description": f"{TITLES[status].into(DEFAULT)}: {', '.join(sorted(codes))}",
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    operation["responses"] = dict(sorted(responses.items()))
    for key in MEMBERS:
        if key in operation:
            operation[key] = operation.pop(key)


def _refusals(
    operation: dict[str, Any], method: str, blueprint: str, view: Any
) -> dict[int, set[str]]:
    takes_stream = getattr(view, "takes_stream", False)
    takes_body = getattr(view, "takes_body", False) or takes_stream
    refused: dict[int, set[str]] = {
        400: {
            "query_not_readable",
            "body_not_readable" if takes_body else "body_not_expected",
        },
        422: {"language_not_known"},
        429: {"too_many_requests"},
        500: {"internal_server_error"},
        503: {"database_busy"},
    }
    if method != "GET" and blueprint not in READING:
        refused[409] = {"changed_meanwhile"}
    if DOORS[blueprint] is not ANYONE:
        refused[401] = {"sign_in_needed"}
        refused[403] = {"not_your_door", "scope_missing"}
    if any(parameter["in"] == "path" for parameter in operation["parameters"]):
        refused[404] = {"not_found"}
    if takes_body:
        refused[413] = {"body_too_large"}
        refused[415] = {"media_type_not_taken", "encoding_not_taken"}
    takes_shape = (takes_body and not takes_stream) or len(operation["parameters"]) > 1
    if takes_shape or (method == "GET" and blueprint not in ANY_QUERY):
        refused[422].add("invalid")
    for refusal in getattr(view, "refusals", ()):
        refused.setdefault(status_of(refusal), set()).add(refusal.code)
    return refused
