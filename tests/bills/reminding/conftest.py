"""A street whose residents have bills, with its own clock and a worker that reminds and delivers."""

import itertools
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select, update

from backend.bills import due_today_among, owed_among, remind, settle_bill
from backend.bills.actions import amend_bill, post_bill, withdraw_bill
from backend.bills.models import Bill
from backend.bills.rules import BillDetails, BillFacts, BillKind, Surcharge
from backend.core.database import Database
from backend.gateways.push import FirebasePush
from backend.notifications import MessageKind
from backend.notifications.models import Message
from backend.notifications.outbox.claiming import House
from backend.notifications.preferences.models import PushPreferences
from backend.notifications.preferences.rules import Preferences
from backend.notifications.rules import Condition
from tests.notifications.town import Town
from tests.simulators.desk import Desk

TODAY = date(2026, 11, 23)
LONG_AGO = datetime(2026, 10, 1, 4, tzinfo=UTC)
NUMBERS = itertools.count(1)
MOST_BATCHES = 100


@dataclass
class Street:
    """Who lives here and owes what; `town.now` begins at noon in Hong Kong on `TODAY`."""

    town: Town
    rings: list[datetime] = field(default_factory=list)

    def resident(self, *addresses: str, **choices: Any) -> str:
        """Settle a resident; `choices` are their preferences, where they made any."""
        resident_id = self.town.resident(*addresses)
        if choices:
            chosen = Preferences(**choices)
            row = PushPreferences(resident_id=resident_id, changed_at=self.town.now, **vars(chosen))
            with self.town.database.transaction() as db:
                db.add(row)
        return resident_id

    def bill(
        self,
        resident_id: str | None,
        due_on: date,
        *surcharges: date,
        department: str = "WSD",
        later_on: date | None = None,
    ) -> str:
        """Post a bill, long ago, of which everybody was told then; each surcharge is HK$10."""
        facts = self.facts(resident_id, due_on, *surcharges)
        with self.town.database.transaction() as db:
            bill, _ = post_bill(db, department, facts, LONG_AGO, lambda: None)
            bill.later_on = later_on
        return bill.id

    def facts(self, resident_id: str | None, due_on: date, *surcharges: date) -> BillFacts:
        added = tuple(Surcharge(after, 1000, "late") for after in surcharges)
        return BillFacts(
            resident_id=resident_id,
            bill_number=f"R-{next(NUMBERS)}",
            kind=BillKind.WATER,
            amount_cents=41850,
            currency="HKD",
            issued_on=min(due_on, LONG_AGO.date()),
            due_on=due_on,
            account_number="777",
            details=BillDetails(surcharges=added),
        )

    def amend(self, bill_id: str, due_on: date, department: str = "WSD") -> None:
        """Move a bill's last day to pay."""
        with self.town.database.transaction() as db:
            bill = db.get_one(Bill, bill_id)
            stated = self.facts(bill.resident_id, due_on)
            facts = BillFacts(**{**vars(stated), "bill_number": bill.bill_number})
            amend_bill(
                db,
                department,
                bill_id,
                facts,
                reason=None,
                now=self.town.now,
                ring=lambda: None,
                is_being_paid=lambda _db, _id: False,
            )

    def pay(self, bill_id: str) -> None:
        with self.town.database.transaction() as db:
            bill = db.get_one(Bill, bill_id)
            settle_bill(db, bill, bill.amount_cents, self.town.now, self.town.now)

    def pay_unnoticed(self, bill_id: str) -> None:
        """Mark a bill as paid without dropping its pushes, as if that came too late to see them."""
        with self.town.database.transaction() as db:
            db.execute(update(Bill).where(Bill.id == bill_id).values(state="paid"))

    def withdraw(self, bill_id: str, department: str = "WSD") -> None:
        with self.town.database.transaction() as db:
            withdraw_bill(
                db,
                department,
                bill_id,
                "Twice",
                now=self.town.now,
                ring=lambda: None,
                is_being_paid=lambda _db, _id: False,
            )

    def remind(self) -> datetime | None:
        """Let a worker do one batch; return when it wants to come again."""
        return remind(self.town.database, self.town.clock, self.ring)

    def go_round(self) -> datetime | None:
        """Let a worker do all that is due at this moment; return when it wants to come again."""
        for _ in range(MOST_BATCHES):
            due_at = self.remind()
            if due_at is None or due_at > self.town.now:
                return due_at
        raise AssertionError("the rounds do not come to an end")

    def ring(self) -> None:
        self.rings.append(self.town.now)

    def told(self, bill_id: str) -> list[str]:
        """The kinds of all that was told of a bill, first to last."""
        return [message.kind for message in self.messages(bill_id)]

    def messages(self, bill_id: str) -> list[Message]:
        with self.town.database.transaction(read_only=True) as db:
            query = select(Message).where(Message.about_id == bill_id).order_by(Message.id)
            return list(db.scalars(query))

    def reminded(self, *bill_ids: str) -> list[list[str]]:
        """The kinds of the reminders of each of these bills."""
        return [[kind for kind in self.told(id_) if kind != "bill_new"] for id_ in bill_ids]


SOON, TODAY_KIND, OVERDUE = (
    MessageKind.BILL_DUE_SOON,
    MessageKind.BILL_DUE_TODAY,
    MessageKind.BILL_OVERDUE,
)


@pytest.fixture
def street(database: Database, sender: FirebasePush, desk: Desk) -> Street:
    town = Town(database, sender)
    holds = {
        Condition.BILL_IS_OWED: owed_among,
        Condition.BILL_IS_DUE_TODAY: partial(due_today_among, town.clock),
    }
    town.house = House(holds=holds)
    return Street(town)
