"""Shapes of bills, as a department posts them and as a resident reads them."""

from datetime import date

from marshmallow import fields, validate

from backend.bills.rules import MOST_CENTS, BillKind
from backend.core.clock import ID_PATTERN
from backend.core.http import NamedShape, Shape

DATE = validate.Range(min=date(2000, 1, 1), max=date(2199, 12, 31))


class BillPostShape(Shape):
    """A bill as a department posts it."""

    resident_id = fields.String(required=True, validate=validate.Regexp(f"^{ID_PATTERN}\\Z"))
    bill_number = fields.String(
        required=True,
        validate=validate.Regexp(r"^[A-Za-z0-9][A-Za-z0-9/._-]{0,39}\Z"),
        metadata={"description": "The department's own number; it stands once."},
    )
    kind = fields.String(required=True, validate=validate.OneOf(list(BillKind)))
    amount_cents = fields.Integer(
        required=True, strict=True, validate=validate.Range(min=1, max=MOST_CENTS)
    )
    currency = fields.String(load_default="HKD", validate=validate.OneOf(["HKD"]))
    issued_on = fields.Date(
        load_default=None,
        validate=DATE,
        metadata={"description": "Hong Kong date; today when left out."},
    )
    due_on = fields.Date(
        required=True, validate=DATE, metadata={"description": "The last day to pay."}
    )


class PostedBillShape(Shape):
    """A posted bill, to its department."""

    id = fields.String(required=True)
    bill_number = fields.String(required=True)
    resident_id = fields.String(required=True)
    kind = fields.String(required=True)
    amount_cents = fields.Integer(required=True)
    currency = fields.String(required=True)
    issued_on = fields.Date(required=True)
    due_on = fields.Date(required=True)
    created_at = fields.AwareDateTime(required=True)


class BillShape(Shape):
    """A bill, to its resident."""

    id = fields.String(required=True)
    title = fields.String(required=True)
    department = fields.Nested(NamedShape, required=True)
    bill_number = fields.String(required=True)
    kind = fields.String(required=True)
    amount_cents = fields.Integer(required=True)
    currency = fields.String(required=True)
    issued_on = fields.Date(required=True)
    due_on = fields.Date(required=True)
    overdue = fields.Boolean(required=True)


class BillPageShape(Shape):
    """A page of bills, the first due first."""

    items = fields.List(fields.Nested(BillShape), required=True)
    next = fields.String(required=True, allow_none=True)
