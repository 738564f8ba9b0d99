"""How a department's system gets its credentials, and a token for them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from backend.core.access import DepartmentCaller
from backend.core.clock import new_id
from backend.departments import rules
from backend.departments.models import (
    DepartmentClient,
    DepartmentToken,
    client_of,
    ended_tokens,
    live_token,
)


@dataclass(frozen=True)
class Grant:
    """A fresh token, the only time it is in clear."""

    access_token: str
    expires_in: int  # seconds
    scope: str


def admit_client(
    db: Session, department_id: str, scopes: frozenset[str], now: datetime
) -> tuple[str, str]:
    """Make credentials for a system of a department; return (client id, secret in clear)."""
    secret = rules.new_secret()
    client = DepartmentClient(
        id=new_id("cli"),
        department_id=department_id,
        secret_hash=rules.hash_secret(secret),
        scopes=" ".join(sorted(scopes)),
        created_at=now,
    )
    db.add(client)
    return client.id, secret


def grant_token(
    db: Session, client_id: str, secret: str, scope: str, *, now: datetime, minutes: int
) -> Grant:
    """Give a token for right credentials; ClientNotAccepted, ScopeNotGranted.

    Each grant sweeps a few ended tokens away, more than it adds, so that none pile up.
    """
    client = db.scalars(client_of(client_id)).one_or_none()
    stored = client.secret_hash if client else rules.NOBODYS_HASH
    if not rules.is_same_secret(secret, stored) or client is None:
        raise rules.ClientNotAccepted
    scopes = " ".join(sorted(rules.granted(frozenset(client.scopes.split()), scope)))
    ended = ended_tokens(now, rules.SWEPT_PER_GRANT)
    db.execute(delete(DepartmentToken).where(DepartmentToken.token_hash.in_(ended)))
    token = rules.new_token()
    db.add(
        DepartmentToken(
            token_hash=rules.hash_secret(token),
            client_id=client.id,
            scopes=scopes,
            expires_at=now + timedelta(minutes=minutes),
        )
    )
    return Grant(token, minutes * 60, scopes)


def find_department_caller(db: Session, token: str, now: datetime) -> DepartmentCaller | None:
    """Return the department's system whose live token this is, or None."""
    if not token.startswith(rules.PREFIX):
        return None
    row = db.execute(live_token(rules.hash_secret(token), now)).first()
    if row is None:
        return None
    granted, client = row
    return DepartmentCaller(client.department_id, client.id, frozenset(granted.scopes.split()))


def dismiss_client(db: Session, client_id: str) -> bool:
    """Take a client's credentials and tokens back; say whether there was such a client."""
    db.execute(delete(DepartmentToken).where(DepartmentToken.client_id == client_id))
    client = db.scalars(client_of(client_id)).one_or_none()
    if client is not None:
        db.delete(client)
    return client is not None
