"""My due dates as a calendar."""

import backend.bills.calendar.models  # noqa: F401  # until the room is furnished
from backend.core.http import Blueprint

blp = Blueprint("calendar", __name__, url_prefix="/v1", description="My calendar of due dates")
feed_blp = Blueprint(
    "calendar-feed",
    __name__,
    url_prefix="/v1",
    description="The calendar itself, by its secret address",
)
