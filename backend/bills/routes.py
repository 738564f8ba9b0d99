"""A resident reads their own bills; a department posts bills, amends them and takes them back."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import current_app

from backend.bills import actions, owing, rules
from backend.bills.actions import WantedPosted
from backend.bills.later import BillCannotWait, LaterDateWrong
from backend.bills.models import Bill
from backend.bills.owing import Wanted
from backend.bills.posted_schemas import (
    PostedBillInFullShape,
    PostedBillPageShape,
    PostedBillShape,
    PostedBillsQuery,
)
from backend.bills.reading import PaymentsOf, PostedBill, ReadBill, read_bill, read_posted
from backend.bills.rules import BillKind, BillState
from backend.bills.schemas import (
    ANY_STATE,
    AmendmentShape,
    BillPageShape,
    BillShape,
    BillsQuery,
    LaterShape,
    OneBillPostShape,
    TotalShape,
    WithdrawalShape,
    YearsOfBillsShape,
)
from backend.bills.stating import facts_from
from backend.core import clock
from backend.core.access import department, ensure_scope, resident
from backend.core.database import session_of_request
from backend.core.http import Blueprint, language_of_request, page_of
from backend.core.idempotency import KeyInFlight, KeyMissing, KeyReused, idempotent
from backend.core.jobs import Bell
from backend.core.paging import CursorNotKnown

blp = Blueprint("bills", __name__, url_prefix="/v1", description="My bills")
department_blp = Blueprint(
    "department-bills", __name__, url_prefix="/v1/department", description="Departments post bills"
)
URGENT_SCOPE = "urgent"
CONTRADICTIONS = (
    rules.BillForNobody,
    rules.BillDatesWrong,
    rules.BillPeriodWrong,
    rules.BillSurchargesWrong,
    rules.BillLinesDoNotSum,
)


@blp.get("/bills")
@blp.refuses(CursorNotKnown)
@blp.arguments(BillsQuery, location="query")
@blp.response(200, BillPageShape)
@blp.doc(operationId="listBills")
def list_bills(query: dict[str, Any]) -> dict[str, Any]:
    """List my bills: open ones the first due first, others the last due first"""
    page = owing.list_bills(
        session_of_request(),
        resident().resident_id,
        _wanted(query),
        query["cursor"],
        query["limit"],
        today=_today(),
    )
    answer = page_of(page, "/v1/bills", _filters(query))
    answer["items"] = _read_all(page.items)
    return answer


@blp.get("/bills/years")
@blp.response(200, YearsOfBillsShape)
@blp.doc(operationId="listYearsOfBills")
def list_years() -> dict[str, Any]:
    """See in which years I was sent bills, and what I paid for them"""
    return {"items": owing.list_years(session_of_request(), resident().resident_id)}


@blp.get("/bills/total")
@blp.response(200, TotalShape)
@blp.doc(operationId="getTotalOfBills")
def get_total() -> dict[str, Any]:
    """See what I owe in all"""
    owed = owing.sum_up_owed(session_of_request(), resident().resident_id, (), 0, _today())
    return {
        "count": owed.count,
        "total_cents": owed.total_cents,
        "currency": rules.CURRENCY,
        "next_due_on": owed.next_due_on,
        "overdue_count": owed.overdue_count,
    }


@blp.get("/bills/<id:bill_id>")
@blp.refuses(rules.BillNotFound)
@blp.response(200, BillShape)
@blp.doc(operationId="getBill")
def get_bill(bill_id: str) -> ReadBill:
    """See one bill of mine"""
    return _read(owing.get_bill(session_of_request(), resident().resident_id, bill_id))


@blp.put("/bills/<id:bill_id>/later")
@blp.refuses(
    rules.BillNotFound, rules.BillPaid, rules.BillWithdrawn, BillCannotWait, LaterDateWrong
)
@blp.arguments(LaterShape)
@blp.response(200, BillShape)
@blp.doc(operationId="putBillOff")
def put_off(body: dict[str, Any], bill_id: str) -> ReadBill:
    """Mark a bill of mine for later"""
    db, resident_id = session_of_request(), resident().resident_id
    return _read(owing.put_off(db, resident_id, bill_id, body["until"], _today()))


@blp.delete("/bills/<id:bill_id>/later")
@blp.refuses(rules.BillNotFound)
@blp.response(204)
@blp.doc(operationId="takeBillUp")
def take_up(bill_id: str) -> None:
    """Take a bill of mine up again that was marked for later"""
    owing.take_up(session_of_request(), resident().resident_id, bill_id)


@department_blp.post("/bills")
@idempotent
@department_blp.refuses(
    *CONTRADICTIONS,
    rules.ResidentNotKnown,
    rules.BillNumberTaken,
    KeyMissing,
    KeyReused,
    KeyInFlight,
)
@department_blp.arguments(OneBillPostShape)
@department_blp.response(201, PostedBillShape)
@department_blp.alt_response(
    200, schema=PostedBillShape, description="This very bill stands already", success=True
)
@department_blp.doc(operationId="postBill")
def post_bill(body: dict[str, Any]) -> tuple[PostedBill, int]:
    """Post a bill for a resident or an account; whoever it is for is told at once"""
    now = clock.now()
    facts = facts_from(body, clock.hong_kong_date(now))
    bill, is_new = actions.post_bill(
        session_of_request(),
        department().department_id,
        facts,
        now,
        _bell().ring,
        is_urgent=_is_urgent(body),
    )
    return read_posted(bill), 201 if is_new else 200


@department_blp.get("/bills")
@department_blp.refuses(CursorNotKnown)
@department_blp.arguments(PostedBillsQuery, location="query")
@department_blp.response(200, PostedBillPageShape)
@department_blp.doc(operationId="listPostedBills")
def list_posted(query: dict[str, Any]) -> dict[str, Any]:
    """List our own bills, newest first"""
    wanted = WantedPosted(
        state=BillState(query["state"]) if query["state"] else None,
        kind=BillKind(query["kind"]) if query["kind"] else None,
        bill_number=query["bill_number"],
    )
    page = actions.list_posted(
        session_of_request(), department().department_id, wanted, query["cursor"], query["limit"]
    )
    filters = [(name, query[name]) for name in ("state", "kind", "bill_number", "limit")]
    answer = page_of(page, "/v1/department/bills", filters)
    answer["items"] = [read_posted(bill) for bill in page.items]
    return answer


@department_blp.get("/bills/<id:bill_id>")
@department_blp.refuses(rules.BillNotFound)
@department_blp.response(200, PostedBillInFullShape)
@department_blp.doc(operationId="getPostedBill")
def get_posted(bill_id: str) -> PostedBill:
    """See one of our own bills, and how it stood before"""
    return read_posted(
        *actions.get_posted(session_of_request(), department().department_id, bill_id)
    )


@department_blp.put("/bills/<id:bill_id>")
@department_blp.refuses(
    *CONTRADICTIONS,
    rules.BillNotFound,
    rules.BillNumberFixed,
    rules.BillReceiverFixed,
    rules.BillPaid,
    rules.BillWithdrawn,
    rules.BillBeingPaid,
)
@department_blp.arguments(AmendmentShape)
@department_blp.response(200, PostedBillShape)
@department_blp.doc(operationId="amendBill")
def amend_bill(body: dict[str, Any], bill_id: str) -> PostedBill:
    """State a bill anew; its resident is told, and the former version is kept"""
    now = clock.now()
    bill = actions.amend_bill(
        session_of_request(),
        department().department_id,
        bill_id,
        facts_from(body, clock.hong_kong_date(now)),
        reason=body["reason"],
        now=now,
        ring=_bell().ring,
        is_being_paid=current_app.extensions["bill_is_being_paid"],
        is_urgent=_is_urgent(body),
    )
    return read_posted(bill)


@department_blp.post("/bills/<id:bill_id>/withdrawal")
@department_blp.refuses(rules.BillNotFound, rules.BillPaid, rules.BillBeingPaid)
@department_blp.arguments(WithdrawalShape)
@department_blp.response(200, PostedBillShape)
@department_blp.doc(operationId="withdrawBill")
def withdraw_bill(body: dict[str, Any], bill_id: str) -> PostedBill:
    """Take a bill back; its resident is told. Once more does nothing"""
    bill = actions.withdraw_bill(
        session_of_request(),
        department().department_id,
        bill_id,
        body["reason"],
        now=clock.now(),
        ring=_bell().ring,
        is_being_paid=current_app.extensions["bill_is_being_paid"],
    )
    return read_posted(bill)


def _is_urgent(body: dict[str, Any]) -> bool:
    """Say whether a push may not wait; ScopeMissing where the client has no right to say so."""
    if body["urgent"]:
        ensure_scope(URGENT_SCOPE)
    return bool(body["urgent"])


def _wanted(query: dict[str, Any]) -> Wanted:
    return Wanted(
        state=None if query["state"] == ANY_STATE else BillState(query["state"]),
        kind=BillKind(query["kind"]) if query["kind"] else None,
        department_id=query["department"],
        year=query["year"],
        is_later=query["later"],
    )


def _filters(query: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return what the address of the next page repeats, as it was asked for."""
    later = {True: "true", False: "false", None: None}[query["later"]]
    named = [(name, query[name]) for name in ("state", "kind", "department", "year", "limit")]
    return [*named, ("later", later)]


def _read(bill: Bill) -> ReadBill:
    return _read_all([bill])[0]


def _read_all(bills: Sequence[Bill]) -> list[ReadBill]:
    name_of, language = current_app.extensions["department_name"], language_of_request()
    payments_of: PaymentsOf = current_app.extensions["bill_payments"]
    ids = [bill.id for bill in bills]
    own = payments_of(session_of_request(), resident().resident_id, ids)
    return [read_bill(bill, language, name_of, _today(), own.get(bill.id)) for bill in bills]


def _today() -> date:
    return clock.hong_kong_date(clock.now())


def _bell() -> Bell:
    bell: Bell = current_app.extensions["bell"]
    return bell
