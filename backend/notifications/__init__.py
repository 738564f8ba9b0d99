"""What I am told: a message in my inbox, and a push to each of my phones that one is there.

Telling somebody only writes rows, in the transaction of whatever is told of. A worker delivers them
afterwards; whatever is killed, no message is lost, and a repeated push replaces the first.
"""

from backend.notifications.actions import call_off, list_messages, notify
from backend.notifications.reading import ReadMessage, read_message
from backend.notifications.rules import MessageKind

__all__ = ["MessageKind", "ReadMessage", "call_off", "list_messages", "notify", "read_message"]
