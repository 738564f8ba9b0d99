"""Shapes of receipts."""

from typing import Any

from marshmallow import fields, validate

from backend.core.http import NamedShape, Query, Shape

LONGEST_TOKEN = 2000
SIGNED = {"description": "The receipt's facts, signed: a JWS in compact form (RFC 7515), Ed25519."}


class ReceiptBillShape(Shape):
    """The bill that was paid."""

    id = fields.String(required=True)
    number = fields.String(required=True)
    title = fields.String(required=True)


class ReceiptShape(Shape):
    """A receipt, in the reader's language."""

    id = fields.String(required=True)
    number = fields.String(required=True)
    bill = fields.Nested(ReceiptBillShape, required=True)
    department = fields.Nested(NamedShape, required=True)
    amount_cents = fields.Integer(required=True)
    currency = fields.String(required=True)
    paid_at = fields.AwareDateTime(required=True)
    fps_reference = fields.String(required=True)
    issued_at = fields.AwareDateTime(required=True)
    jws = fields.String(required=True, metadata=SIGNED)
    check_url = fields.String(
        required=True, metadata={"description": "Where anybody may check the receipt."}
    )


class ReceiptPageShape(Shape):
    """A page of receipts, the newest first."""

    items: Any = fields.List(fields.Nested(ReceiptShape), required=True)
    next = fields.String(required=True, allow_none=True)


class CheckQuery(Query):
    """A signed receipt in an address, as the code on a printed one leads to it."""

    t = fields.String(
        required=True, validate=validate.Length(min=1, max=LONGEST_TOKEN), metadata=SIGNED
    )


class CheckPostShape(Shape):
    """A signed receipt to check."""

    jws = fields.String(
        required=True, validate=validate.Length(min=1, max=LONGEST_TOKEN), metadata=SIGNED
    )


class CheckedReceiptShape(Shape):
    """What a sound receipt states; it names no person."""

    issuer = fields.String(required=True)
    number = fields.String(required=True)
    department = fields.Nested(NamedShape, required=True)
    bill_number = fields.String(required=True)
    amount_cents = fields.Integer(required=True)
    currency = fields.String(required=True)
    paid_at = fields.AwareDateTime(required=True)
    fps_reference = fields.String(required=True)
    issued_at = fields.AwareDateTime(required=True)


class CheckShape(Shape):
    """Whether we signed this receipt as it stands, and what it states."""

    valid = fields.Boolean(required=True)
    receipt = fields.Nested(CheckedReceiptShape, required=True, allow_none=True)


class PublicKeyShape(Shape):
    """A key that checks our receipts (RFC 7517, RFC 8037)."""

    kty = fields.String(required=True)
    crv = fields.String(required=True)
    x = fields.String(required=True)
    kid = fields.String(required=True)
    alg = fields.String(required=True)
    use = fields.String(required=True)


class KeySetShape(Shape):
    """The keys that check our receipts, former ones included."""

    keys: Any = fields.List(fields.Nested(PublicKeyShape), required=True)
