"""The selects behind the feedback, which always carry whose message it is."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Select, case, func, select

from backend.core.bulk import is_among
from backend.notifications.models import Message
from backend.notifications.outbox.models import Delivery
from backend.notifications.outbox.rules import OPEN_STATES, DeliveryState
from backend.notifications.preferences.models import PushPreferences
from backend.notifications.rules import STANDINGS


def told_of(
    department_id: str, about_id: str, after_id: str, limit: int
) -> Select[str, str, datetime, datetime | None]:
    """Ids, kinds, and when they came and were read, of what a department had told of something.

    The oldest first. When it was read is left out unless its resident lets that be known today.
    What the resident and the bank do between them is no news of the department's.
    """
    told_read_at = case((PushPreferences.tells_when_read, Message.read_at))
    return (
        select(Message.id, Message.kind, Message.created_at, told_read_at)
        .outerjoin(PushPreferences, PushPreferences.resident_id == Message.resident_id)
        .where(
            Message.about_id == about_id,
            Message.department_id == department_id,
            Message.kind.in_(sorted(STANDINGS)),
            Message.id > after_id,
        )
        .order_by(Message.id)
        .limit(limit)
    )


def pushes_of(message_ids: Collection[str]) -> Select[str, int, datetime | None]:
    """Of each of these messages that was to be pushed: how many are to go, and when the first went."""
    is_open, is_sent = Delivery.state.in_(OPEN_STATES), Delivery.state == DeliveryState.SENT
    return (
        select(
            Delivery.message_id,
            func.count(case((is_open, 1))),
            func.min(case((is_sent, Delivery.settled_at))),
        )
        .where(is_among(Delivery.message_id, message_ids))
        .group_by(Delivery.message_id)
    )
