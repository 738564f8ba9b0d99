"""A department sends a whole file of bills, follows it, and may stop it."""

from typing import Any

from flask import current_app, g, request, url_for

from backend.bills.runs import actions, rules
from backend.bills.runs.models import BillRun
from backend.bills.runs.receiving import receive
from backend.bills.runs.schemas import (
    BillRunPageShape,
    BillRunShape,
    RunCancelShape,
    RunStartQuery,
)
from backend.bills.runs.telling import read_run
from backend.bills.runs.working import NO_REASON
from backend.core import clock
from backend.core.access import department
from backend.core.database import session_of_request
from backend.core.http import Blueprint, PageQuery, language_of_request, page_of
from backend.core.http.bodies import ensure_type, pieces_of
from backend.core.paging import CursorNotKnown

blp = Blueprint(
    "bill-runs",
    __name__,
    url_prefix="/v1/department",
    description="Departments post many bills at once",
)
FILE = """The file itself, up to 1 GiB and 2,000,000 bills, in UTF-8, uncompressed.

`text/csv` (RFC 4180): the first line names the columns, in any order: bill_number, kind,
amount_cents, due_on, and where wanted resident_id, account_number, link_code, issued_on, currency,
payer_name, premises, period_from, period_to, legal_basis, payment_reference, contact, pdf_url,
surcharge_after, surcharge_cents, surcharge_rule. The last line is
`#total,<number of bills>,<sum of amount_cents>`.

`application/x-ndjson`: each line is a bill as `POST /v1/department/bills` takes it; the last line is
`{"trailer": {"count": …, "total_cents": …}}`.

The file is checked whole before its first bill is posted; one line that is wrong refuses all of it.
Sending is safe to repeat without an Idempotency-Key: the very same bytes, while a run of them
stands, are that run (200), and a bill that stands already is passed over and told to nobody.

Pushes for more than 10,000 bills are held until a second client of the department lets them go:
`POST /v1/department/bill-runs/{run_id}/pushes/approve`."""


@blp.post("/bill-runs")
@blp.refuses(rules.RunsWaiting, rules.UploadForgotten)
@blp.takes_stream(FILE, *rules.MEDIA_TYPES)
@blp.arguments(RunStartQuery, location="query")
@blp.response(202, BillRunShape)
@blp.alt_response(
    200, schema=BillRunShape, description="A run of these very bytes stands", success=True
)
@blp.doc(operationId="startBillRun")
def start_run(query: dict[str, int]) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Post a whole file of bills"""
    ensure_type(request, *rules.MEDIA_TYPES)
    caller = department()
    run, is_new = receive(
        g.database,
        caller.department_id,
        rules.MEDIA_TYPES[request.mimetype],
        pieces_of(request, rules.MOST_BYTES, rules.PIECE_BYTES),
        clock=clock.now,
        ring=current_app.extensions["bell"].ring,
        started_by=caller.client_id,
        push_over_minutes=query["push_over_hours"] * 60,
    )
    location = url_for("bill-runs.get_run", run_id=run.id)
    return _read(run), 202 if is_new else 200, {"Location": location}


@blp.get("/bill-runs")
@blp.refuses(CursorNotKnown)
@blp.arguments(PageQuery, location="query")
@blp.response(200, BillRunPageShape)
@blp.doc(operationId="listBillRuns")
def list_runs(query: dict[str, Any]) -> dict[str, Any]:
    """List my bill runs, newest first"""
    page = actions.list_runs(
        session_of_request(), department().department_id, query["cursor"], query["limit"]
    )
    answer = page_of(page, "/v1/department/bill-runs", [("limit", query["limit"])])
    answer["items"] = [_read(run) for run in page.items]
    return answer


@blp.get("/bill-runs/<id:run_id>")
@blp.refuses(rules.RunNotFound)
@blp.response(200, BillRunShape)
@blp.doc(operationId="getBillRun")
def get_run(run_id: str) -> dict[str, Any]:
    """See how a bill run is getting on"""
    return _read(actions.get_run(session_of_request(), department().department_id, run_id))


@blp.post("/bill-runs/<id:run_id>/pause")
@blp.refuses(rules.RunNotFound, rules.RunNotThere)
@blp.response(200, BillRunShape)
@blp.doc(operationId="pauseBillRun")
def pause_run(run_id: str) -> dict[str, Any]:
    """Let a bill run and its pushes rest, within seconds"""
    return _read(actions.pause_run(session_of_request(), department().department_id, run_id))


@blp.post("/bill-runs/<id:run_id>/resume")
@blp.refuses(rules.RunNotFound, rules.RunNotThere)
@blp.response(200, BillRunShape)
@blp.doc(operationId="resumeBillRun")
def resume_run(run_id: str) -> dict[str, Any]:
    """Let a paused bill run and its pushes go on"""
    ring = current_app.extensions["bell"].ring
    whose = department().department_id
    return _read(actions.resume_run(session_of_request(), whose, run_id, clock.now(), ring))


@blp.post("/bill-runs/<id:run_id>/cancel")
@blp.refuses(rules.RunNotFound, rules.RunNotThere)
@blp.arguments(RunCancelShape, required=False)
@blp.response(200, BillRunShape)
@blp.doc(operationId="cancelBillRun")
def cancel_run(body: dict[str, Any], run_id: str) -> dict[str, Any]:
    """Stop a bill run and its pushes, and take back what it posted if that is asked for"""
    run = actions.cancel_run(
        session_of_request(),
        department().department_id,
        run_id,
        (body["reason"] or NO_REASON) if body["withdraw_posted"] else None,
        now=clock.now(),
        ring=current_app.extensions["bell"].ring,
    )
    return _read(run)


def _read(run: BillRun) -> dict[str, Any]:
    return read_run(run, language_of_request())
