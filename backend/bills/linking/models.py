"""Accounts with departments that residents have linked."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.clock import new_id
from backend.core.database import IMPERSONAL, PERSONAL, Base


class AccountLink(Base):
    """A resident's link to an account with a department; an account has one resident at a time."""

    __tablename__ = "account_links"
    __table_args__ = (
        UniqueConstraint("department_id", "account_number"),
        Index(None, "resident_id", "id"),
    )

    id: Mapped[str] = mapped_column(
        primary_key=True, default=lambda: new_id("lnk"), info=IMPERSONAL
    )
    resident_id: Mapped[str] = mapped_column(ForeignKey("residents.id"), info=IMPERSONAL)
    department_id: Mapped[str] = mapped_column(info=IMPERSONAL)
    account_number: Mapped[str] = mapped_column(info=PERSONAL)
    created_at: Mapped[datetime] = mapped_column(info=IMPERSONAL)
