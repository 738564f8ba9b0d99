"""Departments' addresses, and the outbox of what they are told."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.clock import new_id
from backend.core.database import IMPERSONAL, PERSONAL, Base


class Webhook(Base):
    """The one address that a department's events go to, and the secret that signs them."""

    __tablename__ = "department_webhooks"

    department_id: Mapped[str] = mapped_column(primary_key=True, info=IMPERSONAL)
    url: Mapped[str] = mapped_column(info=PERSONAL)
    secret: Mapped[str] = mapped_column(info=PERSONAL)
    created_at: Mapped[datetime] = mapped_column(info=IMPERSONAL)


class DepartmentEvent(Base):
    """Something that happened to a department's bill; told once by each business key."""

    __tablename__ = "department_events"
    __table_args__ = (
        UniqueConstraint("type", "about_id"),
        Index(None, "department_id", "id"),
        Index(None, "state", "due_at"),
    )

    id: Mapped[str] = mapped_column(
        primary_key=True, default=lambda: new_id("evt"), info=IMPERSONAL
    )
    department_id: Mapped[str] = mapped_column(info=IMPERSONAL)
    type: Mapped[str] = mapped_column(info=IMPERSONAL)
    about_id: Mapped[str] = mapped_column(info=IMPERSONAL)
    data: Mapped[dict[str, Any]] = mapped_column(JSON, info=PERSONAL)
    state: Mapped[str] = mapped_column(info=IMPERSONAL)
    due_at: Mapped[datetime] = mapped_column(info=IMPERSONAL)
    attempts: Mapped[int] = mapped_column(default=0, info=IMPERSONAL)
    reason: Mapped[str | None] = mapped_column(info=IMPERSONAL)
    created_at: Mapped[datetime] = mapped_column(info=IMPERSONAL)
    settled_at: Mapped[datetime | None] = mapped_column(info=IMPERSONAL)
