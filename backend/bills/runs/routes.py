"""A department sends a whole file of bills."""

import backend.bills.runs.models  # noqa: F401  # until the room is furnished
from backend.core.http import Blueprint

blp = Blueprint(
    "bill-runs",
    __name__,
    url_prefix="/v1/department",
    description="Departments post many bills at once",
)
