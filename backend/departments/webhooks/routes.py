"""A department says where it wants to be told, and reads what it was told."""

import backend.departments.webhooks.models  # noqa: F401  # until the room is furnished
from backend.core.http import Blueprint

blp = Blueprint(
    "webhooks", __name__, url_prefix="/v1/department", description="What departments are told"
)
