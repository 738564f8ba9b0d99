"""Shapes of what is typed and of what it may become."""

from marshmallow import fields, validate

from backend.assistant.schemas import LONGEST_QUESTION
from backend.core.http import NamedShape, Query, Shape, WholeNumber

DEFAULT_LIMIT = 5
MOST = 10


class SuggestionsQuery(Query):
    """What stands in the field so far."""

    q = fields.String(
        required=True,
        validate=validate.Length(min=1, max=LONGEST_QUESTION),
        metadata={
            "description": "As typed so far; the first 256 characters count.",
            "example": "交s",
        },
    )
    limit = WholeNumber(load_default=DEFAULT_LIMIT, validate=validate.Range(min=1, max=MOST))


class SuggestionShape(Shape):
    """One way to go on, and the service that it leads to."""

    text = fields.String(required=True, metadata={"description": "To put into the field."})
    service = fields.String(required=True, metadata={"description": "An id of the menu."})
    title = fields.String(required=True)
    department = fields.Nested(NamedShape, required=True)


class SuggestionsShape(Shape):
    """What the resident may be about to ask, at most one for a service, best first."""

    items = fields.List(fields.Nested(SuggestionShape), required=True)
    release = fields.String(required=True, metadata={"description": "Which content suggested."})
    notice = fields.String(required=True, metadata={"description": "That this is not official."})
