"""A question in plain words, on the web."""

from typing import Any

from backend.assistant.answering import answered, desk_of_request
from backend.assistant.releases.shelf import NoRelease
from backend.assistant.schemas import AnswerShape, QuestionShape
from backend.assistant.talk.dialogue import State
from backend.core.database import glance
from backend.core.http import Blueprint

blp = Blueprint(
    "assistant", __name__, url_prefix="/v1/assistant", description="A question in plain words"
)


@blp.post("/questions")
@blp.refuses(NoRelease)
@blp.arguments(QuestionShape)
@blp.response(200, AnswerShape)
@blp.doc(operationId="askQuestion")
def ask_question(body: dict[str, Any]) -> dict[str, Any]:
    """Ask in plain words which service helps, or about my own bills"""
    desk = desk_of_request(body["lang"], glance)
    reply = desk.hear(State(), body["text"])
    answered(body["text"], desk, reply)
    return reply.members
