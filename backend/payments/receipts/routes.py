"""A resident keeps receipts; anybody may check one."""

import backend.payments.models  # noqa: F401  # until the room is furnished
from backend.core.http import Blueprint

blp = Blueprint("receipts", __name__, url_prefix="/v1", description="My receipts")
check_blp = Blueprint("receipt-check", __name__, url_prefix="/v1", description="Checking a receipt")
