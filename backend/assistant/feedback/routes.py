"""A word on an answer, on the web."""

from typing import Any

from flask import current_app

from backend.assistant.feedback import actions
from backend.assistant.feedback.schemas import FeedbackShape
from backend.assistant.refusals import ServiceNotKnown
from backend.assistant.releases.shelf import NoRelease, Shelf
from backend.core import clock
from backend.core.database import session_of_request
from backend.core.http import Blueprint, language_of_request
from backend.core.languages import Language
from backend.menu import Catalogue

blp = Blueprint("feedback", __name__, url_prefix="/v1/assistant", description="Did it help?")


@blp.post("/feedback")
@blp.refuses(NoRelease, ServiceNotKnown)
@blp.arguments(FeedbackShape)
@blp.response(204)
@blp.doc(operationId="giveFeedback")
def give_feedback(body: dict[str, Any]) -> None:
    """Say whether an answer helped"""
    shelf: Shelf = current_app.extensions["shelf"]
    catalogue: Catalogue = current_app.extensions["catalogue"]
    release, service = shelf.release(), body["service"]
    if service is not None and service not in catalogue.service_by_id:
        raise ServiceNotKnown
    word = actions.Word(
        text=body["text"],
        language=Language(body["lang"]) if body["lang"] else language_of_request(),
        service=service,
        helpful=body["helpful"],
    )
    if actions.may_be_kept(word, release):
        actions.take_word(session_of_request(), word, release.version, clock.now())
