"""A department follows the pushes of a bill run, lets a large one go, and may stop it."""

from flask import current_app

from backend.core import clock
from backend.core.access import department
from backend.core.database import session_of_request
from backend.core.http import Blueprint
from backend.notifications.runs import actions, rules
from backend.notifications.runs.models import PushRun
from backend.notifications.runs.schemas import PushRunShape

blp = Blueprint(
    "push-runs",
    __name__,
    url_prefix="/v1/department/bill-runs/<id:run_id>/pushes",
    description="The pushes of a bill run",
)


@blp.get("")
@blp.refuses(rules.PushRunNotFound)
@blp.response(200, PushRunShape)
@blp.doc(operationId="getBillRunPushes")
def get_pushes(run_id: str) -> PushRun:
    """See how the pushes of a bill run are getting on

    They are there from the moment when the first of its bills are posted.
    """
    return actions.get_push_run(session_of_request(), _department_id(), run_id)


@blp.post("/approve")
@blp.refuses(rules.PushRunNotFound, rules.PushRunNotThere, rules.SecondPersonNeeded)
@blp.response(200, PushRunShape)
@blp.doc(operationId="approveBillRunPushes")
def approve_pushes(run_id: str) -> PushRun:
    """Let the pushes of a large bill run go, as its second client

    Pushes for more than 10,000 bills are held until another client than the one that sent the file
    lets them go. For fewer this changes nothing.
    """
    caller = department()
    return actions.approve_pushes(
        session_of_request(),
        caller.department_id,
        run_id,
        caller.client_id,
        now=clock.now(),
        ring=_ring,
    )


@blp.post("/pause")
@blp.refuses(rules.PushRunNotFound, rules.PushRunNotThere)
@blp.response(200, PushRunShape)
@blp.doc(operationId="pauseBillRunPushes")
def pause_pushes(run_id: str) -> PushRun:
    """Let the pushes of a bill run rest, within ten seconds"""
    return actions.pause_pushes(session_of_request(), _department_id(), run_id)


@blp.post("/resume")
@blp.refuses(rules.PushRunNotFound, rules.PushRunNotThere)
@blp.response(200, PushRunShape)
@blp.doc(operationId="resumeBillRunPushes")
def resume_pushes(run_id: str) -> PushRun:
    """Let the pushes of a bill run go on"""
    return actions.resume_pushes(
        session_of_request(), _department_id(), run_id, now=clock.now(), ring=_ring
    )


@blp.post("/cancel")
@blp.refuses(rules.PushRunNotFound, rules.PushRunNotThere)
@blp.response(200, PushRunShape)
@blp.doc(operationId="cancelBillRunPushes")
def cancel_pushes(run_id: str) -> PushRun:
    """Stop the pushes of a bill run for good, within ten seconds; its bills stay"""
    return actions.cancel_pushes(session_of_request(), _department_id(), run_id, _ring)


def _department_id() -> str:
    return department().department_id


def _ring() -> None:
    current_app.extensions["bell"].ring()
