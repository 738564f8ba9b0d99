"""Numbers and days from outside, each with one spelling; what Python takes beyond it is refused."""

import re
from datetime import date, datetime
from typing import Any

from marshmallow import fields, validate

NUMBER = re.compile(r"-?[0-9]{1,15}")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})"
)


class WholeNumber(fields.Integer):
    """A whole number of a query string, in ASCII digits: no sign but minus, no blank, no `1_0`."""

    def _validated(self, value: Any) -> int:
        if not isinstance(value, str) or not NUMBER.fullmatch(value):
            raise self.make_error("invalid", input=value)
        return super()._validated(value)


class Day(fields.Date):
    """A date as `2026-12-20` alone (RFC 3339, full-date): no week of a year, no digits in a row."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> date:
        if not isinstance(value, str) or not DAY.fullmatch(value):
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        return super()._deserialize(value, *args, **kwargs)


class Moment(fields.AwareDateTime):
    """A moment as `2026-12-20T08:00:00+08:00` alone (RFC 3339, date-time)."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> datetime:
        if not isinstance(value, str) or not MOMENT.fullmatch(value):
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        return super()._deserialize(value, *args, **kwargs)


def at_most(items: int) -> validate.Length:
    """Return the bound of a list."""
    return validate.Length(max=items, error=f"More than {items} items.")
