"""Shape of a word on an answer."""

from marshmallow import fields, validate

from backend.assistant.schemas import SaidShape, text_field

LONGEST_ID = 60


class FeedbackShape(SaidShape):
    """Whether an answer helped. The question is masked before anything of it is kept."""

    text = text_field(required=True)
    service = fields.String(
        required=True,
        allow_none=True,
        validate=validate.Length(min=1, max=LONGEST_ID),
        metadata={"description": "The service that the answer named; null if it named none."},
    )
    helpful = fields.Boolean(required=True, truthy={True}, falsy={False})
