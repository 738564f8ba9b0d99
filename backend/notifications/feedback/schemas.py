"""Shapes of the feedback."""

from typing import Any

from marshmallow import fields, validate

from backend.core.http import Shape
from backend.notifications.feedback.rules import HowFar
from backend.notifications.rules import STANDINGS


class FateShape(Shape):
    """What became of one message; nothing of whose it is."""

    kind = fields.String(required=True, validate=validate.OneOf(sorted(STANDINGS)))
    accepted_at = fields.AwareDateTime(
        required=True, metadata={"description": "When it came to stand in the resident's inbox."}
    )
    state = fields.String(
        required=True,
        validate=validate.OneOf(list(HowFar)),
        metadata={
            "description": "`not_pushed`: it stands in the inbox alone. `read` only where the "
            "resident lets it be known; else it stays as it was."
        },
    )
    delivered_at = fields.AwareDateTime(
        required=True,
        allow_none=True,
        metadata={"description": "When the first of its pushes was handed over to FCM."},
    )
    read_at = fields.AwareDateTime(required=True, allow_none=True)


class FatePageShape(Shape):
    """A page of what became of the messages about a bill, the oldest first."""

    items: Any = fields.List(fields.Nested(FateShape), required=True)
    next = fields.String(required=True, allow_none=True)
