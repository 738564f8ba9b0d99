"""A resident chooses when and of what their phone tells them."""

from typing import Any

from flask import current_app

from backend.core import clock
from backend.core.access import resident
from backend.core.database import session_of_request
from backend.core.http import Blueprint, language_of_request
from backend.notifications.preferences import actions
from backend.notifications.preferences.actions import DepartmentNotFound
from backend.notifications.preferences.models import MutedDepartment, PushPreferences
from backend.notifications.preferences.rules import Preferences
from backend.notifications.preferences.schemas import MuteShape, MutesShape, PreferencesShape

blp = Blueprint(
    "notification-preferences",
    __name__,
    url_prefix="/v1/notifications",
    description="When and of what my phone tells me",
)


@blp.get("/preferences")
@blp.response(200, PreferencesShape)
@blp.doc(operationId="getNotificationPreferences")
def get_preferences() -> Preferences | PushPreferences:
    """See what I chose of pushes and reminders"""
    return actions.get_preferences(session_of_request(), resident().resident_id)


@blp.put("/preferences")
@blp.arguments(PreferencesShape)
@blp.response(200, PreferencesShape)
@blp.doc(operationId="chooseNotificationPreferences")
def choose(body: dict[str, Any]) -> Preferences:
    """Choose anew, all of it"""
    db, resident_id = session_of_request(), resident().resident_id
    return actions.choose(db, resident_id, Preferences(**body), clock.now())


@blp.get("/mutes")
@blp.response(200, MutesShape)
@blp.doc(operationId="listMutes")
def list_mutes() -> dict[str, Any]:
    """List the departments that I muted"""
    muted = actions.list_muted(session_of_request(), resident().resident_id)
    return {"items": [_read(each) for each in muted]}


@blp.put("/mutes/<string:department_id>")
@blp.refuses(DepartmentNotFound)
@blp.response(200, MuteShape)
@blp.doc(operationId="muteDepartment")
def mute(department_id: str) -> dict[str, Any]:
    """Mute a department: its messages come to the inbox, and no push tells of them"""
    known = current_app.extensions["catalogue"].department_by_id
    db, resident_id = session_of_request(), resident().resident_id
    return _read(actions.mute(db, resident_id, department_id, known, clock.now()))


@blp.delete("/mutes/<string:department_id>")
@blp.response(204)
@blp.doc(operationId="unmuteDepartment")
def unmute(department_id: str) -> None:
    """Let a department's pushes come again"""
    actions.unmute(session_of_request(), resident().resident_id, department_id)


def _read(muted: MutedDepartment) -> dict[str, Any]:
    id_ = muted.department_id
    name = current_app.extensions["department_name"](id_, language_of_request())
    return {"department": {"id": id_, "name": name}, "muted_at": muted.muted_at}
