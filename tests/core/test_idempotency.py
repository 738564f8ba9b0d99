"""Same key, same answer: whatever is lost, repeated, raced or crashed."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from backend.core import clock, idempotency
from backend.core.database import Database, insert_unless_there
from backend.core.idempotency import KEPT_FOR, SWEPT_PER_CLAIM, IdempotencyKey
from tests.core.conftest import token_of
from tests.core.problems import assert_problem
from tests.core.small import count_residents, make_small_app
from tests.core.together import together


def deed(
    client: FlaskClient,
    headers: Mapping[str, str],
    body: object = None,
    key: str | None = "key-1",
    raw: bytes | None = None,
) -> Any:
    """Ask for a deed under `key`."""
    named = {} if key is None else {"Idempotency-Key": key}
    data = raw if raw is not None else json.dumps(body or {"text": "deed"})
    return client.post(
        "/mine/deeds", data=data, content_type="application/json", headers={**headers, **named}
    )


def count_keys(database: Database) -> int:
    with database.transaction(read_only=True) as db:
        return db.scalars(select(func.count()).select_from(IdempotencyKey)).one()


def test_the_same_key_gives_the_same_bytes(small: FlaskClient, database: Database) -> None:
    headers = token_of(database)
    first = deed(small, headers)

    again = deed(small, headers)

    assert first.status_code == again.status_code == 201
    assert first.data == again.data
    assert first.headers["Location"] == again.headers["Location"] == "/mine/deeds/1"
    assert first.mimetype == again.mimetype
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["Cache-Control"] == "no-store"
    assert count_residents(database, "deed") == 1


def test_the_kept_answer_outlives_the_process(small: FlaskClient, database: Database) -> None:
    headers = token_of(database)
    first = deed(small, headers)

    again = deed(make_small_app(database).test_client(), headers)

    assert (again.status_code, again.data) == (first.status_code, first.data)


@pytest.mark.parametrize(
    "raw",
    [b'{ "more": 1,\n "text": "deed" }', b'{"text":"deed","more":1}',
     b'{"t\\u0065xt": "dee\\u0064", "more": 1}'],
)  # fmt: skip
def test_the_spelling_of_the_json_does_not_matter(
    plain: FlaskClient, sqlite_alone: Database, raw: bytes
) -> None:
    headers = token_of(sqlite_alone)
    first = deed(plain, headers, {"text": "deed", "more": 1})

    again = deed(plain, headers, raw=raw)

    assert (again.status_code, again.data) == (first.status_code, first.data)


@pytest.mark.parametrize(
    "other", [{"text": "Deed"}, {"text": "deed", "more": None}, {"text": "deed", "more": 1.0}]
)
def test_another_payload_under_a_used_key_is_refused(
    plain: FlaskClient, sqlite_alone: Database, other: object
) -> None:
    headers = token_of(sqlite_alone)
    deed(plain, headers)

    reply = deed(plain, headers, other)

    assert_problem(reply, 422, "idempotency_key_reused")
    assert count_residents(sqlite_alone, "Deed") == 0


def test_a_broken_body_under_a_used_key_is_refused_as_broken(
    plain: FlaskClient, sqlite_alone: Database
) -> None:
    headers = token_of(sqlite_alone)
    deed(plain, headers)

    doubled = deed(plain, headers, raw=b'{"text": "other", "text": "deed"}')

    assert_problem(doubled, 400, "body_not_readable")


@pytest.mark.parametrize(
    "key", [None, "", " ", "a b", "a\tb", "é", "鍵", "x" * 256, "a\x7f"], ids=ascii
)
def test_a_missing_or_odd_key_is_refused(
    plain: FlaskClient, sqlite_alone: Database, key: str | None
) -> None:
    raw_key = None if key is None else key.encode().decode("latin-1")

    reply = deed(plain, token_of(sqlite_alone), key=raw_key)

    assert_problem(reply, 400, "idempotency_key_missing")
    assert count_residents(sqlite_alone, "deed") == 0


@pytest.mark.parametrize("keys", [("a", "b"), ("a", "a"), ("", "a"), ("a,b",)])
def test_a_key_that_comes_twice_is_refused(
    plain: FlaskClient, sqlite_alone: Database, keys: tuple[str, ...]
) -> None:
    signed_in = token_of(sqlite_alone).items()

    reply = plain.post(
        "/mine/deeds",
        json={"text": "deed"},
        headers=[*signed_in, *(("Idempotency-Key", key) for key in keys)],
    )

    assert_problem(reply, 400, "idempotency_key_missing")
    assert count_residents(sqlite_alone, "deed") == 0


@pytest.mark.parametrize("key", ["x", "x" * 255, '"8e03978e-40d5-43dd-bc93-6894a57f9324"', "!~"])
def test_any_visible_ascii_is_a_key(plain: FlaskClient, sqlite_alone: Database, key: str) -> None:
    assert deed(plain, token_of(sqlite_alone), key=key).status_code == 201


def test_two_callers_may_use_one_key(small: FlaskClient, database: Database) -> None:
    one = deed(small, token_of(database), {"text": "one"})
    two = deed(small, token_of(database, "li-xiaoyu"), {"text": "two"})

    assert one.status_code == two.status_code == 201
    assert one.json["id"] != two.json["id"]


def test_a_callers_two_sessions_share_their_keys(small: FlaskClient, database: Database) -> None:
    first = deed(small, token_of(database))

    again = deed(small, token_of(database))

    assert again.data == first.data
    assert count_residents(database, "deed") == 1


def test_a_refused_request_does_not_use_its_key_up(small: FlaskClient, database: Database) -> None:
    headers = token_of(database)

    refused = deed(small, headers, {"txet": "deed"})
    mended = deed(small, headers)

    assert_problem(refused, 422, "invalid")
    assert mended.status_code == 201


def test_a_crash_between_deed_and_reply_leaves_neither(
    small: FlaskClient, database: Database
) -> None:
    headers = token_of(database)

    crashed = deed(small, headers, {"text": "deed", "more": "crash"})

    assert_problem(crashed, 500, "internal_server_error")
    assert (count_residents(database, "deed"), count_keys(database)) == (0, 0)
    assert deed(small, headers).status_code == 201


def test_a_stranger_cannot_use_a_key(plain: FlaskClient, sqlite_alone: Database) -> None:
    assert_problem(deed(plain, {}), 401, "sign_in_needed")
    assert count_keys(sqlite_alone) == 0


@pytest.mark.slow
def test_twenty_at_once_with_one_key_do_one_deed(database: Database) -> None:
    app, headers = make_small_app(database), token_of(database)

    replies = together(20, lambda _: deed(app.test_client(), headers))

    assert count_residents(database, "deed") == 1
    assert {reply.status_code for reply in replies} == {201}
    assert len({reply.data for reply in replies}) == 1
    assert sum("Idempotency-Replayed" not in reply.headers for reply in replies) == 1


@pytest.mark.slow
def test_twenty_keys_at_once_do_twenty_deeds(database: Database) -> None:
    app, headers = make_small_app(database), token_of(database)

    replies = together(
        20, lambda n: deed(app.test_client(), headers, {"text": f"deed-{n}"}, key=f"key-{n}")
    )

    assert {reply.status_code for reply in replies} == {201}
    assert len({reply.json["id"] for reply in replies}) == 20


def test_a_key_still_at_work_is_in_flight(
    postgresql_alone: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "LONGEST_WAIT_MS", 50)
    client, headers = make_small_app(postgresql_alone).test_client(), token_of(postgresql_alone)
    me = client.get("/mine/id", headers=headers).json["id"]
    with postgresql_alone.session() as first:
        key = {"caller": me, "key": "key-1", "fingerprint": "", "created_at": clock.now()}
        insert_unless_there(first, IdempotencyKey, {**key, "status": 0, "body": ""})

        second = deed(client, headers)

        first.rollback()
    assert_problem(second, 409, "idempotency_key_in_flight")
    assert deed(client, headers).status_code == 201
    assert count_residents(postgresql_alone, "deed") == 1


def test_old_replies_are_swept_as_new_ones_come(small: FlaskClient, database: Database) -> None:
    old = clock.now() - KEPT_FOR - timedelta(days=1)
    row = {"fingerprint": "", "status": 201, "body": "", "created_at": old}
    with database.transaction() as db:
        for number in range(SWEPT_PER_CLAIM + 1):
            db.add(IdempotencyKey(caller="somebody", key=f"old-{number}", **row))

    deed(small, token_of(database))

    assert count_keys(database) == 2
