"""The inbox."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    UniqueConstraint,
    Update,
    and_,
    case,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.bulk import is_among
from backend.core.clock import first_id, new_id
from backend.core.database import IMPERSONAL, PERSONAL, Base
from backend.notifications.inbox import InboxState, Place, Wanted
from backend.notifications.rules import STANDINGS, MessageKind


class Message(Base):
    """One entry of a resident's inbox; its text is made when it is read."""

    __tablename__ = "messages"
    __table_args__ = (
        Index(None, "resident_id", "id"),
        UniqueConstraint("kind", "about_id", "edition"),
        Index(None, "about_id"),
        Index("uq_messages_check_code", "check_code", unique=True),
    )

    id: Mapped[str] = mapped_column(
        primary_key=True, default=lambda: new_id("msg"), info=IMPERSONAL
    )
    resident_id: Mapped[str] = mapped_column(ForeignKey("residents.id"), info=IMPERSONAL)
    department_id: Mapped[str] = mapped_column(info=IMPERSONAL)
    kind: Mapped[str] = mapped_column(info=IMPERSONAL)
    about_id: Mapped[str] = mapped_column(info=IMPERSONAL)
    edition: Mapped[int] = mapped_column(default=1, info=IMPERSONAL)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, info=PERSONAL)
    created_at: Mapped[datetime] = mapped_column(info=IMPERSONAL)
    changed_at: Mapped[datetime | None] = mapped_column(info=IMPERSONAL)  # none: not since then
    check_code: Mapped[str | None] = mapped_column(info=PERSONAL)
    read_at: Mapped[datetime | None] = mapped_column(info=PERSONAL)
    archived_at: Mapped[datetime | None] = mapped_column(info=PERSONAL)
    replaced_by: Mapped[str | None] = mapped_column(info=IMPERSONAL)  # a later message's id
    pushed_on: Mapped[date | None] = mapped_column(info=IMPERSONAL)  # counted for that day


def changed_moment() -> ColumnElement[datetime]:
    """When something last happened to a message, which begins with its coming."""
    return func.coalesce(Message.changed_at, Message.created_at)


def _known_of(resident_id: str) -> tuple[ColumnElement[bool], ...]:
    """A resident's messages of the kinds that this version has words for; a newer may write more."""
    return Message.resident_id == resident_id, Message.kind.in_(list(MessageKind))


def _standing_in(state: InboxState) -> tuple[ColumnElement[bool], ...]:
    is_archived = Message.archived_at.is_not(None)
    stands = Message.replaced_by.is_(None)
    if state is InboxState.ARCHIVED:
        return stands, is_archived
    if state is InboxState.UNREAD:
        return stands, ~is_archived, Message.read_at.is_(None)
    return stands, ~is_archived


def messages_to(
    resident_id: str, wanted: Wanted, before_id: str | None, limit: int
) -> Select[Message]:
    """A resident's messages that are wanted, newest first, older than `before_id`."""
    chosen = select(Message).where(*_known_of(resident_id), *_standing_in(wanted.state))
    if wanted.department_id is not None:
        chosen = chosen.where(Message.department_id == wanted.department_id)
    if before_id is not None:
        chosen = chosen.where(Message.id < before_id)
    return chosen.order_by(Message.id.desc()).limit(limit)


def message_to(resident_id: str, message_id: str) -> Select[Message]:
    """One message of a resident, wherever it stands, replaced ones too."""
    return select(Message).where(*_known_of(resident_id), Message.id == message_id)


def unread_by(resident_id: str) -> Select[int]:
    """How many messages stand unread in a resident's inbox."""
    unread = (*_known_of(resident_id), *_standing_in(InboxState.UNREAD))
    return select(func.count()).select_from(Message).where(*unread)


def reading_up_to(resident_id: str, message_id: str, now: datetime) -> Update:
    """Mark as read what a resident has not read, up to a message and with it."""
    unread = (*_known_of(resident_id), Message.read_at.is_(None), Message.replaced_by.is_(None))
    return (
        update(Message)
        .where(*unread, Message.id <= message_id)
        .values(read_at=now, changed_at=now)
        .execution_options(synchronize_session=False)
    )


def changes_to(resident_id: str, after: Place, limit: int) -> Select[Message]:
    """What came or changed in a resident's inbox behind a place, the oldest change first.

    All of one resident's messages are looked at, which are hundreds at most.
    """
    moment = changed_moment()
    is_behind = or_(
        moment > after.moment, and_(moment == after.moment, Message.id > after.message_id)
    )
    chosen = select(Message).where(*_known_of(resident_id), is_behind)
    return chosen.order_by(moment, Message.id).limit(limit)


def inbox_in_figures(resident_id: str) -> Select[int, int, int, int, int, datetime | None]:
    """How an inbox stands, first the unread: these figures differ whenever anything changed."""
    unread = case((and_(*_standing_in(InboxState.UNREAD)), 1))
    return select(
        func.count(unread),
        func.count(),
        func.count(Message.read_at),
        func.count(Message.archived_at),
        func.count(Message.replaced_by),
        func.max(changed_moment()),
    ).where(*_known_of(resident_id))


def message_with_code(code: str) -> Select[Message]:
    """The message that bears a check code, to whomever it went."""
    return select(Message).where(Message.check_code == code)


def messages_of_kind_about(kind: MessageKind, about_ids: Collection[str]) -> Select[Message]:
    """What was told to anybody of this kind about any of these."""
    return select(Message).where(Message.kind == kind, Message.about_id.in_(list(about_ids)))


def messages_since(resident_id: str, since: datetime) -> Select[int]:
    """How many messages that stand in a resident's inbox came since then."""
    return (
        select(func.count())
        .select_from(Message)
        .where(
            *_known_of(resident_id),
            *_standing_in(InboxState.INBOX),
            Message.created_at >= since,
        )
    )


def earlier_standings(message: Message) -> Update:
    """Put a message in the place of those that told its resident before how the same thing stands."""
    return (
        update(Message)
        .where(
            Message.about_id == message.about_id,
            Message.resident_id == message.resident_id,
            Message.kind.in_(STANDINGS),
            Message.replaced_by.is_(None),
            Message.id != message.id,
        )
        .values(replaced_by=message.id, changed_at=message.created_at)
        .execution_options(synchronize_session=False)
    )


def pushed_on_day(
    resident_ids: Collection[str], day: date, created_since: datetime
) -> Select[str, int]:
    """How many messages, of those created since, were counted for each resident's day."""
    return (
        select(Message.resident_id, func.count())
        .where(
            is_among(Message.resident_id, resident_ids),
            Message.id > first_id("msg", created_since),
            Message.pushed_on == day,
        )
        .group_by(Message.resident_id)
    )


def count_for(message_ids: Collection[str], day: date) -> Update:
    """Count these messages for their residents' day."""
    return (
        update(Message)
        .where(is_among(Message.id, message_ids))
        .values(pushed_on=day)
        .execution_options(synchronize_session=False)
    )
