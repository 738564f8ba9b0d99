"""How often a caller may ask, and whose count it goes on."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from limits.errors import StorageError
from limits.storage import MemoryStorage
from werkzeug.middleware.proxy_fix import ProxyFix

from backend.core.database import Database
from backend.core.limits import Limiter, TooManyRequests
from tests.core.conftest import Logged, token_of
from tests.core.once import on_sqlite
from tests.core.problems import assert_problem
from tests.core.small import make_small_app


@pytest.fixture
def three(sqlite_alone: Database) -> FlaskClient:
    """A client of an application that takes three requests a minute from each caller."""
    return make_small_app(sqlite_alone, per_minute=3).test_client()


def test_replies_tell_how_many_requests_are_left(three: FlaskClient) -> None:
    replies = [three.get("/open/bare") for _ in range(3)]

    assert {reply.headers["RateLimit-Policy"] for reply in replies} == {'"minute";q=3;w=60'}
    left = [reply.headers["RateLimit"].partition(";t=")[0] for reply in replies]
    assert left == ['"minute";r=2', '"minute";r=1', '"minute";r=0']
    assert all(0 < int(reply.headers["RateLimit"].partition(";t=")[2]) <= 60 for reply in replies)


def test_past_the_limit_a_caller_is_told_when_to_come_back(three: FlaskClient) -> None:
    for _ in range(3):
        three.get("/open/bare")

    reply = three.get("/open/bare?lang=zh-Hant")

    problem = assert_problem(reply, 429, "too_many_requests")
    seconds = int(reply.headers["Retry-After"])
    assert 0 < seconds <= 60
    assert f"{seconds} 秒" in problem["detail"]
    assert reply.headers["RateLimit"].startswith('"minute";r=0;')


def test_past_the_limit_nothing_is_done(three: FlaskClient, sqlite_alone: Database) -> None:
    statuses = [three.post(f"/open/rows/n{number}/201").status_code for number in range(5)]

    assert statuses == [201, 201, 201, 429, 429]
    elsewhere = {"REMOTE_ADDR": "192.0.2.9"}
    assert three.get("/open/count", environ_base=elsewhere).json == {"residents": 3}


def test_an_account_is_counted_wherever_it_calls_from(
    three: FlaskClient, sqlite_alone: Database
) -> None:
    headers = token_of(sqlite_alone)

    replies = [
        three.get("/mine/id", headers=headers, environ_base={"REMOTE_ADDR": f"192.0.2.{number}"})
        for number in range(4)
    ]

    assert [reply.status_code for reply in replies] == [200, 200, 200, 429]


def test_both_sessions_of_an_account_go_on_one_count(
    three: FlaskClient, sqlite_alone: Database
) -> None:
    one, other = token_of(sqlite_alone), token_of(sqlite_alone)

    replies = [three.get("/mine/id", headers=headers) for headers in (one, other, one, other)]

    assert [reply.status_code for reply in replies] == [200, 200, 200, 429]


def test_a_signed_in_resident_is_not_held_up_by_strangers_at_the_same_address(
    three: FlaskClient, sqlite_alone: Database
) -> None:
    for _ in range(10):
        three.get("/open/bare")

    assert three.get("/mine/id", headers=token_of(sqlite_alone)).status_code == 200


def test_whoever_the_door_turns_away_is_counted_as_well(
    three: FlaskClient, sqlite_alone: Database
) -> None:
    wrong = {"Authorization": "Bearer frt_nobody"}

    seen = [three.get("/mine/id", headers=wrong).status_code for _ in range(5)]

    assert seen == [401, 401, 401, 429, 429]
    right = three.get("/mine/id", headers=token_of(sqlite_alone))
    assert right.status_code == 200


def test_addresses_are_counted_apart(three: FlaskClient) -> None:
    replies = [
        three.get("/open/bare", environ_base={"REMOTE_ADDR": f"192.0.2.{number}"})
        for number in range(5)
    ]

    assert {reply.status_code for reply in replies} == {200}


def test_one_house_of_ipv6_addresses_is_one_caller(three: FlaskClient) -> None:
    def statuses(addresses: list[str]) -> list[int]:
        return [
            three.get("/open/bare", environ_base={"REMOTE_ADDR": address}).status_code
            for address in addresses
        ]

    assert statuses([f"2001:db8::{number}" for number in range(4)]) == [200, 200, 200, 429]
    assert statuses(["2001:db8:0:1::1", "fe80::1%eth0", "", "no address"]) == [200] * 4
    assert statuses([f"::ffff:192.0.2.{number}" for number in range(4)]) == [200] * 4


def test_what_no_route_takes_is_counted_too(three: FlaskClient) -> None:
    statuses = [three.get("/nowhere").status_code for _ in range(4)]

    assert statuses == [404, 404, 404, 429]


def from_behind_proxies(app: Flask, trusted: int, forwarded: str) -> list[int]:
    if trusted:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=trusted)  # type: ignore[method-assign]
    client = app.test_client()
    headers = [{"X-Forwarded-For": forwarded.format(number)} for number in range(4)]
    return [client.get("/open/bare", headers=header).status_code for header in headers]


@pytest.mark.parametrize(
    ("trusted", "forwarded", "last"),
    [(0, "192.0.2.{}", 429), (1, "192.0.2.{}", 200), (1, "192.0.2.{}, 198.51.100.7", 429)],
    ids=["no proxy: the header is a lie", "one proxy: its word counts", "one proxy: the last word"],
)
def test_a_forwarded_address_counts_where_a_proxy_is_trusted_alone(
    sqlite_alone: Database, trusted: int, forwarded: str, last: int
) -> None:
    app = make_small_app(sqlite_alone, per_minute=3)

    assert from_behind_proxies(app, trusted, forwarded)[-1] == last


class AbsentStorage(MemoryStorage):
    """A shared counter whose server does not answer."""

    STORAGE_SCHEME = ["absent"]  # noqa: RUF012  # as the base class has it

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        raise StorageError(ConnectionError("canary: redis://user:secret@host"))

    def get(self, key: str) -> int:
        raise StorageError(ConnectionError("canary"))


def test_while_the_shared_counter_is_away_each_process_counts_for_itself(
    logged: Logged,
) -> None:
    limiter = Limiter("absent://", 2)

    limiter.take(limiter.per_minute, "me")
    limiter.take(limiter.per_minute, "me")
    with pytest.raises(TooManyRequests):
        limiter.take(limiter.per_minute, "me")

    assert limiter.window(limiter.per_minute, "me")[0] == 0
    assert limiter.window(limiter.per_minute, "you")[0] == 2
    assert "ConnectionError" in logged.text
    assert "canary" not in logged.text


@on_sqlite
def test_operators_are_not_counted(client: FlaskClient) -> None:
    assert "RateLimit" not in client.get("/health/live").headers
    assert "RateLimit" in client.get("/v1/themes").headers
