"""A conversation, on the web: begin, one turn after another, end."""

from contextlib import nullcontext
from typing import Any

from backend.assistant.answering import answered, desk_of_request
from backend.assistant.conversations import actions
from backend.assistant.conversations.models import Conversation
from backend.assistant.conversations.rules import ConversationNotFound
from backend.assistant.conversations.schemas import (
    ConversationShape,
    OpeningShape,
    TurnReplyShape,
    TurnShape,
)
from backend.assistant.desk import Desk
from backend.assistant.refusals import ServiceNotKnown
from backend.assistant.releases.shelf import NoRelease
from backend.assistant.talk.dialogue import State
from backend.assistant.talk.listening import Listened
from backend.core import clock
from backend.core.access import guest
from backend.core.database import session_of_request
from backend.core.http import Blueprint

blp = Blueprint(
    "conversations",
    __name__,
    url_prefix="/v1/assistant/conversations",
    description="A conversation with the assistant",
)


@blp.post("")
@blp.refuses(NoRelease)
@blp.arguments(OpeningShape)
@blp.response(201, ConversationShape)
@blp.doc(operationId="beginConversation")
def begin_conversation(body: dict[str, Any]) -> dict[str, Any]:
    """Begin a conversation, with a question or without"""
    desk = _desk(body)
    said = _listened(desk, body)
    conversation = actions.begin(session_of_request(), _asker(), clock.now())
    return _turn(desk, conversation, said) if said else _reply(conversation, None)


@blp.post("/<id:conversation_id>/turns")
@blp.refuses(NoRelease, ConversationNotFound, ServiceNotKnown)
@blp.arguments(TurnShape)
@blp.response(200, TurnReplyShape)
@blp.doc(operationId="takeTurn")
def take_turn(body: dict[str, Any], conversation_id: str) -> dict[str, Any]:
    """Say or tap the next thing in a conversation"""
    desk = _desk(body)
    said = _listened(desk, body)
    conversation = actions.take_up(session_of_request(), conversation_id, _asker(), clock.now())
    return _turn(desk, conversation, said or body["choice"])


@blp.delete("/<id:conversation_id>")
@blp.refuses(ConversationNotFound)
@blp.response(204)
@blp.doc(operationId="endConversation")
def end_conversation(conversation_id: str) -> None:
    """End a conversation; what it remembers is gone at once"""
    actions.end(session_of_request(), conversation_id, _asker(), clock.now())


def _desk(body: dict[str, Any]) -> Desk:
    return desk_of_request(body["lang"], lambda: nullcontext(session_of_request()))


def _asker() -> str | None:
    caller = guest()
    return caller.resident_id if caller else None


def _listened(desk: Desk, body: dict[str, Any]) -> Listened | None:
    """Listen before a row is taken up: on SQLite, nobody else writes from then to the commit."""
    return desk.listen(body["text"]) if body["text"] else None


def _turn(desk: Desk, conversation: Conversation, said: Listened | str) -> dict[str, Any]:
    """Take a turn: what was listened to, or the id of the service that was tapped."""
    before = State.from_json(conversation.state)
    if isinstance(said, str):
        reply = desk.tap(before, said)
    else:
        reply = desk.answer(before, said)
        answered(said.text, desk, reply)
    actions.remember(conversation, reply.state, clock.now())
    return _reply(conversation, reply.members)


def _reply(conversation: Conversation, answer: dict[str, Any] | None) -> dict[str, Any]:
    return {"id": conversation.id, "expires_at": conversation.expires_at, "answer": answer}
