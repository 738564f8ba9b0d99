"""Shapes of the inbox."""

from typing import Any

from marshmallow import fields, validate

from backend.core.clock import ID_PATTERN
from backend.core.http import NamedShape, PageQuery, Shape
from backend.notifications.inbox import InboxState


class MessageShape(Shape):
    """One message, in the reader's language."""

    id = fields.String(required=True)
    kind = fields.String(required=True)
    department = fields.Dict(required=True, metadata={"description": "`id` and `name`."})
    title = fields.String(required=True)
    body = fields.String(required=True)
    about = fields.String(required=True, metadata={"description": "The bill that it tells of."})
    check_code = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "By this anybody may ask whether the message is ours, as `K7M2Q-9XPDA`;"
            " null on messages from before there were codes."
        },
    )
    created_at = fields.AwareDateTime(required=True)
    read_at = fields.AwareDateTime(
        required=True, allow_none=True, metadata={"description": "Null while it is unread."}
    )
    archived_at = fields.AwareDateTime(
        required=True, allow_none=True, metadata={"description": "Null while it is in the inbox."}
    )


class InboxQuery(PageQuery):
    """Which messages to list."""

    state = fields.String(
        load_default=InboxState.INBOX,
        validate=validate.OneOf(list(InboxState)),
        metadata={
            "description": "`inbox` is all but the archived, `unread` what of it was not read."
        },
    )
    department = fields.String(load_default=None, validate=validate.Regexp(r"^[A-Z0-9]{2,10}\Z"))


class MessagePageShape(Shape):
    """A page of the inbox, newest first."""

    items: Any = fields.List(fields.Nested(MessageShape), required=True)
    next = fields.String(required=True, allow_none=True)
    unread = fields.Integer(
        required=True,
        metadata={"description": "How many stand unread in the whole inbox, whatever is listed."},
    )


class UpToShape(Shape):
    """Up to which message all is read."""

    up_to = fields.String(
        required=True,
        validate=validate.Regexp(f"^{ID_PATTERN}\\Z"),
        metadata={"description": "The id of the newest message that was seen."},
    )


class UnreadShape(Shape):
    """What is left."""

    unread = fields.Integer(required=True, metadata={"description": "How many stand unread."})


class ChangesQuery(PageQuery):
    """From when on to tell of changes."""

    since = fields.String(
        load_default=None,
        validate=validate.Length(min=1, max=500),
        metadata={
            "description": "The `since` of the last walk or live event; without it, from the"
            " beginning. Beside a `cursor`, which holds it, it says nothing."
        },
    )


class ChangedMessageShape(MessageShape):
    """A message that came or changed."""

    replaced_by = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "The message that stands in its place, so that this one is to be"
            " removed; else null."
        },
    )


class ChangesShape(Shape):
    """What came or changed, the oldest change first; the same may be told twice."""

    items: Any = fields.List(fields.Nested(ChangedMessageShape), required=True)
    next = fields.String(
        required=True, allow_none=True, metadata={"description": "Null at the end of the walk."}
    )
    since = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "For the next walk; null until this one is at its end."},
    )
    unread = fields.Integer(required=True, metadata={"description": "How many stand unread."})


class MessageCheckShape(Shape):
    """Whether a message is ours; all but `is_ours` is there only if it is."""

    is_ours = fields.Boolean(required=True)
    department = fields.Nested(NamedShape)
    kind = fields.String()
    title = fields.String(
        allow_none=True, metadata={"description": "As on a lock screen; it names nobody."}
    )
    sent_on = fields.Date(metadata={"description": "The date in Hong Kong."})
