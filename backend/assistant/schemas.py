"""Shapes of a question and its answer."""

from typing import Any

from marshmallow import fields, validate

from backend.assistant.own.books import Topic
from backend.assistant.policy import Outcome
from backend.bills import BillState
from backend.core.http import NamedShape, Shape
from backend.core.languages import Language

LONGEST_QUESTION = 2000


class SaidShape(Shape):
    """Whatever is said to the assistant."""

    lang = fields.String(
        load_default=None,
        validate=validate.OneOf(list(Language)),
        metadata={"description": "The language to answer in, else that of the request."},
    )


def text_field(*, required: bool) -> fields.String:
    """Return the field of a question in plain words; None where it was left out."""
    absent: dict[str, Any] = {"required": True} if required else {"load_default": None}
    return fields.String(
        **absent,
        validate=validate.Length(min=1, max=LONGEST_QUESTION),
        metadata={
            "description": "As the resident wrote it; the first 256 characters count.",
            "example": "點樣交水費呀",
        },
    )


class QuestionShape(SaidShape):
    """A question in plain words."""

    text = text_field(required=True)


class WhyShape(Shape):
    """What decided, fit to show the resident."""

    words = fields.List(fields.String(), required=True)
    phrase = fields.String(required=True, metadata={"description": "The nearest known phrase."})


class ChosenDepartmentShape(NamedShape):
    """Who owns the service, and the number to call."""

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


class PayShape(Shape):
    """How to go on and pay a bill."""

    bill = fields.String(required=True)
    service = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The service of the menu that takes its payment, if any does."},
    )


class OwnBillShape(Shape):
    """A bill of the resident's own."""

    id = fields.String(required=True)
    title = fields.String(required=True)
    department = fields.Nested(NamedShape, required=True)
    amount_cents = fields.Integer(required=True)
    currency = fields.String(required=True)
    due_on = fields.Date(required=True)
    overdue = fields.Boolean(required=True)
    state = fields.String(required=True, validate=validate.OneOf(list(BillState)))
    pay = fields.Nested(PayShape, required=True)


class OwnMessageShape(Shape):
    """A message of the resident's own, without its text."""

    id = fields.String(required=True)
    title = fields.String(required=True)
    about = fields.String(required=True, metadata={"description": "The bill that it tells of."})
    created_at = fields.AwareDateTime(required=True)


class OwnShape(Shape):
    """What the resident asked to see of their own."""

    topic = fields.String(required=True, validate=validate.OneOf(list(Topic)))
    bills = fields.List(
        fields.Nested(OwnBillShape),
        required=True,
        metadata={"description": "Still to be paid, the first due first, ten at most."},
    )
    count = fields.Integer(
        required=True, metadata={"description": "How many bills there are in all."}
    )
    total_due_cents = fields.Integer(
        required=True, metadata={"description": "What those bills come to together."}
    )
    messages = fields.List(
        fields.Nested(OwnMessageShape),
        required=True,
        metadata={"description": "The newest first, five at most."},
    )


class AnswerShape(Shape):
    """What the assistant says."""

    outcome = fields.String(
        required=True,
        validate=validate.OneOf(list(Outcome)),
        metadata={"description": "`told`: Ferry itself says it, and `choices` may be empty."},
    )
    says = fields.String(required=True, metadata={"description": "One sentence to show."})
    choices = fields.List(
        fields.Nested(ChoiceShape),
        required=True,
        metadata={"description": "Best first. With `answer`, the first one is the answer."},
    )
    crisis = fields.Nested(CrisisShape, required=True, allow_none=True)
    theme = fields.Nested(
        NamedShape,
        required=True,
        allow_none=True,
        metadata={"description": "With `none`, the nearest shelf of the menu, if any is near."},
    )
    own = fields.Nested(
        OwnShape,
        required=True,
        allow_none=True,
        metadata={"description": "What is the signed-in resident's own."},
    )
    sign_in = fields.Boolean(
        required=True,
        metadata={"description": "True: sign in and ask again to see your own."},
    )
    hotline = fields.String(required=True, metadata={"description": "Where a person answers."})
    release = fields.String(required=True, metadata={"description": "Which content answered."})
    notice = fields.String(required=True)
