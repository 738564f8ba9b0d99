"""The worker's chore: claim a batch, send it, write down what became of it."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import DBAPIError

from backend.core.database import Database, is_busy
from backend.gateways.push import Outcome, PushSender, Result
from backend.notifications.outbox.claiming import LONGEST_SENDING, Batch, House, Parcel, claim
from backend.notifications.outbox.headroom import Headroom
from backend.notifications.outbox.notebook import Notebook
from backend.notifications.outbox.recording import record
from backend.notifications.outbox.sharing import look

# Of a lease: then no push is begun any more. Answers may take half as long again, and what is left
# is for writing down what became of the batch.
SENDING_SHARE = 1 / 2
LONGEST_BEGINNING = LONGEST_SENDING * 5 / 8
TRY_AGAIN_SECONDS = 0.2
A_MOMENT = timedelta(seconds=1)

log = structlog.get_logger(__name__)


class Postman:
    """One worker's way of delivering; any number of them share the outbox."""

    def __init__(
        self,
        rows: Database,
        sender: PushSender,
        clock: Callable[[], datetime],
        *,
        lease_seconds: int,
        house: House,
        headroom: Headroom,
        notebook: Notebook,
    ) -> None:
        self.rows = rows
        self.sender = sender
        self.clock = clock
        self.lease = timedelta(seconds=lease_seconds)
        self.house = house
        self.headroom = headroom
        self.notebook = notebook

    def deliver_waiting(self) -> datetime | None:
        """Push one batch of what is due; return when to come again, None if nothing is open.

        A time that has passed says that more is due already.
        """
        self.notebook.settle(self.rows, self.clock())
        due_at = self._next_due()
        if due_at is None or due_at > self.clock():
            return due_at
        quiet_seconds = self.sender.quiet_seconds()
        if quiet_seconds:
            return self.clock() + timedelta(seconds=quiet_seconds)
        batch = claim(self.rows, self.clock(), self.lease, self.house, self.headroom.share())
        if not batch.parcels:
            return batch.come_again or self.clock() + A_MOMENT  # another worker is at them
        lease_end = time.monotonic() + self.lease.total_seconds()
        self._record(self._send(batch), lease_end)
        return self._next_due()

    def _record(self, outcomes: Sequence[tuple[Parcel, Result | None]], lease_end: float) -> None:
        """Write the outcomes down; while the rows are away, again and again until the lease ends."""
        while True:
            try:
                record(self.rows, outcomes, self.clock())
            except DBAPIError as error:
                if not is_busy(error) or time.monotonic() > lease_end:
                    raise
                time.sleep(TRY_AGAIN_SECONDS)
            else:
                self.notebook.clear()
                return

    def _next_due(self) -> datetime | None:
        with self.rows.transaction(read_only=True) as db:
            return look(db).next_due()

    def _send(self, batch: Batch) -> list[tuple[Parcel, Result | None]]:
        going = [(parcel, parcel.push) for parcel in batch.parcels if parcel.push]
        staying: list[tuple[Parcel, Result | None]] = [
            (parcel, None) for parcel in batch.parcels if parcel.verdict
        ]
        if not going:
            return staying
        within = min(self.lease * SENDING_SHARE, LONGEST_BEGINNING).total_seconds()

        def heard(place: int, result: Result) -> None:
            if result.outcome is Outcome.SENT:
                claimed = going[place][0].claimed
                self.notebook.note(claimed.delivery_id, claimed.attempt)

        try:
            results = self.sender.send([push for _, push in going], within, heard)
            sent = [(parcel, result) for (parcel, _), result in zip(going, results, strict=True)]
        except Exception as error:
            # Nobody knows how far it came; the rows are tried again, and the worker lives on.
            log.exception("the push gateway failed")
            unknown = Result(Outcome.TRY_LATER, type(error).__name__)
            sent = [(parcel, unknown) for parcel, _ in going]
        return [*staying, *sent]
