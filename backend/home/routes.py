"""The first screen."""

from backend.core.http import Blueprint

blp = Blueprint("home", __name__, url_prefix="/v1", description="The first screen in one call")
