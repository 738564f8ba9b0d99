"""A department reads what was settled for it."""

from typing import Any

from backend.core.access import department
from backend.core.database import session_of_request
from backend.core.http import Blueprint, PageQuery, page_of
from backend.core.paging import CursorNotKnown
from backend.payments.parity import actions, rules
from backend.payments.parity.schemas import SettlementShape

blp = Blueprint(
    "settlements",
    __name__,
    url_prefix="/v1/department",
    description="What was settled for a department",
)


@blp.get("/settlements/<day>")
@blp.refuses(rules.DayNotReadable, CursorNotKnown)
@blp.arguments(PageQuery, location="query")
@blp.response(200, SettlementShape)
@blp.doc(operationId="getSettlement")
def get_settlement(query: dict[str, Any], day: str) -> dict[str, Any]:
    """See what was settled for me on a day in Hong Kong"""
    settlement = actions.read_settlement(
        session_of_request(),
        department().department_id,
        actions.read_day(day),
        query["cursor"],
        query["limit"],
    )
    path = f"/v1/department/settlements/{settlement.day}"
    return {
        "day": settlement.day,
        "count": settlement.count,
        "total_cents": settlement.total_cents,
        "currency": settlement.currency,
        **page_of(settlement.page, path, [("limit", query["limit"])]),
    }
