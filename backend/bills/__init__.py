"""My bills: a department posts one, and I see it at once, whole and only mine.

A posted bill, the message in the resident's inbox and the pushes to their phones are one
transaction: all of them or none.
"""

from backend.bills.actions import Owed, find_bills, sum_up_owed
from backend.bills.models import Bill
from backend.bills.reading import ReadBill, read_bill
from backend.bills.rules import BillKind, dollars

__all__ = [
    "Bill",
    "BillKind",
    "Owed",
    "ReadBill",
    "dollars",
    "find_bills",
    "read_bill",
    "sum_up_owed",
]
