"""A department says where it wants to be told, and reads what it was told."""

from datetime import datetime
from typing import Any

from flask import current_app

from backend.core import clock
from backend.core.access import department
from backend.core.database import session_of_request
from backend.core.http import Blueprint, page_of
from backend.core.idempotency import KeyInFlight, KeyMissing, KeyReused, idempotent
from backend.core.paging import CursorNotKnown
from backend.departments.webhooks import actions, rules
from backend.departments.webhooks.actions import ShownWebhook
from backend.departments.webhooks.models import DepartmentEvent
from backend.departments.webhooks.schemas import (
    EventPageShape,
    EventQuery,
    EventShape,
    ReplayedShape,
    ReplayShape,
    WebhookPutShape,
    WebhookShape,
)
from backend.gateways.webhook_address import AddressNotAllowed, target_of

EVENTS = "/v1/department/events"
blp = Blueprint(
    "webhooks", __name__, url_prefix="/v1/department", description="What departments are told"
)


@blp.put("/webhook")
@blp.refuses(rules.WebhookAddressWrong)
@blp.arguments(WebhookPutShape)
@blp.response(200, WebhookShape)
@blp.alt_response(
    201, schema=WebhookShape, description="The first address, with its secret", success=True
)
@blp.doc(operationId="setWebhook")
def set_webhook(body: dict[str, str]) -> tuple[ShownWebhook, int]:
    """Set the address that my events go to"""
    try:
        target_of(body["url"], is_demo=current_app.extensions["settings"].is_demo)
    except AddressNotAllowed as error:
        raise rules.WebhookAddressWrong from error
    webhook, is_new = actions.set_webhook(
        session_of_request(), _department_id(), body["url"], clock.now(), _ring
    )
    return webhook, 201 if is_new else 200


@blp.get("/webhook")
@blp.refuses(rules.WebhookNotSet)
@blp.response(200, WebhookShape)
@blp.doc(operationId="getWebhook")
def get_webhook() -> ShownWebhook:
    """See the address that my events go to"""
    webhook = actions.get_webhook(session_of_request(), _department_id())
    return actions.show(webhook, clock.now())


@blp.delete("/webhook")
@blp.refuses(rules.WebhookNotSet)
@blp.response(204)
@blp.doc(operationId="removeWebhook")
def remove_webhook() -> None:
    """Be called no more"""
    actions.remove_webhook(session_of_request(), _department_id())


@blp.post("/webhook/secret")
@idempotent
@blp.refuses(rules.WebhookNotSet, KeyMissing, KeyReused, KeyInFlight)
@blp.response(201, WebhookShape)
@blp.doc(operationId="rotateWebhookSecret")
def rotate_secret() -> ShownWebhook:
    """Make a new secret; the former one signs beside it for a day"""
    return actions.rotate_secret(session_of_request(), _department_id(), clock.now())


@blp.post("/webhook/test")
@idempotent
@blp.refuses(rules.WebhookNotSet, KeyMissing, KeyReused, KeyInFlight)
@blp.response(201, EventShape)
@blp.doc(operationId="testWebhook")
def test_webhook() -> DepartmentEvent:
    """Ask for an event that tells of nothing"""
    return actions.send_ping(session_of_request(), _department_id(), clock.now(), _ring)


@blp.get("/events")
@blp.refuses(CursorNotKnown)
@blp.arguments(EventQuery, location="query")
@blp.response(200, EventPageShape)
@blp.doc(operationId="listDepartmentEvents")
def list_events(query: dict[str, Any]) -> dict[str, Any]:
    """List what happened to my bills, newest first

    An event stays here for 35 days after it was told or given up, and is forgotten then.
    """
    page = actions.list_events(session_of_request(), _department_id(), query)
    filters = [(name, query[name]) for name in ("type", "state", "limit")]
    return page_of(page, EVENTS, filters)


@blp.get("/events/<id:event_id>")
@blp.refuses(rules.EventNotFound)
@blp.response(200, EventShape)
@blp.doc(operationId="getDepartmentEvent")
def get_event(event_id: str) -> DepartmentEvent:
    """See one event"""
    return actions.get_event(session_of_request(), _department_id(), event_id)


@blp.post("/events/<id:event_id>/replay")
@blp.refuses(rules.EventNotFound, rules.WebhookNotSet)
@blp.response(200, EventShape)
@blp.doc(operationId="replayDepartmentEvent")
def replay_event(event_id: str) -> DepartmentEvent:
    """Be told one event again"""
    return actions.replay_event(
        session_of_request(), _department_id(), event_id, clock.now(), _ring
    )


@blp.post("/events/replay")
@blp.refuses(rules.WebhookNotSet)
@blp.arguments(ReplayShape)
@blp.response(200, ReplayedShape)
@blp.doc(operationId="replayDepartmentEvents")
def replay_events(body: dict[str, datetime]) -> dict[str, int]:
    """Be told again everything since a moment"""
    count = actions.replay_since(
        session_of_request(), _department_id(), body["since"], clock.now(), _ring
    )
    return {"count": count}


def _department_id() -> str:
    return department().department_id


def _ring() -> None:
    current_app.extensions["bell"].ring()
