"""My linked accounts."""

import backend.bills.linking.models  # noqa: F401  # until the room is furnished
from backend.core.http import Blueprint

blp = Blueprint(
    "account-links", __name__, url_prefix="/v1", description="My accounts with departments"
)
