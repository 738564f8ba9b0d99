"""A city's departments with a clock of their own, events to tell them, and a worker that does it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from backend.core.clock import new_id
from backend.core.database import Database
from backend.departments import EventType, tell_department
from backend.departments.webhooks import actions
from backend.departments.webhooks.models import DepartmentEvent, Webhook
from backend.departments.webhooks.telling import tell_waiting
from backend.gateways.webhooks import WebhookCaller
from tests.departments.webhooks.receiving import Receiver

PAID = {
    "bill_id": "bill_1",
    "bill_number": "W-1",
    "bill_state": "paid",
    "amount_cents": 41850,
    "currency": "HKD",
    "paid_at": "2026-11-23T09:00:00+00:00",
    "fps_reference": "FRN1",
    "receipt_number": "R1",
}


@dataclass
class Office:
    """Which departments listen where, and what they are told."""

    database: Database
    caller: WebhookCaller
    receiver: Receiver
    now: datetime = field(default=datetime(2026, 11, 23, 9, tzinfo=UTC))

    def clock(self) -> datetime:
        return self.now

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    def listen(self, department: str = "WSD", url: str | None = None) -> str:
        """Let a department set its address; return its secret, or nothing where it had one."""
        with self.database.transaction() as db:
            url = url or f"{self.receiver.url}/hook"
            shown, _ = actions.set_webhook(db, department, url, self.now, lambda: None)
        return shown.secret or ""

    def tell(self, department: str = "WSD", count: int = 1) -> list[str]:
        """Tell a department that bills of it are paid; return the events' ids."""
        abouts = [new_id("bill") for _ in range(count)]
        with self.database.transaction() as db:
            for about in abouts:
                tell_department(
                    db, department, EventType.BILL_PAID, about_id=about, data=PAID, now=self.now
                )
        with self.database.transaction(read_only=True) as db:
            wanted = select(DepartmentEvent.id).where(DepartmentEvent.about_id.in_(abouts))
            return list(db.scalars(wanted.order_by(DepartmentEvent.id)))

    def work(self) -> datetime | None:
        """Let the worker do one batch; return when it wants to come again."""
        return tell_waiting(self.database, self.caller, self.clock)

    def work_off(self) -> None:
        """Let the worker do all that is due at this moment."""
        while (due_at := self.work()) is not None and due_at <= self.now:
            pass

    def replay(self, event_id: str, department: str = "WSD") -> None:
        with self.database.transaction() as db:
            actions.replay_event(db, department, event_id, self.now, lambda: None)

    def event(self, event_id: str) -> DepartmentEvent:
        with self.database.transaction(read_only=True) as db:
            return db.get_one(DepartmentEvent, event_id)

    def webhook(self, department: str = "WSD") -> Webhook:
        with self.database.transaction(read_only=True) as db:
            return db.get_one(Webhook, department)

    def states(self) -> dict[str, str]:
        """The state of every event."""
        with self.database.transaction(read_only=True) as db:
            rows = db.execute(select(DepartmentEvent.id, DepartmentEvent.state))
            return {row.id: row.state for row in rows}
