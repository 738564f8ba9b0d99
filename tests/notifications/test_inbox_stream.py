"""A live badge: what a stream says and when, whose places it takes, and what ends it."""

import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from backend.core.database import Database
from backend.notifications.routes import STREAMS
from backend.notifications.streaming import (
    NoStreamFree,
    Pace,
    Seen,
    Streams,
    events,
    look_at_inbox,
    stay_on,
)
from tests.conftest import Caller
from tests.notifications.letters import Letters

QUICK = Pace(look_seconds=0.01, heartbeat_seconds=0.05, lasts_seconds=30)


def seen(unread: int, *others: int) -> Seen:
    return Seen(unread, f"token-{unread}", (unread, *others))


def always(_seconds: float) -> bool:
    return True


def said(pieces: bytes) -> dict[str, Any]:
    """Read one event as a browser does."""
    name, data, *rest = pieces.decode().split("\n")
    assert (name, rest) == ("event: inbox", ["", ""])
    read: dict[str, Any] = json.loads(data.removeprefix("data: "))
    return read


@pytest.fixture
def quick_app(app: Flask) -> Flask:
    app.extensions[STREAMS] = Streams(2, QUICK)
    return app


def open_stream(client: FlaskClient, reader: Caller) -> Any:
    return client.get("/v1/messages/stream", headers=reader.headers)


def next_event(reply: Any) -> dict[str, Any]:
    return said(next(piece for piece in reply.response if piece.startswith(b"event")))


def test_it_tells_how_the_inbox_stands_at_first_and_whenever_that_changes() -> None:
    looks = iter([seen(1, 1), seen(1, 1), seen(2, 2), seen(2, 3), None])

    pieces = list(events(lambda: next(looks), always, Pace()))

    assert pieces[0] == b"retry: 3000\n\n"
    assert [said(piece)["unread"] for piece in pieces[1:]] == [1, 2, 2]


def test_where_nothing_changes_it_shows_that_it_lives_until_its_time_is_over() -> None:
    pace = Pace(look_seconds=0.001, heartbeat_seconds=0.02, lasts_seconds=0.2)

    retry, first, *rest = list(events(lambda: seen(0), stay_on(None, lambda: False), pace))

    assert retry.startswith(b"retry")
    assert said(first)["unread"] == 0
    assert 1 <= len(rest) <= 10
    assert set(rest) == {b":\n\n"}


def test_it_ends_when_its_reader_has_gone() -> None:
    pieces = list(events(lambda: seen(0), lambda _seconds: False, Pace()))

    assert len(pieces) == 2


def test_a_process_lends_so_many_places_and_one_to_each_session() -> None:
    streams = Streams(2, Pace())
    first, second = (streams.open(name, lambda: seen(0), always) for name in "ab")

    for session in ("a", "c"):
        with pytest.raises(NoStreamFree):
            streams.open(session, lambda: seen(0), always)
    first.close()
    first.close()  # twice, as a server may, gives one place back
    third = streams.open("a", lambda: seen(0), always)
    with pytest.raises(NoStreamFree):
        streams.open("d", lambda: seen(0), always)

    assert [next(each)[:5] for each in (second, third)] == [b"retry", b"retry"]


def test_a_stream_that_is_forgotten_leaves_its_place() -> None:
    streams = Streams(1, Pace())

    stream = streams.open("a", lambda: seen(0), always)
    next(stream)
    del stream

    assert next(streams.open("b", lambda: seen(0), always))


@pytest.mark.slow
def test_many_at_once_take_no_more_places_than_there_are() -> None:
    streams, taken, start = Streams(3, Pace()), [], threading.Barrier(12)

    def take(number: int) -> None:
        start.wait()
        with suppress(NoStreamFree):
            taken.append(streams.open(f"session-{number}", lambda: seen(0), always))

    threads = [threading.Thread(target=take, args=[number]) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(taken) == 3


@pytest.mark.slow
def test_a_resident_is_told_of_each_change_of_their_own_inbox(
    quick_app: Flask, client: FlaskClient, letters: Letters, resident: Caller, neighbour: Caller
) -> None:
    reply = open_stream(client, resident)
    told = [next_event(reply)]
    letters.tell(neighbour)

    message_id = letters.tell(resident)
    told.append(next_event(reply))
    letters.put(resident, message_id, "read")
    told.append(next_event(reply))
    letters.put(resident, message_id, "archived")
    told.append(next_event(reply))

    assert reply.mimetype == "text/event-stream"
    assert reply.headers["Cache-Control"] == "no-store"
    assert [event["unread"] for event in told] == [0, 1, 0, 0]
    assert [letters.walk(resident, event["since"]).ids for event in told] == [[message_id]] * 4
    reply.close()


@pytest.mark.slow
def test_it_holds_no_connection_to_the_database_while_it_waits(
    quick_app: Flask, client: FlaskClient, database: Database, resident: Caller
) -> None:
    pool: Any = database.engine.pool
    reply = open_stream(client, resident)

    next_event(reply)

    assert pool.checkedout() == 0
    reply.close()


@pytest.mark.slow
def test_it_ends_with_the_session(quick_app: Flask, client: FlaskClient, resident: Caller) -> None:
    reply = open_stream(client, resident)
    next_event(reply)

    client.delete("/v1/sessions/current", headers=resident.headers)
    left: Iterator[bytes] = reply.response

    assert all(piece == b":\n\n" for piece in left)


def test_a_look_without_a_live_token_or_a_database_sees_nothing(
    database: Database, resident: Caller, tmp_path: Any
) -> None:
    token = resident.headers["Authorization"].removeprefix("Bearer ")
    elsewhere = Database(f"sqlite:///{tmp_path / 'empty.db'}")

    assert look_at_inbox(database, token, resident.id) is not None
    assert look_at_inbox(database, token[:-1] + "~", resident.id) is None
    assert look_at_inbox(elsewhere, token, resident.id) is None
    elsewhere.close()


@pytest.mark.slow
def test_a_second_stream_is_refused_by_name_and_told_when_to_try_again(
    quick_app: Flask, client: FlaskClient, resident: Caller
) -> None:
    first = open_stream(client, resident)

    refused = open_stream(client, resident)
    first.close()
    again = open_stream(client, resident)

    assert (refused.status_code, refused.json["code"]) == (503, "no_stream_free")
    assert refused.headers["Retry-After"]
    assert again.status_code == 200
    again.close()


def test_to_ask_for_the_head_alone_takes_no_place(
    quick_app: Flask, client: FlaskClient, resident: Caller
) -> None:
    for _ in range(4):
        with client.head("/v1/messages/stream", headers=resident.headers) as head:
            assert (head.status_code, head.data) == (200, b"")
