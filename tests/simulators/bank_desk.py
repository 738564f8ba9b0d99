"""A running bank simulator, and the desk from which a test pays, scripts it and reads its ledger."""

import json
import threading
import urllib.error
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from backend.gateways.bank_client import HttpBank
from backend.simulators.bank import BankKeys, make_bank_server
from backend.simulators.bank_events import callback_of
from backend.simulators.bank_postman import Postman
from backend.simulators.bank_script import CallbackFault
from tests.simulators.bank_keys import API_KEY, CALLBACK_KEYS

NO_FAULT = CallbackFault()


@dataclass(frozen=True)
class Totals:
    """What the bank's book comes to, in cents, whatever the currency."""

    credits: int
    credit_cents: int
    refunds: int
    refund_cents: int


@dataclass(frozen=True)
class BankDesk:
    """The simulator at `url`; its ledger stands in `log`."""

    url: str
    log: Path

    def pay(self, code: str, amount_cents: int | None = None, times: int = 1, **wishes: Any) -> Any:
        """Pay a code's text or an order's reference, as a payer's bank app; return transactions.

        `currency`, `reference` and `late=True` may stand beside: see PaymentFault. What the bank
        would not take is an AssertionError; `refusal` says why.
        """
        said = self._paying(code, amount_cents, times, wishes)
        assert "transactions" in said, said
        return said["transactions"]

    def refusal(self, code: str, amount_cents: int | None = None, **wishes: Any) -> str:
        """Return the bank's word for why it does not take this."""
        why: str = self._paying(code, amount_cents, 1, wishes)["error"]["code"]
        return why

    def script(self, operation: str, *faults: dict[str, Any]) -> None:
        """Lay down what goes wrong next, in turn: see ApiFault, CallbackFault and PaymentFault."""
        self._ask("POST", "/control", {"operation": operation, "faults": faults})

    def call_back(self, url: str | None) -> None:
        """Have callbacks sent to this address; with None they are kept."""
        self._ask("POST", "/control/callbacks", {"url": url})

    def release(self) -> None:
        """Send what is held for being sent backwards."""
        self._ask("POST", "/control/release", {})

    def begin_anew(self) -> None:
        """Empty the ledger, the script and the letter box."""
        self._ask("DELETE", "/control")

    def lines(self, kind: str | None = None) -> list[dict[str, Any]]:
        """The ledger's lines, or those of a kind: order, closed, payment, refund, event, …"""
        lines = [json.loads(line) for line in self.log.read_text().splitlines()]
        return [line for line in lines if kind in (None, line["kind"])]

    def events(self, kind: str | None = None) -> list[dict[str, Any]]:
        """The events that callbacks tell of, in order."""
        events = [line["event"] for line in self.lines("event")]
        return [event for event in events if kind in (None, event["type"])]

    def deliveries(self) -> list[tuple[str, int | str]]:
        """Each event's type and what came of sending it, in order."""
        types = {event["event_id"]: event["type"] for event in self.events()}
        return [(types[line["event_id"]], line["status"]) for line in self.lines("delivery")]

    def callback(
        self,
        event: dict[str, Any],
        fault: CallbackFault = NO_FAULT,
        at: datetime | None = None,
        key_id: str = "k1",
    ) -> tuple[dict[str, str], bytes]:
        """Sign an event as the bank would; return headers and body for a test to send by hand."""
        keys = {key_id: CALLBACK_KEYS[key_id], **CALLBACK_KEYS}
        sent_at = int((at or datetime.now(UTC)).timestamp())
        return callback_of(event, keys, fault, sent_at)

    def totals(self) -> Totals:
        """What was paid in and refunded, by the ledger's lines."""
        paid = [line["transaction"]["amount_cents"] for line in self.lines("payment")]
        asked = {
            line["refund"]["reference"]: line["refund"]["amount_cents"]
            for line in self.lines("refund")
        }
        done = [line for line in self.lines("refund_settled") if line["state"] == "done"]
        back = [asked[line["reference"]] for line in done]
        return Totals(len(paid), sum(paid), len(back), sum(back))

    def balances(self) -> dict[str, int]:
        """What was paid in less what was refunded, in cents by currency."""
        came = {
            line["transaction"]["transaction_id"]: line["transaction"]
            for line in self.lines("payment")
        }
        refunds = {line["refund"]["reference"]: line["refund"] for line in self.lines("refund")}
        left: Counter[str] = Counter()
        for money in came.values():
            left[money["currency"]] += money["amount_cents"]
        for line in self.lines("refund_settled"):
            refund = refunds[line["reference"]]
            if line["state"] == "done":
                left[came[refund["transaction_id"]]["currency"]] -= refund["amount_cents"]
        return dict(left)

    def orders(self) -> list[dict[str, Any]]:
        """The orders that were made, in order."""
        return [line["order"] for line in self.lines("order")]

    def second_orders(self) -> int:
        """How many orders were made for a bill while another of it could still be paid or was."""
        open_of: dict[str, set[str]] = defaultdict(set)
        bill_of: dict[str, str] = {}
        second = 0
        for line in self.lines():
            if line["kind"] == "order":
                bill = line["order"]["bill_number"]
                bill_of[line["order"]["reference"]] = bill
                second += bool(open_of[bill])
                open_of[bill].add(line["order"]["reference"])
            if line["kind"] == "closed":
                open_of[bill_of[line["reference"]]].discard(line["reference"])
        return second

    def paid_twice(self) -> list[str]:
        """References under which money came more than once."""
        came = Counter(line["transaction"]["reference"] for line in self.lines("payment"))
        return [reference for reference, times in came.items() if reference and times > 1]

    def _paying(self, code: str, amount_cents: int | None, times: int, wishes: Any) -> Any:
        named = {"qr": code} if code.startswith("000201") else {"order": code}
        wished = {**wishes, **({"times": times} if times > 1 else {})}
        if amount_cents is not None:
            wished["amount_cents"] = amount_cents
        return self._ask("POST", "/pay", {**named, **wished})

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        asked = urllib.request.Request(f"{self.url}{path}", data, headers, method=method)
        try:
            with urllib.request.urlopen(asked, timeout=10) as reply:
                return json.load(reply)
        except urllib.error.HTTPError as refused:
            with refused:
                if refused.code != 409:
                    raise
                return json.load(refused)
        except HTTPException as broken:  # it died in the middle of its answer
            raise ConnectionError("the bank's answer breaks off") from broken


@contextmanager
def running_bank_simulator(
    log: Path, callback_url: str | None = None, port: int = 0
) -> Iterator[tuple[BankDesk, Postman]]:
    """Run a simulator in threads of this process; it tries its callbacks again in no time."""
    keys = BankKeys(frozenset({API_KEY}), CALLBACK_KEYS)
    server, postman = make_bank_server(log, keys, callback_url, port, first_wait_seconds=0.02)
    thread = threading.Thread(target=server.serve_forever, args=[0.01], daemon=True)
    thread.start()
    postman.start()
    try:
        yield BankDesk(f"http://127.0.0.1:{server.server_port}", log), postman
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        postman.close()


@pytest.fixture(scope="session")
def running_bank_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BankDesk]:
    with running_bank_simulator(tmp_path_factory.mktemp("bank") / "bank.log") as (desk, _postman):
        yield desk


@pytest.fixture
def bank_desk(running_bank_desk: BankDesk) -> BankDesk:
    running_bank_desk.call_back(None)
    running_bank_desk.begin_anew()
    return running_bank_desk


@pytest.fixture(scope="session")
def running_bank(running_bank_desk: BankDesk) -> Iterator[HttpBank]:
    bank = HttpBank(running_bank_desk.url, API_KEY, timeout_seconds=2)
    yield bank
    bank.close()


@pytest.fixture
def bank(running_bank: HttpBank, bank_desk: BankDesk) -> HttpBank:
    """The client, with nothing left from the test before."""
    running_bank.quiet.end()
    return running_bank
