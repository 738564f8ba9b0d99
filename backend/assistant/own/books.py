"""A resident's own bills and messages, as the assistant shows them: never anybody else's."""

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy.orm import Session

from backend.bills import (
    Bill,
    BillKind,
    BillState,
    ReadBill,
    find_bills,
    find_paid,
    read_bill,
    sum_up_owed,
)
from backend.core.languages import Language
from backend.menu import Catalogue, paying_service
from backend.notifications import ReadMessage, list_messages, read_message

MOST_BILLS = 10
MOST_MESSAGES = 5


class Topic(StrEnum):
    """What of their own a resident asks about; the names of `intents/talk/own/`."""

    BILLS = "bills"
    DUE = "due"
    PAID = "paid"
    MESSAGES = "messages"
    OTHERS = "others"


@dataclass(frozen=True)
class OwnBill:
    """A bill of the resident's, and the service of the menu that takes its payment, if any does.

    Nobody takes payment of one that is paid or taken back.
    """

    bill: ReadBill
    service: str | None

    @property
    def kind(self) -> BillKind:
        return BillKind(self.bill.kind)


@dataclass(frozen=True)
class Own:
    """What one resident is shown of their own.

    `bills` are the first due; `count` is of all that were asked for, `total_due_cents` what they
    come to today. `kinds` are those that the question named, none for any. `last_paid` is told
    where payments are asked for, or nothing is open.
    """

    topic: Topic
    kinds: tuple[BillKind, ...] = ()
    bills: tuple[OwnBill, ...] = ()
    count: int = 0
    total_due_cents: int = 0
    messages: tuple[ReadMessage, ...] = ()
    last_paid: OwnBill | None = None


@dataclass(frozen=True)
class Books:
    """Opens one resident's bills and messages, and nobody else's.

    `open_rows` gives a session that reads, only once something is looked up.
    """

    resident_id: str
    open_rows: Callable[[], AbstractContextManager[Session]]
    catalogue: Catalogue
    language: Language
    today: date

    def look_up(self, topic: Topic, kinds: Collection[BillKind]) -> Own:
        """Return what the resident has of `topic`; nothing at all where it is another's data."""
        if topic is Topic.OTHERS:
            return Own(topic)
        with self.open_rows() as db:
            if topic is Topic.MESSAGES:
                return Own(topic, messages=self._messages(db))
            owed = sum_up_owed(db, self.resident_id, kinds, MOST_BILLS, self.today)
            bills = tuple(self._own(bill) for bill in owed.bills)
            looks_back = topic is Topic.PAID or not bills
            last_paid = self._last_paid(db, kinds) if looks_back else None
        return Own(topic, tuple(kinds), bills, owed.count, owed.total_cents, last_paid=last_paid)

    def some(self, bill_ids: Collection[str], topic: Topic) -> Own | None:
        """Return these bills, however they stand; None where the resident has none of them."""
        with self.open_rows() as db:
            found = find_bills(db, self.resident_id, bill_ids)
            bills = tuple(self._own(bill) for bill in found)
        total_cents = sum(each.bill.payable_cents for each in bills)
        return Own(topic, (), bills, len(bills), total_cents) if bills else None

    def _last_paid(self, db: Session, kinds: Collection[BillKind]) -> OwnBill | None:
        paid = find_paid(db, self.resident_id, kinds, 1)
        return self._own(paid[0]) if paid else None

    def _messages(self, db: Session) -> tuple[ReadMessage, ...]:
        page = list_messages(db, self.resident_id, None, MOST_MESSAGES)
        return tuple(read_message(each, self.language, self._name_of) for each in page.items)

    def _own(self, bill: Bill) -> OwnBill:
        read = read_bill(bill, self.language, self._name_of, self.today)
        if read.state is not BillState.OPEN:
            return OwnBill(read, None)
        service = paying_service(self.catalogue, bill.department_id, BillKind(bill.kind))
        return OwnBill(read, service.id if service else None)

    def _name_of(self, department_id: str, language: Language) -> str:
        return self.catalogue.department_name(department_id, language)
