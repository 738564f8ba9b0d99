"""A resident keeps services at hand."""

from flask import current_app

from backend.core import clock
from backend.core.access import resident
from backend.core.database import session_of_request
from backend.core.http import Blueprint, language_of_request
from backend.menu.catalogue import ServiceNotFound
from backend.menu.favourites import actions, rules
from backend.menu.favourites.schemas import FavouritesShape
from backend.menu.reading import Reader
from backend.menu.schemas import OneServiceShape

blp = Blueprint("favourites", __name__, url_prefix="/v1", description="My favourite services")


@blp.get("/favourites")
@blp.response(200, FavouritesShape)
@blp.doc(operationId="listFavourites")
def list_favourites() -> dict[str, object]:
    """List my favourite services, newest first"""
    reader = _reader()
    kept = actions.list_favourites(session_of_request(), reader.catalogue, resident().resident_id)
    return {"notice": reader.notice, "items": [reader.service(service) for service in kept]}


@blp.put("/favourites/<slug:service_id>")
@blp.refuses(ServiceNotFound, rules.TooManyFavourites)
@blp.response(200, OneServiceShape)
@blp.doc(operationId="addFavourite")
def add_favourite(service_id: str) -> dict[str, object]:
    """Keep a service at hand"""
    reader = _reader()
    service = actions.add_favourite(
        session_of_request(), reader.catalogue, resident().resident_id, service_id, clock.now()
    )
    return {"notice": reader.notice, **reader.service(service)}


@blp.delete("/favourites/<slug:service_id>")
@blp.response(204)
@blp.doc(operationId="dropFavourite")
def drop_favourite(service_id: str) -> None:
    """Let a service go"""
    actions.drop_favourite(session_of_request(), resident().resident_id, service_id)


def _reader() -> Reader:
    return Reader(current_app.extensions["catalogue"], language_of_request())
