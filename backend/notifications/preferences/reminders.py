"""Who does not want to be reminded."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.core.bulk import is_among
from backend.notifications.preferences.models import PushPreferences
from backend.notifications.rules import MessageKind

_CHOICES = {
    MessageKind.BILL_DUE_SOON: PushPreferences.reminds_before,
    MessageKind.BILL_DUE_TODAY: PushPreferences.reminds_on_day,
    MessageKind.BILL_OVERDUE: PushPreferences.reminds_overdue,
}


def who_declined(db: Session, kind: MessageKind, resident_ids: Collection[str]) -> Collection[str]:
    """Return those of these residents who chose not to get reminders of this kind."""
    declined = select(PushPreferences.resident_id).where(
        is_among(PushPreferences.resident_id, resident_ids), _CHOICES[kind].is_(False)
    )
    return set(db.scalars(declined))
