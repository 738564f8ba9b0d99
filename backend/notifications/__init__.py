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
from backend.notifications.crowds import Batch, Telling, notify_many
from backend.notifications.models import Message
from backend.notifications.preferences.reminders import who_declined
from backend.notifications.reading import ReadMessage, read_message
from backend.notifications.rules import MessageKind
from backend.notifications.runs.actions import (
    RunPlan,
    cancel_beside,
    open_push_run,
    pause_beside,
    plan_pushes,
    resume_beside,
)
from backend.notifications.runs.models import PushRun, push_run_with
from backend.notifications.runs.rules import MOST_HOURS, operator_named
from backend.notifications.schemas import MessageShape

__all__ = [
    "MOST_HOURS",
    "Batch",
    "Message",
    "MessageKind",
    "MessageShape",
    "PushRun",
    "ReadMessage",
    "RunPlan",
    "Telling",
    "call_off",
    "cancel_beside",
    "count_messages",
    "editions_told",
    "list_messages",
    "notify",
    "notify_many",
    "open_push_run",
    "operator_named",
    "pause_beside",
    "plan_pushes",
    "push_run_with",
    "read_message",
    "resume_beside",
    "who_declined",
]
