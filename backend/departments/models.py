"""Departments' client credentials and the tokens given out for them."""

from datetime import datetime

from sqlalchemy import ForeignKey, Select, select
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.clock import new_id
from backend.core.database import IMPERSONAL, Base


class DepartmentClient(Base):
    """One system of a department; of its secret only the hash is kept."""

    __tablename__ = "department_clients"

    id: Mapped[str] = mapped_column(
        primary_key=True, default=lambda: new_id("cli"), info=IMPERSONAL
    )
    department_id: Mapped[str] = mapped_column(index=True, info=IMPERSONAL)
    secret_hash: Mapped[str] = mapped_column(info=IMPERSONAL)
    scopes: Mapped[str] = mapped_column(info=IMPERSONAL)
    created_at: Mapped[datetime] = mapped_column(info=IMPERSONAL)


class DepartmentToken(Base):
    """A token of a department's system; only its hash is kept."""

    __tablename__ = "department_tokens"

    token_hash: Mapped[str] = mapped_column(primary_key=True, info=IMPERSONAL)
    client_id: Mapped[str] = mapped_column(ForeignKey("department_clients.id"), info=IMPERSONAL)
    scopes: Mapped[str] = mapped_column(info=IMPERSONAL)
    expires_at: Mapped[datetime] = mapped_column(index=True, info=IMPERSONAL)


def client_of(client_id: str) -> Select[DepartmentClient]:
    """The client with this id."""
    return select(DepartmentClient).where(DepartmentClient.id == client_id)


def ended_tokens(now: datetime, most: int) -> Select[str]:
    """Hashes of some tokens that have ended; those that a rival sweeps are passed over."""
    return (
        select(DepartmentToken.token_hash)
        .where(DepartmentToken.expires_at <= now)
        .order_by(DepartmentToken.expires_at)
        .limit(most)
        .with_for_update(skip_locked=True)
    )


def live_token(token_hash: str, now: datetime) -> Select[DepartmentToken, DepartmentClient]:
    """The token with this hash that has not ended, with its client."""
    return (
        select(DepartmentToken, DepartmentClient)
        .join(DepartmentClient, DepartmentClient.id == DepartmentToken.client_id)
        .where(DepartmentToken.token_hash == token_hash, DepartmentToken.expires_at > now)
    )
