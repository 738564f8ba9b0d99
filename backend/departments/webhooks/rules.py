"""What departments are told of, and where the telling stands."""

from enum import StrEnum


class EventType(StrEnum):
    """What may happen to a department's bill."""

    BILL_PAID = "bill.paid"
    PAYMENT_HELD = "payment.held"
    PAYMENT_RETURNED = "payment.returned"


class TellingState(StrEnum):
    """Where the telling of one event stands."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    TOLD = "told"
    FAILED = "failed"
    UNHEARD = "unheard"  # the department has no address; it may read its events all the same
