"""A question in plain words, on the web."""

from typing import Any

from flask import current_app

from backend.assistant.router import ask
from backend.assistant.saying import Speaker
from backend.assistant.schemas import AnswerShape, QuestionShape
from backend.assistant.shelf import NoRelease, Shelf
from backend.core.http import Blueprint, language_of_request
from backend.core.languages import Language

blp = Blueprint(
    "assistant", __name__, url_prefix="/v1/assistant", description="A question in plain words"
)


@blp.post("/questions")
@blp.refuses(NoRelease)
@blp.arguments(QuestionShape)
@blp.response(200, AnswerShape)
@blp.doc(operationId="askQuestion")
def ask_question(body: dict[str, Any]) -> dict[str, Any]:
    """Ask in plain words which service helps"""
    shelf: Shelf = current_app.extensions["shelf"]
    language = Language(body["lang"]) if body["lang"] else language_of_request()
    answer = ask(shelf.release(), body["text"], language)
    return Speaker(current_app.extensions["catalogue"], language).answer(answer)
