"""Telling a department what happened to its bill."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from backend.core.clock import new_id
from backend.core.database import insert_unless_there
from backend.departments.webhooks.models import DepartmentEvent
from backend.departments.webhooks.rules import EventType, TellingState


def tell_department(
    db: Session,
    department_id: str,
    kind: EventType,
    *,
    about_id: str,
    data: Mapping[str, Any],
    now: datetime,
) -> None:
    """Write an event down for a department, once of each kind and thing; a worker tells it."""
    event = {
        "id": new_id("evt"),
        "department_id": department_id,
        "type": kind,
        "about_id": about_id,
        "data": dict(data),
        "state": TellingState.WAITING,
        "due_at": now,
        "attempts": 0,
        "created_at": now,
    }
    insert_unless_there(db, DepartmentEvent, event)
