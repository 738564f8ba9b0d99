"""What may be asked of an inbox: which part of it, from which department, and since when."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from backend.core.errors import NotFound
from backend.core.paging import CursorNotKnown, decode_cursor, encode_cursor

# Transactions commit out of the order of the times that they write: a message may turn up behind
# one that was seen already. No transaction takes longer than this to commit after its time was
# read (ten seconds' wait for a lock, and the batch itself); clocks of hosts may differ as well.
OVERLAP = timedelta(seconds=60)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECONDS = re.compile(r"[0-9]{1,17}", re.ASCII)  # up to the year 5138


class InboxState(StrEnum):
    """A part of the inbox; replaced messages are in none."""

    INBOX = "inbox"  # all but what was archived
    UNREAD = "unread"
    ARCHIVED = "archived"


@dataclass(frozen=True)
class Wanted:
    """Which messages a list is to hold."""

    state: InboxState = InboxState.INBOX
    department_id: str | None = None


class MessageNotFound(NotFound):
    code = "message_not_found"


@dataclass(frozen=True)
class Place:
    """A place among an inbox's changes: behind that message, which changed at that moment.

    `asked_at` is when the walk began that has come to this place.
    """

    moment: datetime
    message_id: str
    asked_at: datetime


def encode_since(moment: datetime) -> str:
    """Make the token of whoever knows an inbox as it was at `moment`."""
    return encode_cursor(_microseconds(moment))


def find_place(since: str | None, cursor: str | None, now: datetime) -> Place:
    """Return the place from which changes are to be told; CursorNotKnown.

    That is where a walk had come to by its `cursor`. A new one begins a safety overlap before
    `since` was made, as to hear of something twice is harmless and never to hear of it is not; or
    with the first message.
    """
    if cursor is not None:
        moment, message_id, asked_at = decode_cursor(cursor, 3)
        return Place(_moment(moment), message_id, _moment(asked_at))
    if since is None:
        return Place(EPOCH, "", now)
    [moment] = decode_cursor(since, 1)
    return Place(_moment(moment) - OVERLAP, "", now)


def encode_place(place: Place) -> str:
    """Make the cursor of a place."""
    moment, asked_at = _microseconds(place.moment), _microseconds(place.asked_at)
    return encode_cursor(moment, place.message_id, asked_at)


def _microseconds(moment: datetime) -> str:
    return str((moment - EPOCH) // timedelta(microseconds=1))


def _moment(written: str) -> datetime:
    if not MICROSECONDS.fullmatch(written):
        raise CursorNotKnown
    return EPOCH + timedelta(microseconds=int(written))
