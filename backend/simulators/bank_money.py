"""Money on its way into the simulated bank: what a payer sends, and whether it is taken."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from backend.core.clock import HONG_KONG, now
from backend.simulators.bank_book import Line
from backend.simulators.bank_script import PaymentFault


class Refused(Exception):
    """The bank will not do it; `code` and `status` are those of its document."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


@dataclass(frozen=True)
class Payment:
    """What a payer sends off: by a payment code, or by what a program says."""

    reference: str | None
    amount_cents: int
    currency: str
    expires_at: datetime | None = None  # of the code


def ensure_takes_money(payment: Payment, order: Line | None) -> None:
    """Refuse as a bank's app does where the code or its order is over. It knows no unknown order."""
    if payment.expires_at and payment.expires_at <= now():
        raise Refused(409, "code_expired")
    if order and order["state"] != "open":
        raise Refused(409, f"order_{order['state']}")


def transaction_of(payment: Payment, fault: PaymentFault) -> Line:
    """Return the money that a payer's bank sends for a payment."""
    reference = payment.reference if fault.reference is None else fault.reference
    return {
        "transaction_id": number_of("T", "-"),
        "fps_reference": number_of("FRN", "PAYD"),
        "reference": reference or None,
        "amount_cents": fault.amount_cents or payment.amount_cents,
        "currency": fault.currency or payment.currency,
        "paid_at": text_of(now()),
    }


def number_of(before: str, between: str) -> str:
    """Return a fresh number of the field's shape, with the Hong Kong day in it."""
    day = now().astimezone(HONG_KONG).strftime("%Y%m%d")
    if between == "-":
        return f"{before}{day}-{secrets.token_hex(8)}"
    return f"{before}{day}{between}{secrets.randbelow(10**10):010}"


def text_of(moment: datetime) -> str:
    """Write a time, in UTC (RFC 3339)."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
