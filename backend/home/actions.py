"""Gathers the first screen from the other rooms, in few looks at the rows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from backend.bills import Owed, OwnPayment, PaymentsOf, list_kinds, sum_up_owed
from backend.core import clock
from backend.home.rules import (
    MOST_BILLS,
    MOST_MESSAGES,
    MOST_SERVICES,
    NEW_FOR,
    first_of_each,
)
from backend.menu import Catalogue, Service, list_favourites, paying_service
from backend.notifications import Message, count_messages, list_messages


@dataclass(frozen=True)
class Home:
    """What is due, what is new, what I use."""

    owed: Owed
    payments: Mapping[str, OwnPayment]  # of the bills of `owed`, by bill
    messages: Sequence[Message]
    new_count: int
    services: Sequence[Service]


def gather(
    db: Session, catalogue: Catalogue, payments_of: PaymentsOf, resident_id: str, now: datetime
) -> Home:
    """Gather the first screen of a resident, of nobody else's rows."""
    services = _services(db, catalogue, resident_id)
    owed = sum_up_owed(db, resident_id, (), MOST_BILLS, clock.hong_kong_date(now))
    return Home(
        owed=owed,
        payments=payments_of(db, resident_id, [bill.id for bill in owed.bills]),
        messages=list_messages(db, resident_id, None, MOST_MESSAGES).items,
        new_count=count_messages(db, resident_id, now - NEW_FOR),
        services=first_of_each(services, MOST_SERVICES),
    )


def _services(db: Session, catalogue: Catalogue, resident_id: str) -> Iterator[Service]:
    """Yield a resident's favourites, and then where the bills are paid that they have had."""
    yield from list_favourites(db, catalogue, resident_id)
    for department_id, kind in list_kinds(db, resident_id):
        service = paying_service(catalogue, department_id, kind)
        if service is not None:
            yield service
