"""Shapes of a department's address and of the events that it is told."""

from datetime import UTC, datetime

from marshmallow import fields, validate

from backend.core.http import Moment, PageQuery, Shape
from backend.departments.webhooks.rules import EventType, TellingState
from backend.gateways.webhook_address import LONGEST_URL

MOMENT = validate.Range(
    min=datetime(2000, 1, 1, tzinfo=UTC), max=datetime(2199, 12, 31, tzinfo=UTC)
)


class WebhookPutShape(Shape):
    """Where to be told."""

    url = fields.String(
        required=True,
        validate=validate.Length(min=1, max=LONGEST_URL),
        metadata={"description": "A public https address."},
    )


class WebhookShape(Shape):
    """An address; its secret is shown once, when it is made."""

    url = fields.String(required=True)
    secret = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Shown once, when made: `whsec_` and base64; null afterwards."},
    )
    created_at = fields.AwareDateTime(required=True)
    former_secret_until = fields.AwareDateTime(
        required=True,
        allow_none=True,
        metadata={"description": "Until then the secret before this one signs as well."},
    )
    stopped_at = fields.AwareDateTime(
        required=True,
        allow_none=True,
        metadata={"description": "When it answered 410; set it again to be told again."},
    )


class EventShape(Shape):
    """Something that happened to a bill of the department, and where the telling stands."""

    id = fields.String(required=True, metadata={"description": "The `webhook-id` of the call."})
    type = fields.String(required=True, validate=validate.OneOf(list(EventType)))
    created_at = fields.AwareDateTime(required=True)
    data = fields.Dict(required=True)
    state = fields.String(required=True, validate=validate.OneOf(list(TellingState)))
    attempts = fields.Integer(required=True)
    reason = fields.String(required=True, allow_none=True)
    settled_at = fields.AwareDateTime(required=True, allow_none=True)


class EventPageShape(Shape):
    """A page of events, newest first."""

    items = fields.List(fields.Nested(EventShape), required=True)
    next = fields.String(required=True, allow_none=True)


class EventQuery(PageQuery):
    """Which events are wanted."""

    type = fields.String(load_default=None, validate=validate.OneOf(list(EventType)))
    state = fields.String(load_default=None, validate=validate.OneOf(list(TellingState)))


class ReplayShape(Shape):
    """Since when everything is to be told again."""

    since = Moment(required=True, validate=MOMENT)


class ReplayedShape(Shape):
    """How many events wait anew."""

    count = fields.Integer(required=True)
