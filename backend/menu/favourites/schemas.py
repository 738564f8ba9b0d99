"""Shapes of favourites."""

from marshmallow import fields

from backend.core.http import Shape
from backend.menu.schemas import ServiceShape


class FavouritesShape(Shape):
    """My favourite services, newest first."""

    notice = fields.String(required=True, metadata={"description": "That this is not official."})
    items = fields.List(fields.Nested(ServiceShape), required=True)
