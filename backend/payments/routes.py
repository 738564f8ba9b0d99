"""A resident pays a bill."""

import backend.payments.models  # noqa: F401  # until the room is furnished
from backend.core.http import Blueprint

blp = Blueprint("payments", __name__, url_prefix="/v1", description="Paying a bill")
