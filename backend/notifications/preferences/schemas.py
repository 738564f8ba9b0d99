"""Shapes of what I choose."""

from marshmallow import fields, validate

from backend.core.http import NamedShape, Shape

TIME_OF_DAY = r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z"


def _hour(says: str) -> fields.String:
    return fields.String(
        required=True, validate=validate.Regexp(TIME_OF_DAY), metadata={"description": says}
    )


def _choice(says: str) -> fields.Boolean:
    return fields.Boolean(
        required=True, truthy={True}, falsy={False}, metadata={"description": says}
    )


class PreferencesShape(Shape):
    """What I choose of pushes and reminders; messages come to the inbox in any case."""

    quiet_from = _hour("When my phone is to be quiet, in Hong Kong; as `quiet_until` for never.")
    quiet_until = _hour("When it need not be quiet any more; before `quiet_from`: on the next day.")
    shows_details = _choice("Whether a push shows department, amount and date on a locked phone.")
    reminds_before = _choice("Whether I am reminded three days before a bill is due.")
    reminds_on_day = _choice("Whether I am reminded on the day on which a bill is due.")
    reminds_overdue = _choice("Whether I am reminded of a bill that is overdue.")
    tells_when_read = _choice("Whether a department may know that I have read its message.")


class MuteShape(Shape):
    """A department whose ordinary pushes I do not want."""

    department = fields.Nested(NamedShape, required=True)
    muted_at = fields.AwareDateTime(required=True)


class MutesShape(Shape):
    """The departments that I muted, in the order of their ids."""

    items = fields.List(fields.Nested(MuteShape), required=True)
