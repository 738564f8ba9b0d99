"""Shapes of what was settled for a department."""

from marshmallow import fields

from backend.core.http import Shape


class SettledShape(Shape):
    """One bill that was settled."""

    bill_number = fields.String(required=True)
    bill_id = fields.String(required=True)
    amount_cents = fields.Integer(required=True)
    fps_reference = fields.String(required=True)
    paid_at = fields.AwareDateTime(required=True)
    receipt_number = fields.String(required=True)


class SettlementShape(Shape):
    """What was settled on a Hong Kong day; `count` and `total_cents` are of all pages together."""

    day = fields.Date(required=True)
    count = fields.Integer(required=True)
    total_cents = fields.Integer(required=True)
    currency = fields.String(required=True)
    items = fields.List(fields.Nested(SettledShape), required=True)
    next = fields.String(required=True, allow_none=True)
