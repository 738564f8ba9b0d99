"""Secret addresses of residents' calendars."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.database import IMPERSONAL, PERSONAL, Base


class CalendarFeed(Base):
    """The one calendar address of a resident; of its token only the hash is kept."""

    __tablename__ = "calendar_feeds"

    resident_id: Mapped[str] = mapped_column(
        ForeignKey("residents.id"), primary_key=True, info=IMPERSONAL
    )
    token_hash: Mapped[str] = mapped_column(unique=True, info=PERSONAL)
    created_at: Mapped[datetime] = mapped_column(info=IMPERSONAL)
