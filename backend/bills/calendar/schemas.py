"""Shapes of the calendar's address."""

from marshmallow import fields

from backend.core.http import Shape


class CalendarShape(Shape):
    """Whether my calendar has an address."""

    is_open = fields.Boolean(required=True)
    since = fields.AwareDateTime(required=True, allow_none=True)


class CalendarAddressShape(Shape):
    """The secret address of my calendar; it is told this once."""

    url = fields.String(required=True)
