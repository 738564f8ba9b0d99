"""How many rows and bytes a month of messages is, and how they are cut into partitions."""

import math
from dataclasses import dataclass

BILLS_A_MONTH = 1.0  # of a resident
# Of a bill: that it is new, soon due, due, overdue, and paid.
MESSAGES_OF_A_BILL = 1 + 0.40 + 0.20 + 0.05 + 0.90
ROWS_OF_A_PARTITION = 50_000_000  # beyond it a month is cut again, by a hash of the resident
WRITES_OF_A_PUSH = 3  # claimed, settled, and its message counted for the day: as many dead rows
DAYS = 30
GIGABYTE = 1e9


@dataclass(frozen=True)
class Month:
    """What a month leaves behind."""

    messages: int
    deliveries: int
    gigabytes: float  # with the indexes
    partitions: int  # of the larger table
    dead_rows_a_day: int


def month_of(residents: int, phones: float, bytes_per_row: dict[str, int]) -> Month:
    """Count a month's rows; `bytes_per_row` by table, the row's share of the indexes with it."""
    messages = round(residents * BILLS_A_MONTH * MESSAGES_OF_A_BILL)
    deliveries = round(messages * phones)
    bills = round(residents * BILLS_A_MONTH)
    rows = {"bills": bills, "messages": messages, "deliveries": deliveries}
    size = sum(rows[table] * bytes_per_row[table] for table in rows)
    return Month(
        messages=messages,
        deliveries=deliveries,
        gigabytes=size / GIGABYTE,
        partitions=max(1, math.ceil(deliveries / ROWS_OF_A_PARTITION)),
        dead_rows_a_day=round(deliveries * WRITES_OF_A_PUSH / DAYS),
    )
