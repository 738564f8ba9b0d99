"""Every refusal is one shape, in three languages, and tells nothing of the inside."""

import json
import re
import string
from collections.abc import Iterator

import pytest
from flask import Response, abort
from flask.testing import FlaskClient

import backend.app
import backend.core.jobs
from backend.core.database import Database
from backend.core.errors import Refusal
from backend.core.http.problems import STATUS_OF_KIND, TITLES, HttpRefusal, status_of
from backend.core.languages import Language, Words
from tests.core.conftest import Logged
from tests.core.problems import assert_problem
from tests.core.small import count_residents, make_small_app

assert backend.app  # imported so that every refusal of the house is known
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def kinds(kind: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    """Yield every named refusal of the house."""
    if "code" in vars(kind) or "says" in vars(kind):
        yield kind
    for below in kind.__subclasses__():
        yield from kinds(below)


NAMED = sorted(
    {kind for kind in kinds() if kind.__module__.startswith("backend.")},
    key=lambda kind: (kind.__module__, kind.__name__),
)


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("kind", NAMED, ids=lambda kind: kind.__name__)
def test_every_refusal_is_said_in_three_languages(kind: type[Refusal]) -> None:
    says = kind.says

    assert re.fullmatch(r"[a-z][a-z_]+[a-z]", kind.code)
    assert not CHINESE.search(says.en)
    assert CHINESE.search(says.zh_hant)
    assert CHINESE.search(says.zh_hans)
    assert places(says.en) == places(says.zh_hant) == places(says.zh_hans)
    assert status_of(kind) in TITLES


def test_a_code_belongs_to_one_sentence() -> None:
    assert len(NAMED) > 25
    sentences = {kind.code: kind.says for kind in NAMED}

    for kind in NAMED:
        assert sentences[kind.code] == kind.says


def test_every_kind_and_title_is_in_three_languages() -> None:
    assert set(STATUS_OF_KIND.values()) <= set(TITLES)
    for title in TITLES.values():
        assert CHINESE.search(title.zh_hant)
        assert CHINESE.search(title.zh_hans)


@pytest.mark.parametrize(
    ("language", "detail"),
    [
        ("en", "The body cannot be read: a name stands twice."),
        ("zh-Hant", "未能讀取內容：有名稱重複。"),
        ("zh-Hans", "未能读取内容：有名称重复。"),
    ],
)
def test_a_refusal_comes_whole_in_the_readers_language(
    plain: FlaskClient, language: str, detail: str
) -> None:
    reply = plain.post(
        "/open/echo",
        data=b'{"text": "x", "text": "y"}',
        content_type="application/json",
        headers={"Accept-Language": language},
    )

    problem = assert_problem(reply, 400, "body_not_readable")
    assert problem["detail"] == detail
    assert reply.headers["Content-Language"] == language
    assert reply.headers["Vary"] == "Accept-Language"


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("body", [{}, {"text": 1}, {"text": None}, {"text": "x", "y": 1}, []])
def test_what_is_wrong_with_a_field_is_said_in_the_readers_language(
    plain: FlaskClient, language: Language, body: object
) -> None:
    reply = plain.post(f"/open/echo?lang={language}", json=body)

    details = [error["detail"] for error in reply.json["errors"]]
    assert details
    assert all(bool(CHINESE.search(detail)) == (language != "en") for detail in details)
    assert all(detail in reply.json["detail"] for detail in details)


def test_an_unknown_address_is_not_found(plain: FlaskClient) -> None:
    assert_problem(plain.get("/nowhere"), 404, "not_found")


@pytest.mark.parametrize(
    "path",
    ["/open/bare/", "//open/bare", "/open//bare", "/OPEN/bare", "/open/bare;x", "/open/bare%2f",
     "/open/./bare", "/%00", "/%ff%fe", "/%ED%A0%80", "/open/bare/x.css", "/" + "a" * 4000],
)  # fmt: skip
def test_an_address_has_one_spelling(plain: FlaskClient, path: str) -> None:
    assert_problem(plain.get(path), 404, "not_found")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "POST", "TRACE", "FROB"])
def test_a_method_not_taken_names_those_that_are(plain: FlaskClient, method: str) -> None:
    reply = plain.open("/open/bare", method=method)

    assert_problem(reply, 405, "method_not_allowed")
    assert {name.strip() for name in reply.headers["Allow"].split(",")} == {
        "GET", "HEAD", "DELETE", "OPTIONS",
    }  # fmt: skip


def test_a_crash_tells_nothing_to_the_caller_and_little_to_the_log(
    plain: FlaskClient, sqlite_alone: Database, logged: Logged
) -> None:
    reply = plain.post("/open/rows/canary-subject/crash?lang=en")

    problem = assert_problem(reply, 500, "internal_server_error")
    assert "canary" not in reply.text
    assert "canary" not in logged.text
    crash = next(line for line in logged.lines if line["level"] == "error")
    assert crash["error"] == "RuntimeError"
    assert crash["trace_id"] == problem["trace_id"]
    assert any("small.py" in frame for frame in crash["frames"])
    assert count_residents(sqlite_alone, "canary-subject") == 0


@pytest.mark.parametrize(
    "status", [400, 401, 403, 404, 406, 408, 409, 410, 414, 418, 429, 501, 502]
)
@pytest.mark.parametrize("language", list(Language))
def test_any_status_has_its_title_in_the_readers_language(
    sqlite_alone: Database, status: int, language: Language
) -> None:
    app = make_small_app(sqlite_alone)
    app.view_functions["sign-in.bare"] = lambda: abort(status, "the inside")

    reply = app.test_client().get(f"/open/bare?lang={language}")

    assert reply.mimetype == "application/problem+json"
    assert "inside" not in reply.text
    assert bool(CHINESE.search(reply.json["title"])) == (language != "en")
    assert bool(CHINESE.search(reply.json["detail"])) == (language != "en")


class FullPier(HttpRefusal):
    status = 503
    code = "full_pier"
    says = Words("Full until {when}.", "{when}前客滿。", "{when}前客满。")

    def headers(self) -> dict[str, str]:
        return {"Retry-After": "60"}

    def members(self) -> dict[str, str]:
        return {"pier": "7"}


def test_a_refusal_may_bring_headers_and_members_of_its_own(sqlite_alone: Database) -> None:
    def refuse() -> Response:
        raise FullPier(when=Words("noon", "正午", "正午"))

    app = make_small_app(sqlite_alone)
    app.view_functions["sign-in.bare"] = refuse

    reply = app.test_client().get("/open/bare?lang=zh-Hant")

    problem = assert_problem(reply, 503, "full_pier")
    assert reply.headers["Retry-After"] == "60"
    assert (problem["pier"], problem["detail"]) == ("7", "正午前客滿。")


def test_a_problem_is_one_line_of_json(plain: FlaskClient) -> None:
    reply = plain.get("/nowhere")

    assert reply.text.endswith("}\n")
    assert reply.text.count("\n") == 1
    assert json.loads(reply.data)["status"] == 404
