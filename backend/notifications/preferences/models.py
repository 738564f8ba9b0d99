"""What residents chose, and the departments that they muted."""

from datetime import datetime

from sqlalchemy import ForeignKey, Select, select
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.database import IMPERSONAL, PERSONAL, Base


class PushPreferences(Base):
    """What a resident chose; whoever chose nothing has no row."""

    __tablename__ = "push_preferences"

    resident_id: Mapped[str] = mapped_column(
        ForeignKey("residents.id"), primary_key=True, info=IMPERSONAL
    )
    quiet_from: Mapped[str] = mapped_column(info=PERSONAL)
    quiet_until: Mapped[str] = mapped_column(info=PERSONAL)
    shows_details: Mapped[bool] = mapped_column(info=PERSONAL)
    reminds_before: Mapped[bool] = mapped_column(info=PERSONAL)
    reminds_on_day: Mapped[bool] = mapped_column(info=PERSONAL)
    reminds_overdue: Mapped[bool] = mapped_column(info=PERSONAL)
    tells_when_read: Mapped[bool] = mapped_column(info=PERSONAL)
    changed_at: Mapped[datetime] = mapped_column(info=IMPERSONAL)


class MutedDepartment(Base):
    """A department whose ordinary pushes a resident does not want; its messages come all the same."""

    __tablename__ = "muted_departments"

    resident_id: Mapped[str] = mapped_column(
        ForeignKey("residents.id"), primary_key=True, info=IMPERSONAL
    )
    department_id: Mapped[str] = mapped_column(primary_key=True, info=PERSONAL)
    muted_at: Mapped[datetime] = mapped_column(info=IMPERSONAL)


def preferences_of(resident_id: str) -> Select[PushPreferences]:
    """What a resident chose."""
    return select(PushPreferences).where(PushPreferences.resident_id == resident_id)


def muted_by(resident_id: str) -> Select[MutedDepartment]:
    """The departments that a resident muted, in the order of their ids."""
    muted = select(MutedDepartment).where(MutedDepartment.resident_id == resident_id)
    return muted.order_by(MutedDepartment.department_id)
