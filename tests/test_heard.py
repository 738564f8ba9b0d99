"""Looks back: every reply that any test got is what openapi.yaml says it may be."""

import json
from typing import Any

import jsonschema
import pytest
import yaml
from jsonschema.protocols import Validator

from backend.app import describe_api
from backend.core.settings import CHECKOUT
from tests.hearing import HEARD, Exchange

FEWEST = 200


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    text = (CHECKOUT / "openapi.yaml").read_text()
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def validator_of(description: dict[str, Any], schema: dict[str, Any]) -> Validator:
    """Make a validator of one schema, with the components beside it for its references."""
    return jsonschema.Draft202012Validator({**schema, "components": description["components"]})


def what_is_wrong(exchange: Exchange, description: dict[str, Any]) -> str | None:
    """Say how an exchange differs from the description, or None."""
    if exchange.path is None or exchange.method in ("HEAD", "OPTIONS"):
        return None
    operation = description["paths"][exchange.path].get(exchange.method.lower())
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
    errors = validator_of(description, schema).iter_errors(json.loads(exchange.body))
    return next((error.message for error in errors), None)


def test_every_reply_of_the_suite_is_as_the_description_says(description: dict[str, Any]) -> None:
    if len(HEARD) < FEWEST:
        pytest.skip("only part of the suite ran, so there is little to look back at")

    wrong = {
        (exchange.method, exchange.path, exchange.status, sentence)
        for exchange in HEARD
        if (sentence := what_is_wrong(exchange, description))
    }

    assert wrong == set()


def test_every_operation_was_heard_to_succeed(description: dict[str, Any]) -> None:
    if len(HEARD) < FEWEST:
        pytest.skip("only part of the suite ran, so there is little to look back at")

    heard = {(each.method.lower(), each.path) for each in HEARD if each.status < 300}

    described = {(method, path) for path, ways in description["paths"].items() for method in ways}
    assert described - heard == set()


def test_the_file_is_what_the_code_describes(description: dict[str, Any]) -> None:
    assert description == describe_api()
