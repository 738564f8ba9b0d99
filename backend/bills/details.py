"""Shapes of the parts of a bill, which a department sends and a resident reads alike."""

from typing import Any

from marshmallow import ValidationError, fields, validate

from backend.bills import bounds
from backend.bills.rules import MOST_CENTS
from backend.core.http import Day, Shape

DAY = validate.Range(min=bounds.FIRST_DAY, max=bounds.LAST_DAY)


def text_field(
    name: str, *, description: str | None = None, required: bool = False
) -> fields.String:
    """Return the field of a text of a bill; None where it was left out."""
    absent: dict[str, Any] = {"required": True} if required else {"load_default": None}
    return fields.String(
        **absent,
        validate=[validate.Length(min=1, max=bounds.LONGEST[name]), _readable],
        metadata={"description": description} if description else {},
    )


def _readable(text: str) -> None:
    if not bounds.is_text(text):
        raise ValidationError("String does not match expected pattern.")


class PeriodShape(Shape):
    """What time a bill is for."""

    class Meta(Shape.Meta):
        include = {  # noqa: RUF012  # as marshmallow has it; `from` is a word of Python's
            "from": Day(required=True, validate=DAY, attribute="begins_on"),
            "to": Day(required=True, validate=DAY, attribute="ends_on"),
        }


class LineShape(Shape):
    """One line of a bill, such as consumption, a tier of it, or sewage."""

    text = text_field("line", required=True)
    amount_cents = fields.Integer(
        load_default=None,
        strict=True,
        validate=validate.Range(min=-MOST_CENTS, max=MOST_CENTS),
        metadata={
            "description": "Below zero for a rebate. Where every line has one, they sum to the bill."
        },
    )
    quantity = text_field("quantity", description="As the department writes it, such as `23 m³`.")


class SurchargeShape(Shape):
    """What is added to a bill once a day has passed."""

    after = Day(
        required=True,
        validate=DAY,
        metadata={"description": "The last day without it; not before the last day to pay."},
    )
    amount_cents = fields.Integer(
        required=True, strict=True, validate=validate.Range(min=1, max=MOST_CENTS)
    )
    rule = text_field("rule", description="The rule that says so.", required=True)


class ReadSurchargeShape(SurchargeShape):
    """A surcharge, to the bill's resident."""

    holds = fields.Boolean(required=True, metadata={"description": "Whether it holds today."})
