"""The members that a department sends become the facts of a bill."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from backend.bills.linking.rules import plain_account
from backend.bills.rules import BillDetails, BillFacts, BillKind, BillLine, Surcharge

_AS_THEY_ARE = ("payer_name", "premises", "legal_basis", "payment_reference", "contact", "pdf_url")


def facts_from(body: Mapping[str, Any], today: date) -> BillFacts:
    """Return the facts in the members of a loaded `BillPostShape`.

    An account number has one spelling from here on. `today`, in Hong Kong, is the date of issue of
    a bill that states none.
    """
    account_number = body["account_number"]
    return BillFacts(
        resident_id=body["resident_id"],
        bill_number=body["bill_number"],
        kind=BillKind(body["kind"]),
        amount_cents=body["amount_cents"],
        currency=body["currency"],
        issued_on=body["issued_on"] or today,
        due_on=body["due_on"],
        account_number=None if account_number is None else plain_account(account_number),
        link_code=body["link_code"],
        details=_details_from(body),
        issued_on_stated=body["issued_on"] is not None,
    )


def _details_from(body: Mapping[str, Any]) -> BillDetails:
    period = body["period"] or {}
    return BillDetails(
        **{name: body[name] for name in _AS_THEY_ARE},
        period_from=period.get("begins_on"),
        period_to=period.get("ends_on"),
        lines=tuple(BillLine(**each) for each in body["lines"]),
        surcharges=tuple(Surcharge(**each) for each in body["surcharges"]),
    )
