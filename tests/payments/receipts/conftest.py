"""Bills that are paid, as far as receipts know."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from backend.core.database import Database
from tests.conftest import Caller
from tests.receipts import keep_receipt


@pytest.fixture
def pay(
    client: FlaskClient, database: Database, department: Caller
) -> Callable[..., tuple[str, str]]:
    """Post a bill for somebody and keep a receipt for it; give the ids of both."""

    def paid(resident: Caller, number: str = "W-1", **changes: Any) -> tuple[str, str]:
        bill = {
            "bill_number": number,
            "kind": "water",
            "amount_cents": 41850,
            "due_on": "2026-12-20",
            "issued_on": "2026-11-20",
            "resident_id": resident.id,
        }
        headers = {**department.headers, "Idempotency-Key": number}
        posted = client.post("/v1/department/bills", json=bill, headers=headers)
        bill_id = posted.json["id"]
        kept = keep_receipt(database, bill_id, resident.id, bill_number=number, **changes)
        return bill_id, kept

    return paid
