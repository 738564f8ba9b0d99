"""Beginning a conversation, going on with it, and ending it."""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from backend.assistant.conversations import rules
from backend.assistant.conversations.models import (
    Conversation,
    conversation_of,
    forgotten_conversations,
    open_to,
)
from backend.assistant.talk.dialogue import State
from backend.core.clock import new_id


def begin(db: Session, resident_id: str | None, now: datetime) -> Conversation:
    """Begin a conversation, a resident's or nobody's; a few forgotten ones are swept away."""
    forget_old(db, now, rules.SWEPT_PER_BEGIN)
    conversation = Conversation(id=new_id("conv"), resident_id=resident_id, created_at=now)
    remember(conversation, State(), now)
    db.add(conversation)
    return conversation


def forget_old(db: Session, now: datetime, most: int) -> int:
    """Forget `most` of the conversations whose time is over; return how many were."""
    gone = delete(Conversation).where(Conversation.id.in_(forgotten_conversations(now, most)))
    return len(db.execute(gone.returning(Conversation.id)).all())


def take_up(
    db: Session, conversation_id: str, resident_id: str | None, now: datetime
) -> Conversation:
    """Return a conversation to go on with, locked until the commit; ConversationNotFound.

    Nobody's becomes the resident's who goes on with it. Two turns at once go one after the other.
    """
    found = conversation_of(conversation_id, resident_id, now).with_for_update()
    conversation = db.scalars(found).one_or_none()
    if conversation is None:
        raise rules.ConversationNotFound
    conversation.resident_id = resident_id
    return conversation


def remember(conversation: Conversation, state: State, now: datetime) -> None:
    """Keep what was spoken of until half an hour after this turn."""
    conversation.state = state.to_json()
    conversation.expires_at = rules.expiry(now)


def end(db: Session, conversation_id: str, resident_id: str | None, now: datetime) -> None:
    """Forget a conversation now; ConversationNotFound."""
    gone = delete(Conversation).where(open_to(conversation_id, resident_id, now))
    if db.execute(gone.returning(Conversation.id)).first() is None:
        raise rules.ConversationNotFound
