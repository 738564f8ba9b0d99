"""How fast pushes go: one bucket for all workers, a ramp, and the API's own headroom."""

import http.server
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from backend.notifications.outbox.claiming import House
from backend.notifications.outbox.headroom import LEAST, Headroom
from backend.notifications.outbox.pace import RAMP_SECONDS, Pace, rate_at, refilled
from tests.notifications.town import Town
from tests.ports import free_ports
from tests.simulators.desk import Desk

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_a_busy_time_begins_slowly_and_takes_a_minute_to_come_up_to_speed() -> None:
    pace = refilled(None, NOW, 6000)

    rates = [rate_at(pace, after(second), 6000) for second in (0, 3, 30, 60, 90)]
    assert rates == [300, 300, 3000, 6000, 6000]


def test_never_more_go_than_the_pace_whatever_the_workers_ask_for() -> None:
    pace, went = None, 0
    for step in range(1200):
        pace = refilled(pace, after(step / 10), 1000)
        went += int(pace.tokens)
        pace = Pace(pace.tokens - int(pace.tokens), pace.counted_at, pace.busy_since)

    ramp = 1000 * RAMP_SECONDS / 2
    assert 0.97 < went / (ramp + 60 * 1000) < 1.03


def test_after_a_rest_the_ramp_begins_anew_and_no_tokens_were_saved_up() -> None:
    pace = refilled(refilled(None, NOW, 6000), after(3600), 6000)

    assert pace.tokens == 300
    assert rate_at(pace, after(3600), 6000) == 300


@pytest.mark.parametrize("back", [1, 3600, 10 * 86400])
def test_a_clock_that_is_set_back_does_not_stop_the_pushes(back: int) -> None:
    pace = refilled(Pace(0, after(600), NOW), after(600 - back), 6000)

    assert pace.tokens > 0
    assert pace.counted_at == after(600 - back)


def test_a_pace_of_one_a_second_is_kept_too(town: Town, desk: Desk) -> None:
    town.house = House(per_second=1)
    town.tell(*[town.resident(f"phone-{number}") for number in range(4)])

    seen = []
    for _ in range(2 * int(RAMP_SECONDS)):
        town.work_off()
        seen.append(len(desk.addresses()))
        town.wait(1)

    assert seen[0] == 1
    assert max(later - earlier for earlier, later in pairwise(seen)) == 1
    assert seen[-1] == 4


def test_workers_together_keep_one_pace(town: Town, desk: Desk) -> None:
    town.house = House(per_second=20)
    town.tell(*[town.resident(f"phone-{number}") for number in range(30)])
    workers = [town.postman() for _ in range(3)]

    for worker in workers * 3:
        worker.deliver_waiting()

    assert len(desk.addresses()) == 20


class Api(http.server.BaseHTTPRequestHandler):
    """An API that answers after a while."""

    pause_seconds = 0.0
    status = 200

    def do_GET(self) -> None:
        time.sleep(self.pause_seconds)
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def api(pause_seconds: float = 0.0, status: int = 200) -> Iterator[str]:
    handler = type("Handler", (Api,), {"pause_seconds": pause_seconds, "status": status})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=[0.01], daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/health/ready"
    server.shutdown()
    thread.join()
    server.server_close()


def looked(headroom: Headroom, times: int) -> list[float]:
    shares = []
    for _ in range(times):
        headroom.looked_at = float("-inf")
        shares.append(headroom.share())
    return shares


def test_while_the_api_is_quick_the_pace_is_whole() -> None:
    with api() as url:
        assert looked(Headroom(url), 3) == [1, 1, 1]


def test_an_api_that_is_busy_halves_the_pace_and_a_quick_one_gives_it_back_by_steps() -> None:
    with api(status=503) as url:
        headroom = Headroom(url)
        down = looked(headroom, 7)
    with api() as headroom.url:
        up = looked(headroom, 12)

    assert down == [1 / 2, 1 / 4, 1 / 8, 1 / 16, LEAST, LEAST, LEAST]
    assert up == sorted(up)
    assert up[-1] == 1
    assert up[1] - up[0] == pytest.approx(0.1)


@pytest.mark.slow
def test_an_api_that_is_slow_is_busy() -> None:
    with api(pause_seconds=0.4) as url:
        assert looked(Headroom(url), 1) == [1 / 2]


def test_where_nobody_listens_there_is_nobody_to_be_kind_to() -> None:
    [port] = free_ports(1)

    assert looked(Headroom(f"http://127.0.0.1:{port}/"), 2) == [1, 1]


def test_the_api_is_asked_once_a_second_at_most() -> None:
    with api(status=503) as url:
        headroom = Headroom(url)

        assert [headroom.share() for _ in range(3)] == [1 / 2] * 3
