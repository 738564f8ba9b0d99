"""Secret addresses of residents' calendars, and what stands in a calendar."""

from datetime import datetime

from sqlalchemy import ForeignKey, Select, select
from sqlalchemy.orm import Mapped, mapped_column

from backend.accounts import Resident
from backend.bills.models import Bill
from backend.bills.rules import BillState
from backend.core.database import IMPERSONAL, PERSONAL, Base


class CalendarFeed(Base):
    """The one calendar address of a resident; of its token only the hash is kept."""

    __tablename__ = "calendar_feeds"

    resident_id: Mapped[str] = mapped_column(
        ForeignKey("residents.id"), primary_key=True, info=IMPERSONAL
    )
    token_hash: Mapped[str] = mapped_column(unique=True, info=PERSONAL)
    created_at: Mapped[datetime] = mapped_column(info=IMPERSONAL)


def feed_of(resident_id: str) -> Select[CalendarFeed]:
    """A resident's calendar address, if there is one."""
    return select(CalendarFeed).where(CalendarFeed.resident_id == resident_id)


def resident_behind(token_hash: str) -> Select[Resident]:
    """The resident whose calendar has this token."""
    return (
        select(Resident)
        .join(CalendarFeed, CalendarFeed.resident_id == Resident.id)
        .where(CalendarFeed.token_hash == token_hash)
    )


def bills_to_mark(resident_id: str, most: int) -> Select[Bill]:
    """A resident's open bills, the last due first, as those of long ago matter least."""
    return (
        select(Bill)
        .where(Bill.resident_id == resident_id, Bill.state == BillState.OPEN)
        .order_by(Bill.due_on.desc(), Bill.id.desc())
        .limit(most)
    )
