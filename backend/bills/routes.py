"""A department posts bills; a resident reads their own."""

from typing import Any

from flask import current_app

from backend.bills import actions, rules
from backend.bills.models import Bill
from backend.bills.reading import ReadBill, read_bill
from backend.bills.rules import BillFacts, BillKind
from backend.bills.schemas import BillPageShape, BillPostShape, BillShape, PostedBillShape
from backend.core import clock
from backend.core.access import department, resident
from backend.core.database import session_of_request
from backend.core.http import Blueprint, PageQuery, language_of_request, page_of
from backend.core.idempotency import KeyInFlight, KeyMissing, KeyReused, idempotent
from backend.core.paging import CursorNotKnown

blp = Blueprint("bills", __name__, url_prefix="/v1", description="My bills")
department_blp = Blueprint(
    "department-bills", __name__, url_prefix="/v1/department", description="Departments post bills"
)


@blp.get("/bills")
@blp.refuses(CursorNotKnown)
@blp.arguments(PageQuery, location="query")
@blp.response(200, BillPageShape)
@blp.doc(operationId="listBills")
def list_bills(query: dict[str, Any]) -> dict[str, Any]:
    """List my bills, the first due first"""
    page = actions.list_bills(
        session_of_request(), resident().resident_id, query["cursor"], query["limit"]
    )
    answer = page_of(page, "/v1/bills", [("limit", query["limit"])])
    answer["items"] = [_read(bill) for bill in page.items]
    return answer


@blp.get("/bills/<id:bill_id>")
@blp.refuses(rules.BillNotFound)
@blp.response(200, BillShape)
@blp.doc(operationId="getBill")
def get_bill(bill_id: str) -> ReadBill:
    """See one bill of mine"""
    return _read(actions.get_bill(session_of_request(), resident().resident_id, bill_id))


@department_blp.post("/bills")
@idempotent
@department_blp.refuses(
    rules.BillDatesWrong,
    rules.ResidentNotKnown,
    rules.BillNumberTaken,
    KeyMissing,
    KeyReused,
    KeyInFlight,
)
@department_blp.arguments(BillPostShape)
@department_blp.response(201, PostedBillShape)
@department_blp.alt_response(
    200, schema=PostedBillShape, description="This very bill stands already", success=True
)
@department_blp.doc(operationId="postBill")
def post_bill(body: dict[str, Any]) -> tuple[Bill, int]:
    """Post a bill for a resident, who is told at once"""
    now = clock.now()
    stated = body.pop("issued_on")
    facts = BillFacts(
        **{**body, "kind": BillKind(body["kind"])},
        issued_on=stated or clock.hong_kong_date(now),
        issued_on_stated=stated is not None,
    )
    bill, is_new = actions.post_bill(
        session_of_request(),
        department().department_id,
        facts,
        now,
        current_app.extensions["bell"].ring,
    )
    return bill, 201 if is_new else 200


def _read(bill: Bill) -> ReadBill:
    name_of = current_app.extensions["department_name"]
    return read_bill(bill, language_of_request(), name_of, clock.hong_kong_date(clock.now()))
