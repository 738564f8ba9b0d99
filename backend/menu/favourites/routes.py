"""A resident keeps services at hand."""

import backend.menu.favourites.models  # noqa: F401  # until the room is furnished
from backend.core.http import Blueprint

blp = Blueprint("favourites", __name__, url_prefix="/v1", description="My favourite services")
