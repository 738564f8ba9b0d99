"""The bank simulator's callbacks arrive as the document says, or as wrong as the script wants them."""

import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from backend.core.clock import now
from backend.gateways.bank import BankAway, CallbackNotGenuine, News, NewsNotReadable, Order
from backend.gateways.bank_callbacks import read_callback
from backend.gateways.bank_client import HttpBank
from tests.ports import free_ports
from tests.simulators.bank_desk import BankDesk, running_bank_simulator
from tests.simulators.bank_keys import API_KEY, CALLBACK_KEYS
from tests.simulators.desk import wait_until

Heard = News | type[Exception]


class Ear:
    """A merchant that listens at `url`, keeps what it made of each callback, and answers in turn."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.answers: Iterator[int] = itertools.repeat(200)
        ear = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                ear.heard.append(ear.make_of(self.headers, body))
                is_taken = ear.heard[-1] is not CallbackNotGenuine
                self.send_response(next(ear.answers) if is_taken else 401)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1/bank/callbacks"

    def make_of(self, headers: Any, body: bytes) -> Heard:
        try:
            return read_callback(headers, body, CALLBACK_KEYS, now())
        except (CallbackNotGenuine, NewsNotReadable) as error:
            return type(error)

    def kinds(self) -> list[str]:
        """What was told, in order; of what could not be believed or read, the refusal's name."""
        return [each.kind if isinstance(each, News) else each.__name__ for each in self.heard]


@pytest.fixture
def ear() -> Iterator[Ear]:
    ear = Ear()
    thread = threading.Thread(target=ear.server.serve_forever, args=[0.01])
    thread.start()
    yield ear
    ear.server.shutdown()
    thread.join()
    ear.server.server_close()


@pytest.fixture
def desk(bank_desk: BankDesk, ear: Ear) -> Iterator[BankDesk]:
    """A bank that calls back."""
    bank_desk.call_back(ear.url)
    yield bank_desk
    bank_desk.call_back(None)
    bank_desk.begin_anew()


def order(reference: str = "P1") -> Order:
    return Order(reference, "WSD-1", 100, "HKD", datetime.now(UTC) + timedelta(minutes=30))


def test_a_merchant_is_told_of_an_order_and_its_money(
    desk: BankDesk, bank: HttpBank, ear: Ear
) -> None:
    bank.create(order())
    (transaction,) = desk.pay("P1")

    wait_until(lambda: len(ear.heard) == 3)
    assert sorted(ear.kinds()) == ["order.opened", "payment.received", "payment.started"]
    (money,) = [each for each in ear.heard if isinstance(each, News) and each.transaction]
    assert money.transaction
    assert money.transaction.transaction_id == transaction["transaction_id"]
    wait_until(lambda: len(desk.deliveries()) == 3)
    assert {status for _, status in desk.deliveries()} == {200}


def test_a_merchant_is_told_of_refunds(desk: BankDesk, bank: HttpBank, ear: Ear) -> None:
    (transaction,) = desk.pay("P1") if bank.create(order()) else ()
    desk.script("refund", {}, {"state": "failed"})

    for reference in ("R1", "R2"):
        bank.refund(reference, transaction["transaction_id"], 1)

    wait_until(lambda: {"refund.done", "refund.failed"} <= set(ear.kinds()))


def test_an_event_is_told_again_until_it_is_taken(desk: BankDesk, bank: HttpBank, ear: Ear) -> None:
    ear.answers = itertools.chain([500, 503, 404], itertools.repeat(204))

    bank.create(order())

    wait_until(lambda: len(desk.deliveries()) == 4)
    assert [status for _, status in desk.deliveries()] == [500, 503, 404, 204]
    assert len({each.event_id for each in ear.heard if isinstance(each, News)}) == 1


def test_a_lost_event_is_never_told_and_the_money_is_there(
    desk: BankDesk, bank: HttpBank, ear: Ear
) -> None:
    desk.script("callback payment.received", {"lose": True})
    bank.create(order())
    desk.pay("P1")

    desk.pay("P1", late=True)

    wait_until(lambda: "payment.received" in ear.kinds())
    wait_until(lambda: len(desk.deliveries()) == 4)
    assert ear.kinds().count("payment.received") == 1
    assert desk.totals().credits == 2


def test_an_event_may_come_more_than_once(desk: BankDesk, bank: HttpBank, ear: Ear) -> None:
    desk.script("callback order.opened", {"double": 5})

    bank.create(order())

    wait_until(lambda: len(ear.heard) == 5)
    assert len({each.event_id for each in ear.heard if isinstance(each, News)}) == 1


def test_events_may_come_backwards(desk: BankDesk, bank: HttpBank, ear: Ear) -> None:
    desk.script("callback order.opened", {"reorder": 3})

    bank.create(order())
    desk.pay("P1")

    wait_until(lambda: len(ear.heard) == 3)
    assert ear.kinds() == ["payment.received", "payment.started", "order.opened"]


def test_what_is_held_can_be_let_go(desk: BankDesk, bank: HttpBank, ear: Ear) -> None:
    desk.script("callback order.opened", {"reorder": 9})
    bank.create(order())
    bank.cancel("P1")

    desk.release()

    wait_until(lambda: len(ear.heard) == 2)
    assert ear.kinds() == ["order.cancelled", "order.opened"]


def test_an_event_may_lie_about_the_amount(desk: BankDesk, bank: HttpBank, ear: Ear) -> None:
    desk.script("callback payment.received", {"wrong_amount": 10_000})
    bank.create(order())

    desk.pay("P1")

    wait_until(lambda: "payment.received" in ear.kinds())
    money = next(each for each in ear.heard if isinstance(each, News) and each.transaction)
    assert money.transaction
    assert money.transaction.amount_cents == 10_000
    found = bank.find("P1")
    assert found
    assert [each.amount_cents for each in found.transactions] == [100]


@pytest.mark.parametrize(
    ("fault", "heard"),
    [
        ({"forged": True}, "CallbackNotGenuine"),
        ({"stale_seconds": 400}, "CallbackNotGenuine"),
        ({"stale_seconds": -120}, "CallbackNotGenuine"),
        ({"key_id": "unheard-of"}, "CallbackNotGenuine"),
        ({"body": "<html>"}, "NewsNotReadable"),
        ({"key_id": "k2"}, "order.opened"),
        ({"delay_seconds": 0.05}, "order.opened"),
        ({"slow_seconds": 0.05}, "order.opened"),
    ],
)
def test_a_callback_may_go_wrong_in_many_ways(
    desk: BankDesk, bank: HttpBank, ear: Ear, fault: dict[str, Any], heard: str
) -> None:
    desk.script("callback order.opened", fault)

    bank.create(order())

    wait_until(lambda: ear.heard)
    assert ear.kinds()[0] == heard
    wait_until(lambda: desk.deliveries() and desk.deliveries()[-1][1] == 200)


def test_what_goes_wrong_for_ever_is_never_believed(
    desk: BankDesk, bank: HttpBank, ear: Ear
) -> None:
    desk.script("callback order.opened", {"forged": True, "tries": 1000})

    bank.create(order())

    wait_until(lambda: len(ear.heard) == 4)
    assert set(ear.kinds()) == {"CallbackNotGenuine"}


def test_a_merchant_that_is_not_there_is_told_when_it_comes_back(
    desk: BankDesk, bank: HttpBank, ear: Ear
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        address = f"http://127.0.0.1:{nobody.getsockname()[1]}/"
    desk.call_back(address)
    bank.create(order())
    wait_until(lambda: ("order.opened", "ConnectError") in desk.deliveries())

    desk.call_back(ear.url)

    wait_until(lambda: ear.kinds() == ["order.opened"])


def test_what_was_not_told_is_told_after_a_restart(tmp_path: Path, ear: Ear) -> None:
    log = tmp_path / "bank.log"
    with running_bank_simulator(log) as (desk, _):
        bank = HttpBank(desk.url, API_KEY)
        bank.create(order())
        desk.pay("P1")
        bank.close()

    with running_bank_simulator(log, ear.url):
        wait_until(lambda: len(ear.heard) == 3)

    with running_bank_simulator(log, ear.url):
        assert len(ear.heard) == 3


@pytest.mark.slow
@pytest.mark.processes
def test_a_bank_killed_at_any_moment_has_kept_all_that_it_acknowledged(
    tmp_path: Path, ear: Ear
) -> None:
    [port] = free_ports(1)
    acknowledged: list[str] = []

    for life in range(3):
        process = start(tmp_path, port, ear.url)
        bank = HttpBank(f"http://127.0.0.1:{port}", API_KEY)
        desk = BankDesk(f"http://127.0.0.1:{port}", tmp_path / "bank.log")
        wait_until(lambda: is_up(port))
        killer = threading.Timer(0.4, os.kill, [process.pid, signal.SIGKILL])
        killer.start()
        acknowledged += pay_until_it_dies(bank, desk, life)
        process.wait()
        killer.join()
        bank.close()

    process = start(tmp_path, port, ear.url)
    wait_until(lambda: set(acknowledged) <= {each.reference for each in paid(ear)})
    wait_until(lambda: is_up(port))
    process.terminate()
    assert process.wait() == 0
    assert len(acknowledged) > 3
    assert desk.second_orders() == 0
    assert not desk.paid_twice()


def start(folder: Path, port: int, callback_url: str) -> subprocess.Popen[bytes]:
    words = folder / "bank.args"
    keys = [f"--callback-key={name}:{secret}" for name, secret in CALLBACK_KEYS.items()]
    words.write_text("\n".join([f"--key={API_KEY}", *keys, "--first-wait-seconds=0.05"]))
    command = [sys.executable, "-m", "backend.simulators.bank", "--port", str(port)]
    command += ["--log", str(folder / "bank.log"), "--callback-url", callback_url, f"@{words}"]
    return subprocess.Popen(command)


def is_up(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def pay_until_it_dies(bank: HttpBank, desk: BankDesk, life: int) -> list[str]:
    """Pay one bill after the other; return the references of those that the bank acknowledged."""
    done = []
    for number in itertools.count():
        reference = f"P{life}-{number}"
        expires_at = datetime.now(UTC) + timedelta(minutes=30)
        try:
            bank.create(Order(reference, f"WSD-{life}-{number}", 100, "HKD", expires_at))
            desk.pay(reference)
        except (BankAway, OSError):
            return done
        done.append(reference)
    return done


def paid(ear: Ear) -> list[News]:
    return [each for each in ear.heard if isinstance(each, News) and each.transaction]


def test_the_document_and_the_simulators_events_agree(bank_desk: BankDesk, bank: HttpBank) -> None:
    bank.create(order())
    bank_desk.pay("P1")

    headers, body = bank_desk.callback(bank_desk.events("payment.received")[0], key_id="k2")

    assert headers["Bank-Key-Id"] == "k2"
    assert json.loads(body)["transaction"]["amount_cents"] == 100
    assert read_callback(headers, body, CALLBACK_KEYS, now()).reference == "P1"
