"""One callback, replayed again and again at a web that runs for real: one credit."""

import sys
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import func, select
from tqdm import tqdm

from backend.core import clock
from backend.core.database import Database
from backend.gateways.bank_client import HttpBank
from backend.notifications import Message
from backend.payments.actions import start_payment
from backend.payments.callbacks.models import next_event_due
from backend.payments.errands import run_errands
from backend.payments.models import BankCredit, LedgerEntry, PaymentAttempt
from backend.payments.receipts.models import Receipt
from tests.chaos.payments_ground import post_bills, settle_resident, unheard
from tests.chaos.payments_works import Works
from tests.simulators.bank_keys import API_KEY
from tests.simulators.desk import wait_until

PATIENCE_SECONDS = 60
ANOTHER_EVENT_EACH = 4  # the bank tells of the same money again, as an event of another number
Callback = tuple[dict[str, str], bytes]


@dataclass(frozen=True)
class Replay:
    """What came of it: how often the money was credited, and how many replies were no 2xx."""

    credited: int
    refused: int


def replay(works: Works, replays: int, at_once: int) -> Replay:
    """Pay a bill once, and tell of it so many times."""
    rows = Database(works.database_url)
    attempt = _pay_silently(works, rows)
    received = works.desk.events("payment.received")
    event = next(each for each in received if each["reference"] == attempt.reference)
    callbacks = _callbacks(works, event, replays)
    with closing(Sender(works.url)) as sender, ThreadPoolExecutor(at_once) as hands:
        statuses = hands.map(sender.send, callbacks)
        bar = tqdm(statuses, "replay credits", replays, file=sys.stderr, leave=False, mininterval=1)
        refused = sum(not 200 <= status < 300 for status in bar)
    wait_until(lambda: _all_applied(rows), PATIENCE_SECONDS)
    credited = _times_credited(rows, attempt, event["transaction"]["transaction_id"])
    rows.close()
    return Replay(credited, refused)


class Sender:
    """Sends callbacks over connections that stay open, one of each thread, until it is closed."""

    def __init__(self, url: str) -> None:
        self.host = urlsplit(url).netloc
        self.kept = threading.local()
        self.opened: list[HTTPConnection] = []

    def close(self) -> None:
        for connection in self.opened:
            connection.close()

    def send(self, callback: Callback) -> int:
        """Send one, its headers as they are; return the status."""
        headers, raw = callback
        return self.send_pairs([*headers.items()], raw)

    def send_pairs(self, headers: Iterable[tuple[str, str]], raw: bytes) -> int:
        """The same for headers that may stand twice."""
        connection = getattr(self.kept, "connection", None)
        if connection is None:
            connection = self.kept.connection = HTTPConnection(self.host, timeout=PATIENCE_SECONDS)
            self.opened.append(connection)
        try:
            return self._sent(connection, headers, raw)
        except OSError:
            connection.close()  # it is opened again by the next; a stale one is no answer
            return self._sent(connection, headers, raw)

    def _sent(
        self, connection: HTTPConnection, headers: Iterable[tuple[str, str]], raw: bytes
    ) -> int:
        connection.putrequest("POST", "/v1/bank/callbacks")
        connection.putheader("Content-Length", str(len(raw)))
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders(raw)
        reply = connection.getresponse()
        reply.read()
        if reply.will_close:
            connection.close()
        return reply.status


def _pay_silently(works: Works, rows: Database) -> PaymentAttempt:
    """Have a bill paid at the bank, which tells nobody."""
    works.desk.call_back(None)
    resident_id = settle_resident(rows)
    [bill_id] = post_bills(rows, resident_id, [clock.new_id("rpl")])
    with rows.transaction() as db:
        attempt, _is_new = start_payment(
            db, resident_id, bill_id, now=clock.now(), minutes=30, ring=unheard
        )
    bank = HttpBank(works.desk.url, API_KEY)
    run_errands(rows, bank, clock.now, unheard)
    bank.close()
    works.desk.pay(attempt.reference)
    return attempt


def _callbacks(works: Works, event: dict[str, Any], replays: int) -> list[Callback]:
    """The same bytes again and again, and now and then the same money as another event."""
    same = works.desk.callback(event)
    return [
        works.desk.callback({**event, "event_id": f"{event['event_id']}-{number}"})
        if number % ANOTHER_EVENT_EACH == 1
        else same
        for number in range(replays)
    ]


def _all_applied(rows: Database) -> bool:
    with rows.transaction(read_only=True) as db:
        return db.scalar(next_event_due(clock.now())) is None


def _times_credited(rows: Database, attempt: PaymentAttempt, transaction_id: str) -> int:
    """How often the money is in our tables, by whichever of them says the most; 0 if one has none."""
    entry = LedgerEntry.business_key == f"credit:{transaction_id}"
    about = Message.about_id.in_([attempt.bill_id, attempt.id])
    paid = (Message.kind == "payment_received") & about
    questions = (
        select(func.count()).where(BankCredit.attempt_id == attempt.id),
        select(func.count()).where(LedgerEntry.settles_bill_id == attempt.bill_id, entry),
        select(func.count()).where(Receipt.bill_id == attempt.bill_id),
        select(func.count()).select_from(Message).where(paid),
    )
    with rows.transaction(read_only=True) as db:
        counts = [int(db.scalar(question) or 0) for question in questions]
    return max(counts) if all(counts) else 0
