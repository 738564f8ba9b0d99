"""The simulated bank's counter: where the demo resident pays a code, on a page or by a program."""

import json
import secrets
import threading
from dataclasses import fields
from typing import Any

from flask import Response, request

from backend.simulators.bank_ledger import Ledger
from backend.simulators.bank_money import Payment, Refused
from backend.simulators.bank_pages import hall_page, pay_page, receipt_page
from backend.simulators.bank_qr import Code, CodeRefused, cents, read_code
from backend.simulators.bank_script import PaymentFault, Script

MOST_TAPS = 1000
FAULTS = {field.name for field in fields(PaymentFault)}


class Counter:
    """Takes money for a payment code, and shows the ledger."""

    def __init__(self, ledger: Ledger, script: Script) -> None:
        self.ledger, self.script = ledger, script
        self.taps: dict[str, dict[str, Any]] = {}  # what was paid by a form, by what makes it one
        self.tapping = threading.Lock()

    def hall(self) -> Response:
        """Show what was paid, and where to pay."""
        return hall_page(self.ledger)

    def ask(self) -> Response:
        """Show what a code asks for, and a button."""
        text = request.args.get("qr", "")
        try:
            code = read_code(text)
        except CodeRefused as refused:
            return pay_page(text, None, refused.code)
        return pay_page(text, code, self._why_not(code), tap=secrets.token_hex(8))

    def take(self) -> Response:
        """Book the money: for a form, and in JSON for a program, which may also say what goes wrong.

        A form that is sent twice, as by a double tap, pays once and shows the same receipt.
        """
        if request.is_json:
            return self._take_from_program(request.get_json())
        text, tap = request.form.get("qr", ""), request.form.get("tap", "")
        code = None
        try:
            code = read_code(text)
            payment = _payment(code, request.form.get("amount"))
            with self.tapping:
                paid = self._pay_by_form(payment, tap or (text if code.reference else ""))
        except (CodeRefused, Refused) as refused:
            return pay_page(text, code, refused.code, tap=tap)
        return receipt_page(paid, code)

    def _pay_by_form(self, payment: Payment, tap: str) -> dict[str, Any]:
        """Pay, or find that this form was paid; without a `tap` no two forms are the same."""
        known = self.taps.get(tap)
        if known and known["transaction_id"] in self.ledger.credits:
            return known
        paid = self._book(payment, self.script.next_for(PaymentFault, "pay"))[0]
        if tap:
            self.taps[tap] = paid
        while len(self.taps) > MOST_TAPS:
            del self.taps[next(iter(self.taps))]
        return paid

    def _take_from_program(self, said: dict[str, Any]) -> Response:
        """Pay `{"qr": …}` or `{"order": reference}`; fields of a PaymentFault may stand beside."""
        wishes = {name: value for name, value in said.items() if name in FAULTS}
        fault = PaymentFault(**wishes) if wishes else self.script.next_for(PaymentFault, "pay")
        try:
            made = self._book(self._wanted(said, fault), fault)
        except (CodeRefused, Refused) as refused:
            return _json(409, {"error": {"code": refused.code}})
        return _json(201, {"transactions": made})

    def _wanted(self, said: dict[str, Any], fault: PaymentFault) -> Payment:
        if "qr" in said:
            return _payment(read_code(said["qr"]), None, fault)
        order = self.ledger.order(said["order"])
        return Payment(order["reference"], order["amount_cents"], order["currency"])

    def _book(self, payment: Payment, fault: PaymentFault) -> list[dict[str, Any]]:
        made = self.ledger.pay(payment, fault)
        self.ledger.book.ensure_on_disk()
        return made

    def _why_not(self, code: Code) -> str | None:
        """Return why the code cannot be paid any more, None where it can."""
        try:
            self.ledger.ensure_takes(Payment(code.reference, 1, code.currency, code.expires_at))
        except Refused as refused:
            return refused.code
        return None


def _payment(code: Code, typed: str | None, fault: PaymentFault | None = None) -> Payment:
    """Return what is sent for a code; the payer types the amount where the code has none."""
    amount = code.amount_cents or (fault.amount_cents if fault else None)
    if amount is None:
        amount = cents((typed or "").strip())
    return Payment(code.reference, amount, code.currency, code.expires_at)


def _json(status: int, said: Any) -> Response:
    text = json.dumps(said, ensure_ascii=False)
    return Response(text, status=status, content_type="application/json")
