"""Residents, their sessions and their devices."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ForeignKey, Select, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.bulk import is_among
from backend.core.clock import new_id
from backend.core.database import IMPERSONAL, PERSONAL, Base


class Resident(Base):
    """A person who uses the app, as an identity provider vouched for them."""

    __tablename__ = "residents"
    __table_args__ = (UniqueConstraint("provider", "subject"),)

    id: Mapped[str] = mapped_column(
        primary_key=True, default=lambda: new_id("res"), info=IMPERSONAL
    )
    provider: Mapped[str] = mapped_column(info=IMPERSONAL)
    subject: Mapped[str] = mapped_column(info=PERSONAL)
    name: Mapped[str] = mapped_column(info=PERSONAL)
    language: Mapped[str] = mapped_column(info=PERSONAL)
    level: Mapped[str] = mapped_column(info=PERSONAL)
    created_at: Mapped[datetime] = mapped_column(info=IMPERSONAL)


class ResidentSession(Base):
    """A signed-in session; of its token only the hash is kept."""

    __tablename__ = "resident_sessions"

    id: Mapped[str] = mapped_column(
        primary_key=True, default=lambda: new_id("ses"), info=IMPERSONAL
    )
    resident_id: Mapped[str] = mapped_column(
        ForeignKey("residents.id"), index=True, info=IMPERSONAL
    )
    token_hash: Mapped[str] = mapped_column(unique=True, info=PERSONAL)
    created_at: Mapped[datetime] = mapped_column(info=IMPERSONAL)
    expires_at: Mapped[datetime] = mapped_column(index=True, info=IMPERSONAL)


class Device(Base):
    """A phone or browser that a resident's pushes go to; its address has one owner at a time."""

    __tablename__ = "devices"
    __table_args__ = (
        UniqueConstraint("resident_id", "installation_id"),
        UniqueConstraint("address"),
    )

    id: Mapped[str] = mapped_column(
        primary_key=True, default=lambda: new_id("dev"), info=IMPERSONAL
    )
    resident_id: Mapped[str] = mapped_column(ForeignKey("residents.id"), info=IMPERSONAL)
    installation_id: Mapped[str] = mapped_column(info=PERSONAL)
    platform: Mapped[str] = mapped_column(info=PERSONAL)
    address_kind: Mapped[str] = mapped_column(info=IMPERSONAL)
    address: Mapped[str] = mapped_column(info=PERSONAL)
    registered_at: Mapped[datetime] = mapped_column(index=True, info=IMPERSONAL)


def resident_of(resident_id: str) -> Select[Resident]:
    """The resident with this id."""
    return select(Resident).where(Resident.id == resident_id)


def resident_vouched_for(provider: str, subject: str) -> Select[Resident]:
    """The resident whom `provider` knows as `subject`."""
    return select(Resident).where(Resident.provider == provider, Resident.subject == subject)


def live_session(token_hash: str, now: datetime) -> Select[ResidentSession, Resident]:
    """The session of a token that has not ended, with its resident."""
    return (
        select(ResidentSession, Resident)
        .join(Resident, Resident.id == ResidentSession.resident_id)
        .where(ResidentSession.token_hash == token_hash, ResidentSession.expires_at > now)
    )


def ended_sessions(now: datetime, most: int) -> Select[str]:
    """Ids of some sessions that have ended, whoever's; those that a rival sweeps are passed over."""
    return (
        select(ResidentSession.id)
        .where(ResidentSession.expires_at <= now)
        .order_by(ResidentSession.expires_at)
        .limit(most)
        .with_for_update(skip_locked=True)
    )


def devices_of(resident_id: str) -> Select[Device]:
    """A resident's devices, oldest first."""
    return select(Device).where(Device.resident_id == resident_id).order_by(Device.id)


def device_of(resident_id: str, installation_id: str) -> Select[Device]:
    """One device of a resident, by the id that the phone gave itself."""
    return devices_of(resident_id).where(Device.installation_id == installation_id)


def device_ids_among(resident_ids: Collection[str]) -> Select[str, str]:
    """These residents' devices, as pairs of the resident's id and the device's, oldest first."""
    return (
        select(Device.resident_id, Device.id)
        .where(is_among(Device.resident_id, resident_ids))
        .order_by(Device.id)
    )


def devices_registered_before(moment: datetime, most: int) -> Select[str]:
    """Ids of some devices, whoever's, that have not been registered since; locked ones aside.

    There is no index for it: once an hour, a walk over all devices is cheaper than to keep one up.
    """
    return (
        select(Device.id)
        .where(Device.registered_at < moment)
        .limit(most)
        .with_for_update(skip_locked=True)
    )


def residents_among(resident_ids: Collection[str]) -> Select[str]:
    """Those of these ids that are a resident's."""
    return select(Resident.id).where(is_among(Resident.id, resident_ids))
