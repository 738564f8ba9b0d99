"""A resident's own bills and messages, as the assistant shows them: never anybody else's."""

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy.orm import Session

from backend.bills import Bill, BillKind, ReadBill, find_bills, read_bill, sum_up_owed
from backend.core.languages import Language
from backend.menu import Catalogue, Service, ServiceKind
from backend.notifications import ReadMessage, list_messages, read_message

MOST_BILLS = 10
MOST_MESSAGES = 5
# What the service that takes a kind of bill calls it in English, in its name or its other names.
PAID_AS = {
    BillKind.WATER: "water bill",
    BillKind.RATES: "rates",
    BillKind.GOVERNMENT_RENT: "government rent",
    BillKind.TAX: "tax bill",
    BillKind.FIXED_PENALTY: "fixed penalty",
    BillKind.HOUSING_RENT: "housing rent",
    BillKind.HOSPITAL: "hospital bill",
    BillKind.POSTAL: "post bill",
    BillKind.GENERAL: "demand note",
}


class Topic(StrEnum):
    """What of their own a resident asks about; the names of `intents/talk/own/`."""

    BILLS = "bills"
    DUE = "due"
    PAID = "paid"
    MESSAGES = "messages"
    OTHERS = "others"


@dataclass(frozen=True)
class OwnBill:
    """A bill of the resident's, and the service of the menu that takes its payment, if any does."""

    bill: ReadBill
    service: str | None

    @property
    def kind(self) -> BillKind:
        return BillKind(self.bill.kind)


@dataclass(frozen=True)
class Own:
    """What one resident is shown of their own.

    `bills` are the first due; `count` and `total_due_cents` are of all that were asked for. `kinds`
    are those that the question named, none for any.
    """

    topic: Topic
    kinds: tuple[BillKind, ...] = ()
    bills: tuple[OwnBill, ...] = ()
    count: int = 0
    total_due_cents: int = 0
    messages: tuple[ReadMessage, ...] = ()


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
            owed = sum_up_owed(db, self.resident_id, kinds, MOST_BILLS)
            bills = tuple(self._own(bill) for bill in owed.bills)
        return Own(topic, tuple(kinds), bills, owed.count, owed.total_cents)

    def some(self, bill_ids: Collection[str], topic: Topic) -> Own | None:
        """Return these bills, None where the resident has none of them."""
        with self.open_rows() as db:
            found = find_bills(db, self.resident_id, bill_ids)
            bills = tuple(self._own(bill) for bill in found)
        total_cents = sum(each.bill.amount_cents for each in bills)
        return Own(topic, (), bills, len(bills), total_cents) if bills else None

    def _messages(self, db: Session) -> tuple[ReadMessage, ...]:
        page = list_messages(db, self.resident_id, None, MOST_MESSAGES)
        return tuple(read_message(each, self.language, self._name_of) for each in page.items)

    def _own(self, bill: Bill) -> OwnBill:
        read = read_bill(bill, self.language, self._name_of, self.today)
        service = paying_service(self.catalogue, bill.department_id, BillKind(bill.kind))
        return OwnBill(read, service.id if service else None)

    def _name_of(self, department_id: str, language: Language) -> str:
        return self.catalogue.department_name(department_id, language)


def paying_service(catalogue: Catalogue, department_id: str, kind: BillKind) -> Service | None:
    """Return the service at which a department takes payment of this kind of bill, or None.

    A department may take payments for other things too, so one that only belongs to it will not do.
    """
    takes = (service for service in catalogue.services if _takes(service, department_id, kind))
    return next(takes, None)


def _takes(service: Service, department_id: str, kind: BillKind) -> bool:
    if service.department_id != department_id or service.kind is not ServiceKind.PAY:
        return False
    names: Sequence[str] = (service.name.en, *service.also)
    return any(PAID_AS[kind] in name.lower() for name in names)
