"""Shapes of a conversation and its turns."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from backend.assistant.schemas import AnswerShape, SaidShape, text_field
from backend.core.http import Shape

LONGEST_SERVICE_ID = 62


class OpeningShape(SaidShape):
    """How a conversation begins: with a question, or with nothing said yet."""

    text = text_field(required=False)


class TurnShape(SaidShape):
    """What the resident says or taps next: exactly one of the two."""

    text = text_field(required=False)
    choice = fields.String(
        load_default=None,
        validate=validate.Length(min=1, max=LONGEST_SERVICE_ID),
        metadata={"description": "The service that was tapped, offered or not: an id of the menu."},
    )

    @validates_schema
    def ensure_one(self, said: dict[str, Any], **_kwargs: Any) -> None:
        if (said["text"] is None) is (said["choice"] is None):
            raise ValidationError("Exactly one of: text, choice.")


class TurnReplyShape(Shape):
    """A conversation after a turn."""

    id = fields.String(required=True)
    expires_at = fields.AwareDateTime(
        required=True, metadata={"description": "Half an hour after the last turn."}
    )
    answer = fields.Nested(AnswerShape, required=True)


class ConversationShape(TurnReplyShape):
    """A conversation that has just begun."""

    id = fields.String(
        required=True,
        metadata={"description": "Keep it to yourself: without sign-in, whoever has it may go on."},
    )
    answer = fields.Nested(
        AnswerShape,
        required=True,
        allow_none=True,
        metadata={"description": "Null where nothing was said yet."},
    )
