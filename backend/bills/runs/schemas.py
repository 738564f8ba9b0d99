"""Shapes of bill runs."""

from marshmallow import fields, validate

from backend.bills.details import text_field
from backend.bills.runs.rules import FileFormat, RunState
from backend.core.http import Query, Shape, WholeNumber
from backend.notifications import MOST_HOURS


class RunStartQuery(Query):
    """What is asked for beside the file."""

    push_over_hours = WholeNumber(
        load_default=0,
        validate=validate.Range(min=0, max=MOST_HOURS),
        metadata={"description": "Spread the pushes over so many hours."},
    )


class RunProblemShape(Shape):
    """What is wrong with one line of a file."""

    line = fields.Integer(required=True, metadata={"description": "From 1, the header included."})
    column = fields.String(
        required=True, allow_none=True, metadata={"description": "Of CSV; of JSON, a member."}
    )
    detail = fields.String(required=True, metadata={"description": "In the reader's language."})


class BillRunShape(Shape):
    """A bill run, to its department."""

    id = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(list(RunState)))
    format = fields.String(required=True, validate=validate.OneOf(list(FileFormat)))
    size_bytes = fields.Integer(required=True)
    sha256 = fields.String(required=True, metadata={"description": "Of the file, in hex."})
    lines = fields.Integer(
        required=True, metadata={"description": "Bills in the file; 0 until it is checked."}
    )
    total_cents = fields.Integer(required=True, metadata={"description": "Of the bills checked."})
    checked = fields.Integer(required=True, metadata={"description": "Bills checked so far."})
    handled = fields.Integer(
        required=True, metadata={"description": "Bills posted or passed over so far."}
    )
    posted = fields.Integer(required=True)
    already_there = fields.Integer(required=True, metadata={"description": "Posted before."})
    withdrawn = fields.Integer(required=True, metadata={"description": "Taken back again."})
    problem_count = fields.Integer(required=True)
    problems = fields.List(
        fields.Nested(RunProblemShape),
        required=True,
        metadata={"description": "The first hundred."},
    )
    created_at = fields.AwareDateTime(required=True)
    settled_at = fields.AwareDateTime(
        required=True, allow_none=True, metadata={"description": "When nothing is left to do."}
    )


class BillRunPageShape(Shape):
    """A page of bill runs, newest first."""

    items = fields.List(fields.Nested(BillRunShape), required=True)
    next = fields.String(required=True, allow_none=True)


class RunCancelShape(Shape):
    """Whether what is posted is taken back, too."""

    withdraw_posted = fields.Boolean(
        load_default=False,
        truthy={True},
        falsy={False},
        metadata={"description": "Bills that are paid, or being paid just now, stay."},
    )
    reason = text_field("reason", description="Why it is taken back; the residents read it.")
