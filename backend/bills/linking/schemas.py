"""Shapes of linked accounts."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from backend.bills.rules import MOST_CENTS
from backend.core.http import NamedShape, Shape

LONGEST_NUMBER = 60


class ProofShape(Shape):
    """What shows that an account is one's own: exactly one of the two."""

    amount_cents = fields.Integer(
        strict=True,
        validate=validate.Range(min=1, max=MOST_CENTS),
        metadata={"description": "The amount of the newest bill, in cents."},
    )
    code = fields.String(
        validate=validate.Length(min=1, max=LONGEST_NUMBER),
        metadata={"description": "The code printed on one of the last two bills."},
    )

    @validates_schema
    def is_one(self, stated: dict[str, Any], **_: Any) -> None:
        """Refuse none and both."""
        if len(stated) != 1:
            raise ValidationError("Exactly one of: amount_cents, code.")


class LinkPostShape(Shape):
    """An account to link."""

    department = fields.String(
        required=True,
        validate=validate.Regexp(r"^[A-Z0-9]{2,10}\Z"),
        metadata={"description": "An id of /v1/departments.", "example": "WSD"},
    )
    account_number = fields.String(
        required=True,
        validate=validate.Length(min=1, max=LONGEST_NUMBER),
        metadata={"description": "As it stands on the bill; blanks and hyphens do not matter."},
    )
    proof = fields.Nested(ProofShape, required=True)


class LinkShape(Shape):
    """A linked account."""

    id = fields.String(required=True)
    department = fields.Nested(NamedShape, required=True)
    account_number = fields.String(
        required=True, metadata={"description": "Its last characters only."}
    )
    created_at = fields.AwareDateTime(required=True)


class LinkPageShape(Shape):
    """A page of linked accounts, newest first."""

    items = fields.List(fields.Nested(LinkShape), required=True)
    next = fields.String(required=True, allow_none=True)
