"""What the simulated bank is told to do wrong, next and in turn, and where nothing is laid down: right."""

import threading
from collections import defaultdict, deque
from dataclasses import dataclass
from typing import Any, TypeVar


@dataclass(frozen=True)
class ApiFault:
    """How one call of the API is answered; as it stands here, by the document."""

    status: int = 200  # another one is answered instead of doing what was asked
    retry_after: int | str | None = None
    delay_seconds: float = 0
    lose: str | None = None  # "request": hang up before doing it; "answer": after
    after: bool = False  # do it, and answer with `status` all the same
    body: str | None = None  # do it, and send this instead of the right answer
    media_type: str = "application/json"  # … as this
    wrong_reference: bool = False  # do it, and answer about another
    cut_bytes: int = 0  # leave so many off the end of the answer
    state: str = "done"  # of a refund: "pending", "done" or "failed"
    settle_seconds: float | None = None  # a pending refund is done after so long; None: never


@dataclass(frozen=True)
class CallbackFault:
    """What goes wrong with one event's callback, on its first `tries`; then it goes its right way."""

    lose: bool = False  # never sent
    delay_seconds: float = 0
    double: int = 1  # how often it is sent, all told
    reorder: int = 0  # it and those after it are held until there are so many, then sent backwards
    wrong_amount: int | None = None  # the event tells of so many cents; the ledger has the truth
    forged: bool = False  # signed by nobody's key
    stale_seconds: int = 0  # sent with a timestamp so far in the past, or below 0 in the future
    key_id: str | None = None  # said to be signed by this key
    body: str | None = None  # sent, and signed, instead of the event
    slow_seconds: float = 0  # between the halves of the body
    tries: int = 1


@dataclass(frozen=True)
class PaymentFault:
    """What a payer's bank does otherwise than the payment code says."""

    times: int = 1  # the same code, paid from so many bank apps
    amount_cents: int | None = None
    currency: str | None = None
    reference: str | None = None  # passed on instead of ours; "" passes on none
    late: bool = False  # the money comes whatever has expired or was closed


Fault = ApiFault | CallbackFault | PaymentFault
KINDS: dict[str, type[Fault]] = {
    **dict.fromkeys(
        ("create", "find", "cancel", "refund", "find_refund", "statement", "*"), ApiFault
    ),
    "callback": CallbackFault,
    "pay": PaymentFault,
}
Wanted = TypeVar("Wanted", ApiFault, CallbackFault, PaymentFault)


class Script:
    """Faults laid down beforehand, by operation, used in turn.

    An operation is a name of `KINDS`, or `callback` and an event's type: `callback refund.done`.
    """

    def __init__(self) -> None:
        self.faults: dict[str, deque[Any]] = defaultdict(deque)
        self.lock = threading.Lock()

    def add(self, operation: str, faults: list[dict[str, Any]]) -> None:
        """Lay faults down; KeyError for an operation, TypeError for a field that nobody knows."""
        kind = KINDS[operation.partition(" ")[0]]
        made = [kind(**each) for each in faults]
        with self.lock:
            self.faults[operation].extend(made)

    def next_for(self, fault: type[Wanted], *operations: str) -> Wanted:
        """Return the next fault of the first of `operations` that has one, or that all goes well."""
        with self.lock:
            for operation in operations:
                if self.faults[operation]:
                    found: Wanted = self.faults[operation].popleft()
                    return found
        return fault()

    def forget(self) -> None:
        """Forget all that was laid down."""
        with self.lock:
            self.faults.clear()
