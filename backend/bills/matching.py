"""Whose a bill is that names an account alone: whoever has linked the account gets it.

A bill that is posted and a link that is made at the same moment must not miss each other, though
neither sees the other's row before it commits. So each department's links have a lock: posting by
account shares it, and making or ending a link has it alone. SQLite, where one transaction writes
at a time, needs none.
"""

import hashlib

from sqlalchemy import func, select
from sqlalchemy.orm import Session


def hold_links(db: Session, department_id: str, *, alone: bool) -> None:
    """Hold a department's links as they are for the rest of the transaction.

    Take it before looking for a link. `alone` is for whoever makes or ends one.
    """
    if db.get_bind().dialect.name != "postgresql":
        return
    lock = func.pg_advisory_xact_lock if alone else func.pg_advisory_xact_lock_shared
    db.execute(select(lock(_number_of(department_id))))


def _number_of(department_id: str) -> int:
    digest = hashlib.sha256(b"account-links\0" + department_id.encode()).digest()
    return int.from_bytes(digest[:8], signed=True)
