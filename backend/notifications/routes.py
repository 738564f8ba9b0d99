"""A resident reads their inbox."""

from typing import Any

from flask import current_app

from backend.core.access import resident
from backend.core.database import session_of_request
from backend.core.http import Blueprint, PageQuery, language_of_request, page_of
from backend.core.paging import CursorNotKnown
from backend.notifications import actions
from backend.notifications.reading import read_message
from backend.notifications.schemas import MessagePageShape

blp = Blueprint("messages", __name__, url_prefix="/v1", description="What I am told")


@blp.get("/messages")
@blp.refuses(CursorNotKnown)
@blp.arguments(PageQuery, location="query")
@blp.response(200, MessagePageShape)
@blp.doc(operationId="listMessages")
def list_messages(query: dict[str, Any]) -> dict[str, Any]:
    """Read my inbox, newest first"""
    page = actions.list_messages(
        session_of_request(), resident().resident_id, query["cursor"], query["limit"]
    )
    language, name_of = language_of_request(), current_app.extensions["department_name"]
    answer = page_of(page, "/v1/messages", [("limit", query["limit"])])
    answer["items"] = [read_message(message, language, name_of) for message in page.items]
    return answer
