"""Choosing when and of what my phone tells me."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from backend.accounts import resident_of
from backend.core.database import insert_unless_there
from backend.core.errors import NotFound
from backend.notifications.preferences.models import (
    MutedDepartment,
    PushPreferences,
    muted_by,
    preferences_of,
)
from backend.notifications.preferences.rules import Preferences


class DepartmentNotFound(NotFound):
    code = "department_not_found"


def get_preferences(db: Session, resident_id: str) -> Preferences | PushPreferences:
    """Return what a resident chose, or what holds for whoever chose nothing."""
    return db.scalars(preferences_of(resident_id)).one_or_none() or Preferences()


def choose(db: Session, resident_id: str, chosen: Preferences, now: datetime) -> Preferences:
    """Put a resident's choice in the place of the one before, whole.

    Two requests of one resident go one after the other, by a lock on their row.
    """
    db.execute(resident_of(resident_id).with_for_update(key_share=True))
    db.merge(PushPreferences(resident_id=resident_id, changed_at=now, **asdict(chosen)))
    return chosen


def list_muted(db: Session, resident_id: str) -> Sequence[MutedDepartment]:
    """Return the departments that a resident muted, in the order of their ids."""
    return db.scalars(muted_by(resident_id)).all()


def mute(
    db: Session, resident_id: str, department_id: str, known: Collection[str], now: datetime
) -> MutedDepartment:
    """Push nothing ordinary of a department to a resident any more; one that is muted stays so.

    DepartmentNotFound where it is not among the `known`.
    """
    if department_id not in known:
        raise DepartmentNotFound
    values = {"resident_id": resident_id, "department_id": department_id, "muted_at": now}
    insert_unless_there(db, MutedDepartment, values)
    return db.scalars(
        muted_by(resident_id).where(MutedDepartment.department_id == department_id)
    ).one()


def unmute(db: Session, resident_id: str, department_id: str) -> None:
    """Push what a department tells again, if it was muted."""
    # Compared here: what stands in an address need not be anything that a database takes.
    if department_id not in {each.department_id for each in list_muted(db, resident_id)}:
        return
    mine = MutedDepartment.resident_id == resident_id
    db.execute(delete(MutedDepartment).where(mine, MutedDepartment.department_id == department_id))
