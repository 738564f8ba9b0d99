"""A department asks what became of what its bill's resident was told."""

from typing import Any

from flask import current_app

from backend.core.access import department
from backend.core.database import session_of_request
from backend.core.http import Blueprint, PageQuery, page_of
from backend.core.paging import CursorNotKnown
from backend.notifications.feedback import actions
from backend.notifications.feedback.rules import BillNotOurs
from backend.notifications.feedback.schemas import FatePageShape

blp = Blueprint(
    "department-messages",
    __name__,
    url_prefix="/v1/department",
    description="Departments see how far their news came",
)


@blp.get("/bills/<id:bill_id>/messages")
@blp.refuses(BillNotOurs, CursorNotKnown)
@blp.arguments(PageQuery, location="query")
@blp.response(200, FatePageShape)
@blp.doc(operationId="listMessagesOfPostedBill")
def list_messages(query: dict[str, Any], bill_id: str) -> dict[str, Any]:
    """See how far the messages about one of our bills came"""
    db, ours = session_of_request(), department().department_id
    if not current_app.extensions["bill_is_posted_by"](db, ours, bill_id):
        raise BillNotOurs
    page = actions.list_fates(db, ours, bill_id, query["cursor"], query["limit"])
    path = f"/v1/department/bills/{bill_id}/messages"
    answer = page_of(page, path, [("limit", query["limit"])])
    answer["items"] = list(page.items)
    return answer
