"""What a message may tell of, for how long a push of it is worth sending, and while what holds."""

from datetime import timedelta
from enum import StrEnum


class MessageKind(StrEnum):
    """What a message tells of."""

    BILL_NEW = "bill_new"
    BILL_AMENDED = "bill_amended"
    BILL_WITHDRAWN = "bill_withdrawn"
    BILL_DUE_SOON = "bill_due_soon"
    BILL_DUE_TODAY = "bill_due_today"
    BILL_OVERDUE = "bill_overdue"
    PAYMENT_RECEIVED = "payment_received"
    PAYMENT_HELD = "payment_held"
    PAYMENT_RETURNED = "payment_returned"


class Condition(StrEnum):
    """What must still hold when a push goes; another capability answers for it."""

    BILL_IS_OWED = "bill_is_owed"
    BILL_IS_DUE_TODAY = "bill_is_due_today"


CONDITIONS = {
    MessageKind.BILL_NEW: Condition.BILL_IS_OWED,
    MessageKind.BILL_AMENDED: Condition.BILL_IS_OWED,
    MessageKind.BILL_DUE_SOON: Condition.BILL_IS_OWED,
    MessageKind.BILL_DUE_TODAY: Condition.BILL_IS_DUE_TODAY,
    MessageKind.BILL_OVERDUE: Condition.BILL_IS_OWED,
}
# How a bill stands: the newest of these stands in the inbox in the place of those before it.
STANDINGS = frozenset({*CONDITIONS, MessageKind.BILL_WITHDRAWN})
# A push that waited for longer is dropped; its message stays. FCM itself keeps one for four weeks.
WORTH_PUSHING_FOR = {
    MessageKind.BILL_NEW: timedelta(days=7),
    MessageKind.BILL_AMENDED: timedelta(days=7),
    MessageKind.BILL_WITHDRAWN: timedelta(days=7),
    MessageKind.BILL_DUE_SOON: timedelta(days=2),
    MessageKind.BILL_DUE_TODAY: timedelta(hours=14),
    MessageKind.BILL_OVERDUE: timedelta(days=2),
    MessageKind.PAYMENT_RECEIVED: timedelta(days=3),
    MessageKind.PAYMENT_HELD: timedelta(days=7),
    MessageKind.PAYMENT_RETURNED: timedelta(days=7),
}
MOST_PUSHES_A_DAY = 3  # ordinary ones, of one resident; the rest stand in the inbox alone
