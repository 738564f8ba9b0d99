"""Shapes of a question and its answer."""

from marshmallow import fields, validate

from backend.core.http import Shape
from backend.core.languages import Language

LONGEST_QUESTION = 2000


class QuestionShape(Shape):
    """A question in plain words."""

    text = fields.String(
        required=True,
        validate=validate.Length(min=1, max=LONGEST_QUESTION),
        metadata={
            "description": "As the resident wrote it; the first 256 characters count.",
            "example": "點樣交水費呀",
        },
    )
    lang = fields.String(
        load_default=None,
        validate=validate.OneOf(list(Language)),
        metadata={"description": "The language to answer in, else that of the request."},
    )


class WhyShape(Shape):
    """What decided, fit to show the resident."""

    words = fields.List(fields.String(), required=True)
    phrase = fields.String(required=True, metadata={"description": "The nearest known phrase."})


class ChosenDepartmentShape(Shape):
    """Who owns the service, and the number to call."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    hotline = fields.String(required=True)


class ChoiceShape(Shape):
    """A service that may be meant."""

    service = fields.String(required=True, metadata={"description": "An id of the menu."})
    title = fields.String(required=True)
    department = fields.Nested(ChosenDepartmentShape, required=True)
    confidence = fields.Float(required=True, metadata={"description": "0 to 1."})
    why = fields.Nested(WhyShape, required=True)


class CallShape(Shape):
    """Whom to call, and since when that is known."""

    number = fields.String(required=True)
    name = fields.String(required=True)
    source = fields.String(required=True)
    checked = fields.String(required=True)


class CrisisShape(Shape):
    """What to do now."""

    title = fields.String(required=True)
    calls = fields.List(fields.Nested(CallShape), required=True)


class AnswerShape(Shape):
    """What the assistant says."""

    outcome = fields.String(
        required=True, validate=validate.OneOf(["answer", "clarify", "none", "crisis"])
    )
    says = fields.String(required=True, metadata={"description": "One sentence to show."})
    choices = fields.List(
        fields.Nested(ChoiceShape),
        required=True,
        metadata={"description": "Best first. With `answer`, the first one is the answer."},
    )
    crisis = fields.Nested(CrisisShape, required=True, allow_none=True)
    hotline = fields.String(required=True, metadata={"description": "Where a person answers."})
    release = fields.String(required=True, metadata={"description": "Which content answered."})
    notice = fields.String(required=True)
