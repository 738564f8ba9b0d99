"""A town with its own clock: residents with phones, messages to tell them, and a worker to do it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from backend.accounts import welcome
from backend.accounts.actions import Phone, forget_device, register_device
from backend.core.clock import new_id
from backend.core.database import Database
from backend.core.languages import Language
from backend.gateways.identity_proofing import Person
from backend.gateways.push import FirebasePush, Result
from backend.notifications import MessageKind, notify
from backend.notifications.outbox.claiming import House, Parcel, claim
from backend.notifications.outbox.delivering import Postman
from backend.notifications.outbox.headroom import Headroom
from backend.notifications.outbox.models import Delivery
from backend.notifications.outbox.notebook import Notebook
from backend.notifications.outbox.recording import record
from backend.notifications.preferences.models import MutedDepartment, PushPreferences
from backend.notifications.preferences.rules import Preferences

LEASE_SECONDS = 30


@dataclass
class Town:
    """Who lives here, what is told, and what the worker does about it."""

    database: Database
    sender: FirebasePush
    now: datetime = field(default=datetime(2026, 11, 23, 4, tzinfo=UTC))  # noon in Hong Kong
    house: House = field(default_factory=lambda: House(per_second=1e6))  # of its own clock

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

    def crowd(self, residents: int, phones: int = 1) -> list[str]:
        """Settle many residents at once, each with so many phones; return their ids."""
        ids = []
        with self.database.transaction() as db:
            for number in range(residents):
                person = Person(new_id("who"), "CANARY NAME", Language.EN, "smart")
                ids.append(welcome(db, "demo", person, self.now).id)
                for place in range(phones):
                    name = f"phone-{number}-{place}"
                    register_device(db, ids[-1], name, Phone("android", "token", name), self.now)
        return ids

    def phone(self, resident_id: str, address: str, installation: str | None = None) -> None:
        """Register a phone, or an installation's new address."""
        with self.database.transaction() as db:
            name = installation or address
            phone = Phone("android", "token", address)
            register_device(db, resident_id, name, phone, self.now)

    def forget(self, resident_id: str, installation: str) -> None:
        with self.database.transaction() as db:
            forget_device(db, resident_id, installation)

    def choose(self, resident_id: str, **choices: object) -> None:
        """Let a resident choose something other than what holds from the start."""
        chosen = replace(Preferences(), **choices)  # type: ignore[arg-type]
        with self.database.transaction() as db:
            row = PushPreferences(resident_id=resident_id, changed_at=self.now, **asdict(chosen))
            db.merge(row)

    def mute(self, resident_id: str, department_id: str) -> None:
        with self.database.transaction() as db:
            row = {"resident_id": resident_id, "department_id": department_id}
            db.add(MutedDepartment(**row, muted_at=self.now))

    def tell(
        self,
        *resident_ids: str,
        department_id: str = "WSD",
        kind: MessageKind = MessageKind.BILL_NEW,
        is_urgent: bool = False,
    ) -> list[str]:
        """Tell residents of a new bill each; return the bills' ids."""
        bill_ids = [new_id("bill") for _ in resident_ids]
        with self.database.transaction() as db:
            for resident_id, bill_id in zip(resident_ids, bill_ids, strict=True):
                notify(
                    db,
                    resident_id=resident_id,
                    department_id=department_id,
                    kind=kind,
                    about_id=bill_id,
                    facts={"amount": "418.50", "due_on": "2026-12-20"},
                    now=self.now,
                    is_urgent=is_urgent,
                )
        return bill_ids

    def claim(self) -> Sequence[Parcel]:
        """Let a worker claim a batch, and send nothing."""
        lease = timedelta(seconds=LEASE_SECONDS)
        return claim(self.database, self.now, lease, self.house, 1.0).parcels

    def record(self, parcel: Parcel, result: Result) -> None:
        """Let a worker write down what became of a push."""
        record(self.database, [(parcel, result)], self.now)

    def work(self) -> datetime | None:
        """Let the worker do one batch; return when it wants to come again."""
        return self.postman().deliver_waiting()

    def postman(self, notebook: Notebook | None = None) -> Postman:
        """A worker of its own."""
        return Postman(
            self.database,
            self.sender,
            self.clock,
            lease_seconds=LEASE_SECONDS,
            house=self.house,
            headroom=Headroom(None),
            notebook=notebook or Notebook(None),
        )

    def work_off(self) -> None:
        """Let the worker do all that is due at this moment."""
        while (due_at := self.work()) is not None and due_at <= self.now:
            pass

    def states(self) -> list[tuple[str, str | None]]:
        """The state and reason of every delivery, to explain what the log cannot show."""
        with self.database.transaction(read_only=True) as db:
            rows = db.execute(select(Delivery.state, Delivery.reason).order_by(Delivery.id))
            return [(state, reason) for state, reason in rows]
