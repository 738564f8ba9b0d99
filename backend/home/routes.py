"""The first screen."""

from flask import current_app

from backend.core import clock
from backend.core.access import resident
from backend.core.database import session_of_request
from backend.core.http import Blueprint, language_of_request
from backend.home import actions
from backend.home.reading import read_home
from backend.home.schemas import HomeShape

blp = Blueprint("home", __name__, url_prefix="/v1", description="The first screen in one call")


@blp.get("/home")
@blp.response(200, HomeShape)
@blp.doc(operationId="getHome")
def get_home() -> dict[str, dict[str, object]]:
    """See what is due, what is new and what I use"""
    catalogue, now = current_app.extensions["catalogue"], clock.now()
    payments_of = current_app.extensions["bill_payments"]
    db, resident_id = session_of_request(), resident().resident_id
    home = actions.gather(db, catalogue, payments_of, resident_id, now)
    return read_home(home, catalogue, language_of_request(), clock.hong_kong_date(now))
