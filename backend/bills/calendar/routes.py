"""My due dates as a calendar."""

from datetime import datetime

from flask import Response, current_app, request

from backend.bills.calendar import actions, rules
from backend.bills.calendar.schemas import CalendarAddressShape, CalendarShape
from backend.bills.calendar.writing import write_calendar
from backend.core import clock
from backend.core.access import resident
from backend.core.database import session_of_request
from backend.core.http import Blueprint, language_of_request
from backend.core.languages import Language, language_of_tag, negotiate

MEDIA_TYPE = "text/calendar"
blp = Blueprint("calendar", __name__, url_prefix="/v1", description="My calendar of due dates")
feed_blp = Blueprint(
    "calendar-feed",
    __name__,
    url_prefix="/v1",
    description="The calendar itself, by its secret address",
)


# No Idempotency-Key: a reply that is kept would keep the address in clear, and asking again only
# replaces it.
@blp.post("/calendar")
@blp.response(201, CalendarAddressShape)
@blp.doc(operationId="openCalendar")
def open_calendar() -> dict[str, str]:
    """Give my calendar a secret address, in place of the one it had"""
    token = actions.open_calendar(session_of_request(), resident().resident_id, clock.now())
    base_url = current_app.extensions["settings"].base_url
    return {"url": f"{base_url}/v1/calendar/{token}.ics"}


@blp.get("/calendar")
@blp.response(200, CalendarShape)
@blp.doc(operationId="getCalendar")
def get_calendar() -> dict[str, bool | datetime | None]:
    """Has my calendar an address, and since when?"""
    feed = actions.find_calendar(session_of_request(), resident().resident_id)
    return {"is_open": feed is not None, "since": feed.created_at if feed else None}


@blp.delete("/calendar")
@blp.response(204)
@blp.doc(operationId="closeCalendar")
def close_calendar() -> None:
    """End the address of my calendar"""
    actions.close_calendar(session_of_request(), resident().resident_id)


@feed_blp.get("/calendar/<token:token>.ics")
@feed_blp.refuses(rules.CalendarNotFound)
@feed_blp.response(200, content_type=MEDIA_TYPE)
@feed_blp.doc(operationId="readCalendar")
def read_calendar(token: str) -> Response:
    """Subscribe to the due dates of open bills"""
    due = actions.look_up_due_dates(session_of_request(), token)
    language = _language_for(due.resident.language)
    response = Response(write_calendar(due.bills, language), mimetype=MEDIA_TYPE)
    response.headers["Content-Language"] = language
    response.vary.add("Accept-Language")
    return response


def _language_for(residents_own: str) -> Language:
    """Return the language that was asked for, else the resident's: calendar apps seldom ask."""
    asked = (language_of_tag(tag) for tag, quality in request.accept_languages if quality > 0)
    if "lang" in request.args or any(asked):
        return language_of_request()
    return negotiate([residents_own])
