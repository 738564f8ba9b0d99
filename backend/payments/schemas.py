"""Shapes of payments, as a resident reads them."""

from marshmallow import fields, validate

from backend.core.http import Shape
from backend.payments.rules import AttemptState


class PaymentCodeShape(Shape):
    """What to pay with: an EMVCo merchant-presented code of the Faster Payment System."""

    text = fields.String(required=True, metadata={"description": "The content of the QR code."})
    svg = fields.String(required=True, metadata={"description": "The QR code as a picture."})
    png = fields.String(required=True, metadata={"description": "The same for older phones."})
    app_link = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Opens a bank's app on this phone, with the code in hand."},
    )


class HeldShape(Shape):
    """Money of one currency that came for this payment and did not settle the bill."""

    currency = fields.String(required=True)
    amount_cents = fields.Integer(required=True)
    returned_cents = fields.Integer(required=True)


class PaymentShape(Shape):
    """A request to pay one bill, and what became of it."""

    id = fields.String(required=True)
    bill_id = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(list(AttemptState)))
    cancel_asked = fields.Boolean(
        required=True, metadata={"description": "Its end is asked for: pay it no more."}
    )
    amount_cents = fields.Integer(required=True)
    currency = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(required=True)
    code = fields.Nested(PaymentCodeShape, required=True, allow_none=True)
    paid_cents = fields.Integer(required=True)
    held = fields.List(
        fields.Nested(HeldShape),
        required=True,
        metadata={"description": "By currency; nothing where all that came settled the bill."},
    )
    receipt_id = fields.String(required=True, allow_none=True)


class PaymentListShape(Shape):
    """All requests to pay one bill, newest first."""

    items = fields.List(fields.Nested(PaymentShape), required=True)
