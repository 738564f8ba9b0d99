"""Forgets phones that nobody has used for long: FCM takes their addresses as dead after 270 days."""

from collections.abc import Callable
from datetime import datetime

from backend.accounts.actions import forget_devices_before
from backend.accounts.rules import KEPT_UNUSED
from backend.core.database import Database

AT_ONCE = 1000


def forget_old_phones(rows: Database, now_of: Callable[[], datetime]) -> None:
    """Forget all whose app has not registered them for so long, a thousand in each transaction.

    An app registers its phone whenever it starts. What waits to be pushed to one is dropped later.
    """
    before = now_of() - KEPT_UNUSED
    forgotten = AT_ONCE
    while forgotten >= AT_ONCE:
        with rows.transaction() as db:
            forgotten = forget_devices_before(db, before, AT_ONCE)
