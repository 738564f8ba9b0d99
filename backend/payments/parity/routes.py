"""A department reads what was settled for it."""

import backend.payments.models  # noqa: F401  # until the room is furnished
from backend.core.http import Blueprint

blp = Blueprint(
    "settlements",
    __name__,
    url_prefix="/v1/department",
    description="What was settled for a department",
)
