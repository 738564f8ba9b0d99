"""A bank that fails is left alone for a while, and its silence holds no thread for long."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from backend.gateways import bank_quiet
from backend.gateways.bank import BankAway
from backend.gateways.bank_client import HttpBank
from backend.gateways.bank_quiet import FAILURES_BEFORE_QUIET, Quiet
from tests.simulators.bank_desk import BankDesk
from tests.simulators.bank_keys import API_KEY


def fail(quiet: Quiet, times: int) -> None:
    for _ in range(times):
        quiet.count_failure()


def test_a_few_failures_are_borne() -> None:
    quiet = Quiet(scout_seconds=8)

    fail(quiet, FAILURES_BEFORE_QUIET - 1)

    quiet.ensure_over()
    assert quiet.seconds() == 0


def test_quiet_grows_to_a_minute_and_no_longer() -> None:
    quiet = Quiet(scout_seconds=8)
    waits = []

    fail(quiet, FAILURES_BEFORE_QUIET - 1)
    for _ in range(40):
        quiet.count_failure()
        waits.append(quiet.seconds())

    assert 1.9 < waits[0] <= 2.5
    assert 3.9 < waits[1] <= 5
    assert 59 < waits[-1] <= 60


def test_after_the_quiet_one_goes_ahead_and_the_others_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bank_quiet, "FIRST_QUIET_SECONDS", 0.0)
    quiet = Quiet(scout_seconds=8)
    fail(quiet, FAILURES_BEFORE_QUIET)

    quiet.ensure_over()

    with pytest.raises(BankAway):
        quiet.ensure_over()
    quiet.end()
    quiet.ensure_over()


def test_an_answer_ends_the_count() -> None:
    quiet = Quiet(scout_seconds=8)
    fail(quiet, FAILURES_BEFORE_QUIET - 1)

    quiet.end()

    fail(quiet, FAILURES_BEFORE_QUIET - 1)
    assert quiet.seconds() == 0


def test_a_bank_that_fails_on_is_not_asked(bank: HttpBank, bank_desk: BankDesk) -> None:
    bank_desk.script("find", *[{"status": 500}] * FAILURES_BEFORE_QUIET)
    for _ in range(FAILURES_BEFORE_QUIET):
        with pytest.raises(BankAway):
            bank.find("P1")

    with pytest.raises(BankAway, match="left alone"):
        bank.find("P1")

    assert bank.quiet_seconds() > 1
    bank.quiet.end()
    assert bank.find("P1") is None


def test_a_bank_that_asks_for_time_is_given_it(bank: HttpBank, bank_desk: BankDesk) -> None:
    bank_desk.script("find", {"status": 429, "retry_after": 30})

    with pytest.raises(BankAway):
        bank.find("P1")

    assert 29 < bank.quiet_seconds() <= 30


@pytest.mark.parametrize("asked", ["-1", "later", "9" * 30, "٣", "Wed, 21 Oct 2099 07:28:00 GMT"])
def test_an_odd_wish_for_time_is_not_heard(bank: HttpBank, bank_desk: BankDesk, asked: str) -> None:
    bank_desk.script("find", {"status": 503, "retry_after": asked.encode().decode("latin-1")})

    with pytest.raises(BankAway):
        bank.find("P1")

    assert bank.quiet_seconds() == 0


def test_a_refusal_is_an_answer(bank: HttpBank, bank_desk: BankDesk) -> None:
    bank_desk.script("find", *[{"status": 500}] * (FAILURES_BEFORE_QUIET - 1))
    for _ in range(FAILURES_BEFORE_QUIET - 1):
        with pytest.raises(BankAway):
            bank.find("P1")

    assert bank.cancel("P1") is None

    assert bank.quiet.failures == 0


def test_a_wrong_key_is_an_alarm_for_staff(bank_desk: BankDesk) -> None:
    bank = HttpBank(bank_desk.url, "a-wrong-key")

    with capture_logs() as lines, pytest.raises(BankAway):
        bank.find("P1")

    assert [line["event"] for line in lines if line["log_level"] == "error"] == [
        "the bank does not accept our key; check FERRY_BANK_KEY"
    ]
    assert "a-wrong-key" not in str(lines)
    bank.close()


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.slow
def test_a_silent_bank_holds_a_thread_for_its_time_alone(silent: str) -> None:
    bank = HttpBank(silent, API_KEY, timeout_seconds=0.2)
    began = time.monotonic()

    with pytest.raises(BankAway):
        bank.find("P1")

    assert time.monotonic() - began < 5
    bank.close()


@pytest.mark.slow
def test_a_body_that_drips_is_cut_off() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drip, args=[server, head])
        thread.start()
        bank = HttpBank(f"http://127.0.0.1:{server.getsockname()[1]}", API_KEY, 0.3)

        with pytest.raises(BankAway, match="slow"):
            bank.find("P1")

        bank.close()
        thread.join()


def drip(server: socket.socket, head: bytes) -> None:
    """Send a head, then a byte at a time, until whoever listens has had enough."""
    connection, _ = server.accept()
    with connection:
        connection.sendall(head)
        try:
            while True:
                time.sleep(0.05)
                connection.sendall(b" ")
        except OSError:
            return


def test_a_bank_that_is_not_there_is_away() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    bank = HttpBank(f"http://127.0.0.1:{port}", API_KEY)

    with pytest.raises(BankAway):
        bank.find("P1")

    bank.close()


@pytest.mark.parametrize("url", ["http://bank.example", "ftp://127.0.0.2", "bank.example", ""])
def test_our_key_goes_to_no_address_in_clear(url: str) -> None:
    with pytest.raises(ValueError, match="https"):
        HttpBank(url, API_KEY)


@pytest.mark.parametrize("reference", ["", ".", "..", "a/b", "a b", "x" * 65, "ä"])
def test_a_reference_that_would_change_the_path_is_a_mistake_of_ours(
    bank: HttpBank, reference: str
) -> None:
    with pytest.raises(ValueError, match="reference"):
        bank.find(reference)
