"""A town with its own clock: residents with phones, messages to tell them, and a worker to do it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from backend.accounts import welcome
from backend.accounts.actions import Phone, forget_device, register_device
from backend.core.clock import new_id
from backend.core.database import Database
from backend.core.languages import Language
from backend.gateways.identity_proofing import Person
from backend.gateways.push import FirebasePush
from backend.notifications import MessageKind, notify
from backend.notifications.delivery import deliver_waiting
from backend.notifications.models import Delivery

LEASE_SECONDS = 30


@dataclass
class Town:
    """Who lives here, what is told, and what the worker does about it."""

    database: Database
    sender: FirebasePush
    now: datetime = field(default=datetime(2026, 11, 23, 9, tzinfo=UTC))

    def clock(self) -> datetime:
        return self.now

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    def resident(self, *addresses: str, language: Language = Language.EN) -> str:
        """Settle a resident with these phones; return their id."""
        person = Person(new_id("who"), "CANARY NAME", language, "smart")
        with self.database.transaction() as db:
            resident_id = welcome(db, "demo", person, self.now).id
        for address in addresses:
            self.phone(resident_id, address)
        return resident_id

    def phone(self, resident_id: str, address: str, installation: str | None = None) -> None:
        """Register a phone, or an installation's new address."""
        with self.database.transaction() as db:
            name = installation or address
            phone = Phone("android", "token", address)
            register_device(db, resident_id, name, phone, self.now)

    def forget(self, resident_id: str, installation: str) -> None:
        with self.database.transaction() as db:
            forget_device(db, resident_id, installation)

    def tell(self, *resident_ids: str) -> list[str]:
        """Tell residents of a new bill each; return the bills' ids."""
        bill_ids = [new_id("bill") for _ in resident_ids]
        with self.database.transaction() as db:
            for resident_id, bill_id in zip(resident_ids, bill_ids, strict=True):
                notify(
                    db,
                    resident_id=resident_id,
                    department_id="WSD",
                    kind=MessageKind.BILL_NEW,
                    about_id=bill_id,
                    facts={"amount": "418.50", "due_on": "2026-12-20"},
                    now=self.now,
                )
        return bill_ids

    def work(self) -> datetime | None:
        """Let the worker do one batch; return when it wants to come again."""
        return deliver_waiting(self.database, self.sender, self.clock, LEASE_SECONDS)

    def work_off(self) -> None:
        """Let the worker do all that is due at this moment."""
        while (due_at := self.work()) is not None and due_at <= self.now:
            pass

    def states(self) -> list[tuple[str, str | None]]:
        """The state and reason of every delivery, to explain what the log cannot show."""
        with self.database.transaction(read_only=True) as db:
            rows = db.execute(select(Delivery.state, Delivery.reason).order_by(Delivery.id))
            return [(state, reason) for state, reason in rows]
