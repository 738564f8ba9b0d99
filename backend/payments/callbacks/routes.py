"""The bank tells us what happened."""

import backend.payments.models  # noqa: F401  # until the room is furnished
from backend.core.http import Blueprint

blp = Blueprint("bank-callbacks", __name__, url_prefix="/v1", description="For the bank")
