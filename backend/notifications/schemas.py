"""Shapes of the inbox."""

from typing import Any

from marshmallow import fields

from backend.core.http import Shape


class MessageShape(Shape):
    """One message, in the reader's language."""

    id = fields.String(required=True)
    kind = fields.String(required=True)
    department = fields.Dict(required=True, metadata={"description": "`id` and `name`."})
    title = fields.String(required=True)
    body = fields.String(required=True)
    about = fields.String(required=True, metadata={"description": "The bill that it tells of."})
    created_at = fields.AwareDateTime(required=True)


class MessagePageShape(Shape):
    """A page of the inbox, newest first."""

    items: Any = fields.List(fields.Nested(MessageShape), required=True)
    next = fields.String(required=True, allow_none=True)
