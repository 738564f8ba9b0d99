"""Shapes of push runs."""

from marshmallow import fields, validate

from backend.core.http import Shape
from backend.notifications.runs.rules import PushRunState


class PushRunShape(Shape):
    """The pushes of a bill run, to its department. The counts are exact at any moment."""

    id = fields.String(required=True, metadata={"description": "The bill run's own."})
    state = fields.String(required=True, validate=validate.OneOf(list(PushRunState)))
    bills = fields.Integer(required=True, metadata={"description": "In the file."})
    planned = fields.Integer(
        required=True,
        metadata={"description": "Pushes so far, one for each phone; whole once `is_whole`."},
    )
    waiting = fields.Integer(
        required=True, metadata={"description": "Not settled; those on their way included."}
    )
    sent = fields.Integer(required=True)
    failed = fields.Integer(required=True)
    dropped = fields.Integer(
        required=True, metadata={"description": "Not to go after all: cancelled, muted, too old."}
    )
    is_whole = fields.Boolean(required=True, metadata={"description": "All bills are posted."})
    needs_approval = fields.Boolean(
        required=True, metadata={"description": "A second client must let them go."}
    )
    started_by = fields.String(
        required=True, metadata={"description": "A client's id, an operator, or `command`."}
    )
    approved_by = fields.String(required=True, allow_none=True)
    approved_at = fields.AwareDateTime(required=True, allow_none=True)
    starts_at = fields.AwareDateTime(
        required=True, metadata={"description": "Before this none goes."}
    )
    over_minutes = fields.Integer(
        required=True, metadata={"description": "The time over which they are spread."}
    )
    created_at = fields.AwareDateTime(required=True)
    settled_at = fields.AwareDateTime(
        required=True, allow_none=True, metadata={"description": "When none was open any more."}
    )
