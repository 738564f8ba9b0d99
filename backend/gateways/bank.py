"""The bank that residents pay into: the promise in our words, kept by a client of its merchant API.

`bank_client.py` is that client. There is no fake one: a demo and the tests let the same client talk
to `simulators/bank.py`. The API is written down in docs/bank-api.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol


class BankAway(Exception):
    """The bank did not answer, or not in its own words; nobody knows whether the deed was done."""


class BankRefused(Exception):
    """The bank answered that it will not do this; the message is its own word for why."""


class CallbackNotGenuine(Exception):
    """A callback is not the bank's, is older or newer than the window, or was changed on its way."""


class OrderState(StrEnum):
    """Where the bank says that an order stands."""

    OPEN = "open"
    PAID = "paid"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Order:
    """What the bank is to expect: so much, under our reference, until then."""

    reference: str  # ours; the bank keeps one order of each
    bill_number: str
    amount_cents: int
    currency: str
    expires_at: datetime


@dataclass(frozen=True)
class Transaction:
    """Money that arrived at the bank, by the bank's own number of it."""

    transaction_id: str
    fps_reference: str
    reference: str | None  # as the payer's bank passed it on; ours where all went well
    amount_cents: int
    currency: str
    paid_at: datetime


@dataclass(frozen=True)
class FoundOrder:
    """An order as the bank knows it, with all the money that came for it."""

    reference: str
    state: OrderState
    transactions: tuple[Transaction, ...]


class RefundStanding(StrEnum):
    """Where the bank says that a refund stands."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class BankRefund:
    """A refund as the bank knows it."""

    reference: str  # ours
    standing: RefundStanding
    reason: str | None = None
    done_at: datetime | None = None


class NewsKind(StrEnum):
    """What a callback tells of. Any of them may come late, twice, out of order or never."""

    ORDER_OPENED = "order.opened"
    PAYMENT_STARTED = "payment.started"
    PAYMENT_RECEIVED = "payment.received"
    ORDER_EXPIRED = "order.expired"
    ORDER_CANCELLED = "order.cancelled"
    REFUND_DONE = "refund.done"
    REFUND_FAILED = "refund.failed"


@dataclass(frozen=True)
class News:
    """A callback, read: what happened, to which order or refund of ours, and the money if any."""

    event_id: str
    kind: NewsKind
    reference: str | None
    occurred_at: datetime
    transaction: Transaction | None = None
    reason: str | None = None


class NewsNotReadable(Exception):
    """A genuine callback says something that we do not understand; its event is kept for staff.

    `event_id` is the bank's, where that much could be read.
    """

    def __init__(self, why: str, event_id: str | None = None) -> None:
        super().__init__(why)
        self.event_id = event_id


@dataclass(frozen=True)
class StatementLine:
    """One movement in the bank's own file of a day: money in, or a refund out."""

    transaction_id: str  # the bank's; of a refund, its own and not the payment's
    is_refund: bool
    reference: str | None  # ours: of the order, or of the refund
    fps_reference: str
    amount_cents: int  # positive either way
    currency: str
    booked_at: datetime


class Bank(Protocol):
    """The bank's merchant API. Repeating a call under the same reference changes nothing."""

    def quiet_seconds(self) -> float:
        """Return how long to leave the bank alone, 0 if it may be asked."""
        ...

    def create(self, order: Order) -> FoundOrder:
        """Tell the bank to expect an order; BankAway, BankRefused."""
        ...

    def find(self, reference: str) -> FoundOrder | None:
        """Return an order as the bank knows it, None where it knows of none; BankAway."""
        ...

    def cancel(self, reference: str) -> FoundOrder | None:
        """Close an open order, and return how it stands: it may be paid already; BankAway."""
        ...

    def refund(self, reference: str, transaction_id: str, amount_cents: int) -> BankRefund:
        """Send money of a transaction back to whence it came; BankAway, BankRefused."""
        ...

    def find_refund(self, reference: str) -> BankRefund | None:
        """Return a refund as the bank knows it, None where it knows of none; BankAway."""
        ...

    def statement(self, day: date) -> Iterator[StatementLine]:
        """Yield every movement of a Hong Kong day; BankAway before the first if the file is off."""
        ...
