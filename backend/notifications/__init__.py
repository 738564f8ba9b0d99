"""What I am told: a message in my inbox, and a push to each of my phones that one is there.

Telling somebody only writes rows, in the transaction of whatever is told of. A worker delivers them
afterwards; whatever is killed, no message is lost, and a repeated push replaces the first.
"""

from backend.notifications.actions import (
    call_off,
    count_messages,
    editions_told,
    list_messages,
    notify,
)
from backend.notifications.crowds import Telling, notify_many
from backend.notifications.models import Message
from backend.notifications.reading import ReadMessage, read_message
from backend.notifications.rules import MessageKind
from backend.notifications.schemas import MessageShape

__all__ = [
    "Message",
    "MessageKind",
    "MessageShape",
    "ReadMessage",
    "Telling",
    "call_off",
    "count_messages",
    "editions_told",
    "list_messages",
    "notify",
    "notify_many",
    "read_message",
]
