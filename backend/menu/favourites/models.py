"""Favourite services."""

from datetime import datetime

from sqlalchemy import ForeignKey, Select, select
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.database import IMPERSONAL, PERSONAL, Base


class Favourite(Base):
    """A service that a resident keeps at hand."""

    __tablename__ = "favourites"

    resident_id: Mapped[str] = mapped_column(
        ForeignKey("residents.id"), primary_key=True, info=IMPERSONAL
    )
    service_id: Mapped[str] = mapped_column(primary_key=True, info=PERSONAL)
    added_at: Mapped[datetime] = mapped_column(info=IMPERSONAL)


def favourites_of(resident_id: str) -> Select[str]:
    """Ids of a resident's favourite services, newest first."""
    return (
        select(Favourite.service_id)
        .where(Favourite.resident_id == resident_id)
        .order_by(Favourite.added_at.desc(), Favourite.service_id)
    )
