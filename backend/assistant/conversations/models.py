"""Conversations, and the selects that always carry who asks."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ColumnElement, ForeignKey, Select, and_, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.clock import new_id
from backend.core.database import IMPERSONAL, PERSONAL, Base


class Conversation(Base):
    """One conversation: a resident's, or nobody's.

    Whoever holds the id of nobody's may go on with it, so it is as secret as a token: 80 random
    bits. `state` is what was spoken of, by the ids of services and bills.
    """

    __tablename__ = "conversations"

    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: new_id("conv"), info=PERSONAL)
    resident_id: Mapped[str | None] = mapped_column(ForeignKey("residents.id"), info=IMPERSONAL)
    state: Mapped[dict[str, Any]] = mapped_column(JSON, info=PERSONAL)
    created_at: Mapped[datetime] = mapped_column(info=IMPERSONAL)
    expires_at: Mapped[datetime] = mapped_column(index=True, info=IMPERSONAL)


def open_to(conversation_id: str, resident_id: str | None, now: datetime) -> ColumnElement[bool]:
    """Hold for the live conversation with this id if it is this resident's or nobody's.

    A stranger (None) finds nobody's alone.
    """
    nobodys = Conversation.resident_id.is_(None)
    theirs = nobodys if resident_id is None else Conversation.resident_id == resident_id
    return and_(
        Conversation.id == conversation_id, Conversation.expires_at > now, or_(nobodys, theirs)
    )


def conversation_of(
    conversation_id: str, resident_id: str | None, now: datetime
) -> Select[Conversation]:
    """The live conversation with this id, for this caller."""
    return select(Conversation).where(open_to(conversation_id, resident_id, now))


def forgotten_conversations(now: datetime, most: int) -> Select[str]:
    """Ids of some that have expired, whoever's; those that a rival sweeps are passed over."""
    return (
        select(Conversation.id)
        .where(Conversation.expires_at <= now)
        .order_by(Conversation.expires_at)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
