"""A resident reads their inbox and keeps it in order; anybody may ask whether a message is ours."""

from functools import partial
from typing import Any

from flask import Response, current_app, g, request
from flask.blueprints import BlueprintSetupState

from backend.core import clock, serving
from backend.core.access import bearer_token, resident
from backend.core.database import session_of_request
from backend.core.http import Blueprint, language_of_request, page_of
from backend.core.paging import CursorNotKnown, Page
from backend.notifications import actions
from backend.notifications.changes import list_changes
from backend.notifications.checking import OwnMessage, check_message
from backend.notifications.inbox import InboxState, MessageNotFound, Wanted, find_place
from backend.notifications.models import Message
from backend.notifications.reading import ReadMessage, read_message
from backend.notifications.schemas import (
    ChangesQuery,
    ChangesShape,
    InboxQuery,
    MessageCheckShape,
    MessagePageShape,
    MessageShape,
    UnreadShape,
    UpToShape,
)
from backend.notifications.streaming import (
    NoStreamFree,
    Pace,
    Streams,
    look_at_inbox,
    stay_on,
)

blp = Blueprint("messages", __name__, url_prefix="/v1", description="What I am told")
check_blp = Blueprint("message-check", __name__, url_prefix="/v1", description="Checking a message")
STREAMS = "inbox_streams"
SHARE_OF_THREADS = 4  # a quarter of them may serve streams


@blp.record_once
def lend_streams(state: BlueprintSetupState) -> None:
    """Give each application its streams."""
    state.app.extensions[STREAMS] = Streams(max(1, serving.threads // SHARE_OF_THREADS), Pace())


@blp.get("/messages")
@blp.refuses(CursorNotKnown)
@blp.arguments(InboxQuery, location="query")
@blp.response(200, MessagePageShape)
@blp.doc(operationId="listMessages")
def list_messages(query: dict[str, Any]) -> dict[str, Any]:
    """Read my inbox, newest first"""
    db, resident_id = session_of_request(), resident().resident_id
    wanted = Wanted(InboxState(query["state"]), query["department"])
    page = actions.list_messages(db, resident_id, query["cursor"], query["limit"], wanted)
    filters = [(name, query[name]) for name in ("state", "department", "limit")]
    answer = page_of(page, "/v1/messages", filters)
    answer["items"] = [_read(message) for message in page.items]
    return {**answer, "unread": actions.count_unread(db, resident_id)}


@blp.get("/messages/changes")
@blp.refuses(CursorNotKnown)
@blp.arguments(ChangesQuery, location="query")
@blp.response(200, ChangesShape)
@blp.doc(operationId="listChangesOfMessages")
def list_changes_of_messages(query: dict[str, Any]) -> dict[str, Any]:
    """See what changed in my inbox since I looked last, the oldest change first"""
    db, resident_id, limit = session_of_request(), resident().resident_id, query["limit"]
    place = find_place(query["since"], query["cursor"], clock.now())
    changes = list_changes(db, resident_id, place, limit)
    page = Page(changes.items, changes.next_cursor)
    answer = page_of(page, "/v1/messages/changes", [("limit", limit)])
    answer["items"] = [_read(message) for message in changes.items]
    unread = actions.count_unread(db, resident_id)
    return {**answer, "since": changes.since, "unread": unread}


@blp.get("/messages/stream")
@blp.refuses(NoStreamFree)
@blp.response(200, content_type="text/event-stream")
@blp.doc(operationId="streamInbox")
def stream_inbox() -> Response:
    """Watch my inbox live, by server-sent events for a minute at a time"""
    streams: Streams = current_app.extensions[STREAMS]
    caller, wire = resident(), request.environ.get("gunicorn.socket")
    look = partial(look_at_inbox, g.database, bearer_token(), caller.resident_id)
    is_stopping = request.environ.get(serving.IS_STOPPING, lambda: False)
    stream = streams.open(caller.session_id, look, stay_on(wire, is_stopping))
    reply = Response(stream, mimetype="text/event-stream", direct_passthrough=True)
    reply.headers["X-Accel-Buffering"] = "no"  # an nginx in front would keep events back
    return reply


@blp.put("/messages/read")
@blp.refuses(MessageNotFound)
@blp.arguments(UpToShape)
@blp.response(200, UnreadShape)
@blp.doc(operationId="readMessagesUpTo")
def read_up_to(body: dict[str, Any]) -> dict[str, int]:
    """Mark as read all of my messages up to one"""
    db, resident_id = session_of_request(), resident().resident_id
    return {"unread": actions.mark_all_read(db, resident_id, body["up_to"], clock.now())}


@blp.put("/messages/<id:message_id>/read")
@blp.refuses(MessageNotFound)
@blp.response(200, MessageShape)
@blp.doc(operationId="markMessageRead")
def mark_read(message_id: str) -> ReadMessage:
    """Mark a message of mine as read"""
    db, resident_id = session_of_request(), resident().resident_id
    return _read(actions.mark_read(db, resident_id, message_id, clock.now(), is_read=True))


@blp.delete("/messages/<id:message_id>/read")
@blp.refuses(MessageNotFound)
@blp.response(204)
@blp.doc(operationId="markMessageUnread")
def mark_unread(message_id: str) -> None:
    """Mark a message of mine as unread again"""
    db, resident_id = session_of_request(), resident().resident_id
    actions.mark_read(db, resident_id, message_id, clock.now(), is_read=False)


@blp.put("/messages/<id:message_id>/archived")
@blp.refuses(MessageNotFound)
@blp.response(200, MessageShape)
@blp.doc(operationId="archiveMessage")
def archive(message_id: str) -> ReadMessage:
    """Put a message of mine away"""
    db, resident_id = session_of_request(), resident().resident_id
    return _read(actions.archive(db, resident_id, message_id, clock.now(), is_archived=True))


@blp.delete("/messages/<id:message_id>/archived")
@blp.refuses(MessageNotFound)
@blp.response(204)
@blp.doc(operationId="takeMessageBackOut")
def take_back_out(message_id: str) -> None:
    """Take a message of mine back into the inbox"""
    db, resident_id = session_of_request(), resident().resident_id
    actions.archive(db, resident_id, message_id, clock.now(), is_archived=False)


@check_blp.get("/messages/verify/<string:code>")
@check_blp.response(200, MessageCheckShape)
@check_blp.doc(operationId="checkMessage")
def check(code: str) -> OwnMessage | dict[str, bool]:
    """Ask by its check code whether a message is really ours"""
    name_of = current_app.extensions["department_name"]
    found = check_message(session_of_request(), code, language_of_request(), name_of)
    return found or {"is_ours": False}


def _read(message: Message) -> ReadMessage:
    name_of = current_app.extensions["department_name"]
    return read_message(message, language_of_request(), name_of)
