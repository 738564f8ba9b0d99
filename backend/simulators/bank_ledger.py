"""The simulated bank's own ledger: orders, money in, refunds, and what is to be told of them.

Every change is a line of its book, applied in the same way when it happens and when the book is read
again after a restart. The book is the oracle of the tests.
"""

import heapq
import threading
from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from backend.core.clock import HONG_KONG, now
from backend.simulators.bank_book import Book, Line
from backend.simulators.bank_events import event_line
from backend.simulators.bank_money import (
    Payment,
    Refused,
    ensure_takes_money,
    number_of,
    text_of,
    transaction_of,
)
from backend.simulators.bank_script import ApiFault, PaymentFault, Script


class Ledger:
    """The bank's state. Its methods may be called from any thread; each is one step."""

    def __init__(self, book: Book, script: Script) -> None:
        self.book, self.script = book, script
        self.lock = threading.RLock()
        self.tell: Callable[[Line], None] | None = None  # is handed each new event
        self._forget()
        for line in book.lines():
            self._apply(line)

    def put_order(self, reference: str, content: dict[str, Any]) -> tuple[int, Line]:
        """Make an order, or find that it stands; return the status to answer with, and the order."""
        with self.lock:
            self.settle()
            known = self.orders.get(reference)
            if known:
                if any(known[name] != value for name, value in content.items()):
                    raise Refused(409, "order_differs")
                return 200, dict(known)
            if datetime.fromisoformat(content["expires_at"]) <= now():
                raise Refused(422, "expiry_passed")
            order = {"reference": reference, **content, "created_at": text_of(now())}
            self._record(
                {"kind": "order", "order": order},
                event_line(self.script, "order.opened", reference),
            )
            return 201, dict(self.orders[reference])

    def order(self, reference: str) -> Line:
        """Return an order as it stands."""
        with self.lock:
            self.settle()
            return dict(self._known(reference))

    def cancel(self, reference: str) -> Line:
        """Close an order if it is open; return how it stands."""
        with self.lock:
            self.settle()
            if self._known(reference)["state"] == "open":
                self._close(reference, "cancelled")
            return dict(self._known(reference))

    def pay(self, payment: Payment, fault: PaymentFault) -> list[Line]:
        """Book what a payer sends; return the transactions. Refused where a bank's app would."""
        with self.lock:
            self.settle()
            if not fault.late:
                self.ensure_takes(payment)
            order = self.orders.get(payment.reference or "")
            made = [transaction_of(payment, fault) for _ in range(fault.times)]
            if order:
                self._record(event_line(self.script, "payment.started", order["reference"]))
            for each in made:
                told = event_line(self.script, "payment.received", each["reference"], each)
                self._record({"kind": "payment", "transaction": each}, told)
            return made

    def ensure_takes(self, payment: Payment) -> None:
        """Raise Refused where this payment would not be taken."""
        with self.lock:
            self.settle()
            ensure_takes_money(payment, self.orders.get(payment.reference or ""))

    def put_refund(
        self, reference: str, content: dict[str, Any], fault: ApiFault
    ) -> tuple[int, Line]:
        """Refund a part of a transaction, or find that it was; return status and refund."""
        with self.lock:
            self.settle()
            known = self.refunds.get(reference)
            if known:
                if any(known[name] != value for name, value in content.items()):
                    raise Refused(409, "refund_differs")
                return 200, dict(known)
            self._ensure_is_left(content)
            refund = {"reference": reference, **content, "state": "pending"}
            refund |= {"reason": None, "done_at": None}
            wait = fault.settle_seconds
            settles_at = None if wait is None else text_of(now() + timedelta(seconds=wait))
            self._record({"kind": "refund", "refund": refund, "settles_at": settles_at})
            if fault.state != "pending":
                self._settle_refund(reference, fault.state)
            return 201, dict(self.refunds[reference])

    def refund(self, reference: str) -> Line:
        """Return a refund as it stands."""
        with self.lock:
            self.settle()
            if reference not in self.refunds:
                raise Refused(404, "refund_unknown")
            return dict(self.refunds[reference])

    def statement(self, day: date) -> list[Line]:
        """Return what was booked on a Hong Kong day, and the trailer."""
        with self.lock:
            self.settle()
            lines = list(self.movements[day.isoformat()])
        sums = {
            kind: sum(each["amount_cents"] for each in lines if each["type"] == kind)
            for kind in ("credit", "refund")
        }
        trailer = {"type": "trailer", "day": day.isoformat(), "count": len(lines)}
        return [*lines, {**trailer, "credit_cents": sums["credit"], "debit_cents": sums["refund"]}]

    def settle(self) -> None:
        """Do what is due by now: orders expire, pending refunds are done."""
        with self.lock:
            while self.due and self.due[0][0] <= now():
                _, kind, reference = heapq.heappop(self.due)
                if kind == "order" and self.orders[reference]["state"] == "open":
                    self._close(reference, "expired")
                if kind == "refund" and self.refunds[reference]["state"] == "pending":
                    self._settle_refund(reference, "done")

    def note_delivery(self, event_id: str, status: int | str, is_over: bool) -> bool:
        """Write down what came of sending an event; return whether it is to be sent again."""
        with self.lock:
            if event_id not in self.untold:  # we began anew meanwhile
                return False
            line = {"kind": "delivery", "event_id": event_id, "status": status}
            self._record({**line, "is_over": is_over})
            return not is_over

    def begin_anew(self) -> None:
        """Forget everything."""
        with self.lock:
            self.book.empty()
            self._forget()

    def _forget(self) -> None:
        self.orders: dict[str, Line] = {}
        self.credits: dict[str, Line] = {}
        self.refunds: dict[str, Line] = {}
        self.movements: dict[str, list[Line]] = defaultdict(list)  # by Hong Kong day
        self.untold: dict[str, Line] = {}  # events on their way, by id
        self.due: list[tuple[datetime, str, str]] = []

    def _known(self, reference: str) -> Line:
        if reference not in self.orders:
            raise Refused(404, "order_unknown")
        return self.orders[reference]

    def _ensure_is_left(self, content: dict[str, Any]) -> None:
        transaction = self.credits.get(content["transaction_id"])
        if transaction is None:
            raise Refused(404, "transaction_unknown")
        taken = sum(
            each["amount_cents"]
            for each in self.refunds.values()
            if each["transaction_id"] == content["transaction_id"] and each["state"] != "failed"
        )
        if taken + content["amount_cents"] > transaction["amount_cents"]:
            raise Refused(422, "refund_too_large")

    def _close(self, reference: str, state: str) -> None:
        self._record(
            {"kind": "closed", "reference": reference, "state": state},
            event_line(self.script, f"order.{state}", reference),
        )

    def _settle_refund(self, reference: str, state: str) -> None:
        reason = None if state == "done" else "The payer's account is closed."
        line = {"kind": "refund_settled", "reference": reference, "state": state, "reason": reason}
        booked = {"transaction_id": number_of("T", "-"), "fps_reference": number_of("FRN", "RFND")}
        self._record(
            {**line, **booked}, event_line(self.script, f"refund.{state}", reference, None, reason)
        )

    def _record(self, *lines: Line) -> None:
        dated = [{"at": text_of(now()), **line} for line in lines]
        self.book.write(dated)
        for line in dated:
            self._apply(line)
            if self.tell and line["kind"] == "event" and not line["fault"]["lose"]:
                self.tell(line)

    def _apply(self, line: Line) -> None:
        getattr(self, f"_apply_{line['kind']}")(line)

    def _apply_order(self, line: Line) -> None:
        order = {**line["order"], "state": "open", "transactions": []}
        self.orders[order["reference"]] = order
        expires_at = datetime.fromisoformat(order["expires_at"])
        heapq.heappush(self.due, (expires_at, "order", order["reference"]))

    def _apply_closed(self, line: Line) -> None:
        self._change_order(line["reference"], {"state": line["state"]})

    def _apply_payment(self, line: Line) -> None:
        transaction = line["transaction"]
        self.credits[transaction["transaction_id"]] = transaction
        self._book("credit", {**transaction, "booked_at": transaction["paid_at"]})
        order = self.orders.get(transaction["reference"] or "")
        if order:
            came = [*order["transactions"], transaction]
            self._change_order(order["reference"], {"state": "paid", "transactions": came})

    def _change_order(self, reference: str, change: Line) -> None:
        """Put a changed copy in its place: whoever read the former one keeps what they read."""
        self.orders[reference] = {**self.orders[reference], **change}

    def _apply_refund(self, line: Line) -> None:
        self.refunds[line["refund"]["reference"]] = line["refund"]
        if line["settles_at"]:
            settles_at = datetime.fromisoformat(line["settles_at"])
            heapq.heappush(self.due, (settles_at, "refund", line["refund"]["reference"]))

    def _apply_refund_settled(self, line: Line) -> None:
        refund = {**self.refunds[line["reference"]], "state": line["state"]}
        refund |= {"reason": line["reason"]}
        if line["state"] == "done":
            refund |= {"done_at": line["at"]}
            currency = self.credits[refund["transaction_id"]]["currency"]
            self._book("refund", {**refund, **line, "currency": currency, "booked_at": line["at"]})
        self.refunds[line["reference"]] = refund

    def _apply_event(self, line: Line) -> None:
        if not line["fault"]["lose"]:
            self.untold[line["event"]["event_id"]] = line

    def _apply_delivery(self, line: Line) -> None:
        if line["is_over"]:
            self.untold.pop(line["event_id"], None)

    def _book(self, kind: str, movement: Line) -> None:
        names = ("transaction_id", "reference", "fps_reference", "amount_cents", "currency")
        line = {"type": kind, **{name: movement[name] for name in (*names, "booked_at")}}
        booked_at = datetime.fromisoformat(movement["booked_at"])
        self.movements[booked_at.astimezone(HONG_KONG).date().isoformat()].append(line)
