"""My bills: a department posts one, and I see it at once, whole and only mine.

A posted bill, the message in the resident's inbox and the pushes to their phones are one
transaction: all of them or none.
"""

from backend.bills.actions import is_posted_by
from backend.bills.linking.actions import list_kinds
from backend.bills.models import Bill
from backend.bills.owing import Owed, find_bills, find_paid, sum_up_owed
from backend.bills.reading import OwnPayment, PaymentsOf, ReadBill, read_bill
from backend.bills.reminding.holding import due_today_among
from backend.bills.reminding.rounds import remind
from backend.bills.rules import (
    CURRENCY,
    TITLES,
    BillBeingPaid,
    BillKind,
    BillNotFound,
    BillPaid,
    BillState,
    BillWithdrawn,
    dollars,
)
from backend.bills.schemas import BillShape
from backend.bills.settling import (
    bill_to_pay,
    bill_to_settle,
    owed_among,
    settle_bill,
    to_pay_on,
)

__all__ = [
    "CURRENCY",
    "TITLES",
    "Bill",
    "BillBeingPaid",
    "BillKind",
    "BillNotFound",
    "BillPaid",
    "BillShape",
    "BillState",
    "BillWithdrawn",
    "Owed",
    "OwnPayment",
    "PaymentsOf",
    "ReadBill",
    "bill_to_pay",
    "bill_to_settle",
    "dollars",
    "due_today_among",
    "find_bills",
    "find_paid",
    "is_posted_by",
    "list_kinds",
    "owed_among",
    "read_bill",
    "remind",
    "settle_bill",
    "sum_up_owed",
    "to_pay_on",
]
