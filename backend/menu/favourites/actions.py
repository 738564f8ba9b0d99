"""Keeping a service at hand, and letting it go."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from backend.accounts import resident_of
from backend.core.database import insert_unless_there
from backend.menu.catalogue import Catalogue, Service
from backend.menu.favourites import rules
from backend.menu.favourites.models import Favourite, favourites_of


def list_favourites(db: Session, catalogue: Catalogue, resident_id: str) -> Sequence[Service]:
    """Return a resident's favourites, newest first; one that left the catalogue is passed over."""
    ids = db.scalars(favourites_of(resident_id))
    return [catalogue.service_by_id[each] for each in ids if each in catalogue.service_by_id]


def add_favourite(
    db: Session, catalogue: Catalogue, resident_id: str, service_id: str, now: datetime
) -> Service:
    """Keep a service at hand; one that is, keeps its place. ServiceNotFound, TooManyFavourites.

    Two requests of one resident go one after the other, by a lock on their row.
    """
    service = catalogue.get_service(service_id)
    db.execute(resident_of(resident_id).with_for_update(key_share=True))
    kept = list_favourites(db, catalogue, resident_id)
    if service not in kept:
        rules.ensure_room(len(kept))
        values = {"resident_id": resident_id, "service_id": service_id, "added_at": now}
        insert_unless_there(db, Favourite, values)
    return service


def drop_favourite(db: Session, resident_id: str, service_id: str) -> None:
    """Let a service go, if it was kept."""
    mine = Favourite.resident_id == resident_id, Favourite.service_id == service_id
    db.execute(delete(Favourite).where(*mine))
