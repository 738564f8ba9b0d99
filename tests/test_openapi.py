"""The description of the API: complete, in its order, and valid OpenAPI 3.1."""

from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from backend.app import describe_api
from backend.core.description import ORDER, write_yaml
from backend.core.settings import CHECKOUT


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    return describe_api()


def operations(description: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for path in description["paths"].values() for each in path.values()]


def test_the_committed_file_is_written_from_this_code(description: dict[str, Any]) -> None:
    assert (CHECKOUT / "openapi.yaml").read_text() == write_yaml(description)


def test_the_description_is_valid_openapi(description: dict[str, Any]) -> None:
    assert list(OpenAPIV31SpecValidator(description).iter_errors()) == []


def test_the_order_is_kept_and_chinese_stays_readable(description: dict[str, Any]) -> None:
    text = write_yaml(description)

    assert tuple(description) == ORDER
    assert "點樣交水費呀" in text
    assert "\\u" not in text


def test_every_operation_has_an_id_a_summary_a_tag_and_its_refusals(
    description: dict[str, Any],
) -> None:
    ids = [each["operationId"] for each in operations(description)]

    assert len(ids) == len(set(ids))
    for each in operations(description):
        assert each["summary"]
        assert each["tags"]
        assert any(status >= "400" for status in each["responses"])
    guarded = [each for each in operations(description) if each.get("security")]
    assert all({"401", "403"} <= set(each["responses"]) for each in guarded)


def test_every_tag_is_explained(description: dict[str, Any]) -> None:
    assert all(tag["description"] for tag in description["tags"])
