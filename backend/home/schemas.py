"""The shape of the first screen."""

from marshmallow import fields

from backend.bills import BillShape
from backend.core.http import Shape
from backend.menu import ServiceShape
from backend.notifications import MessageShape


class DueShape(Shape):
    """What I owe: of all open bills how many and how much, and the first due of them."""

    count = fields.Integer(required=True)
    total_cents = fields.Integer(
        required=True, metadata={"description": "Payable today, surcharges included."}
    )
    currency = fields.String(required=True)
    overdue_count = fields.Integer(required=True)
    bills = fields.List(fields.Nested(BillShape), required=True)


class NewShape(Shape):
    """What I was told: the newest messages, and how many there were in the last seven days."""

    messages = fields.List(fields.Nested(MessageShape), required=True)
    count_since = fields.Integer(
        required=True, metadata={"description": "Messages of the last seven days."}
    )


class UseShape(Shape):
    """What I use: my favourites, then the services at which my kinds of bills are paid."""

    notice = fields.String(required=True, metadata={"description": "That this is not official."})
    services = fields.List(fields.Nested(ServiceShape), required=True)


class HomeShape(Shape):
    """The first screen."""

    due = fields.Nested(DueShape, required=True)
    new = fields.Nested(NewShape, required=True)
    use = fields.Nested(UseShape, required=True)
