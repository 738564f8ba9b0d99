"""Suggestions as one types, on the web."""

from typing import Any

from flask import current_app

from backend.assistant.releases.shelf import NoRelease, Shelf
from backend.assistant.router import crisis_of
from backend.assistant.suggestions.schemas import SuggestionsQuery, SuggestionsShape
from backend.assistant.suggestions.suggester import Suggester
from backend.core.http import Blueprint, language_of_request
from backend.menu import NOTICE

blp = Blueprint(
    "suggestions", __name__, url_prefix="/v1/assistant", description="Suggestions as one types"
)


@blp.get("/suggestions")
@blp.refuses(NoRelease)
@blp.arguments(SuggestionsQuery, location="query")
@blp.response(200, SuggestionsShape)
@blp.doc(operationId="suggestQuestions")
def suggest_questions(query: dict[str, Any]) -> dict[str, Any]:
    """Complete what a resident is typing"""
    shelf: Shelf = current_app.extensions["shelf"]
    suggester: Suggester = current_app.extensions["suggester"]
    language, catalogue = language_of_request(), suggester.catalogue
    release = shelf.release()
    index = suggester.suggestions(release)
    # Whoever writes that they are in danger is offered nothing to buy, book or sign.
    in_danger = crisis_of(release, query["q"]) is not None
    items = []
    for found in [] if in_danger else index.suggest(query["q"], language, query["limit"]):
        service = catalogue.get_service(found.service)
        department = catalogue.department_name(service.department_id, language)
        items.append(
            {
                "text": found.text,
                "service": service.id,
                "title": service.name.into(language),
                "department": {"id": service.department_id, "name": department},
            }
        )
    return {"items": items, "release": index.release, "notice": NOTICE.into(language)}
