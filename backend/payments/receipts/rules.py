"""What a receipt states, how it is signed, and what is no receipt of ours."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from backend.core.errors import NotFound, Unavailable
from backend.core.languages import Words


class ReceiptNotFound(NotFound):
    code = "receipt_not_found"


class ReceiptsNotSigned(Unavailable):
    code = "receipts_not_signed"
    says = Words(
        "Receipts cannot be signed or checked here.",
        "這裏未能簽發或查核收據。",
        "这里未能签发或查核收据。",
    )


@dataclass(frozen=True)
class Facts:
    """What a receipt's signature stands for. Whole cents; aware times. It names no person."""

    issuer: str
    number: str
    department_id: str
    bill_number: str
    amount_cents: int
    currency: str
    fps_reference: str
    paid_at: datetime
    issued_at: datetime


# What the facts are called in a signature: registered names of RFC 7519 where there are some.
CLAIMS = {"issuer": "iss", "department_id": "department"}
MOMENTS = ("paid_at", "issued_at")


def claims_of(facts: Facts) -> dict[str, str | int]:
    """Write facts as they are signed: times in UTC as RFC 3339 has them, to the second."""
    stated = asdict(facts)
    for name in MOMENTS:
        stated[name] = stated[name].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {CLAIMS.get(name, name): value for name, value in stated.items()}


def facts_of(claims: Mapping[str, Any]) -> Facts | None:
    """Read signed claims back; None where they are not those of a receipt."""
    names = {field: CLAIMS.get(field, field) for field in Facts.__dataclass_fields__}
    if set(claims) != set(names.values()):
        return None
    stated = {field: claims[name] for field, name in names.items()}
    for name in MOMENTS:
        stated[name] = datetime.fromisoformat(stated[name])
    return Facts(**stated)
