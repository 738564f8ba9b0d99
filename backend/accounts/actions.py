"""What a resident does with their account."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from backend.accounts import rules
from backend.accounts.models import (
    Device,
    Resident,
    ResidentSession,
    device_of,
    devices_of,
    live_session,
    resident_vouched_for,
)
from backend.core.access import ResidentCaller
from backend.core.clock import new_id
from backend.core.database import insert_unless_there
from backend.gateways.identity_proofing import IdentityProvider, Person


@dataclass(frozen=True)
class SignedIn:
    """A fresh session, and the only time its token is in clear."""

    access_token: str
    expires_in: int  # seconds
    resident: Resident


def sign_in(
    db: Session,
    providers: Mapping[str, IdentityProvider],
    provider: str,
    proof: str,
    now: datetime,
    minutes: int,
) -> SignedIn:
    """Open a session for whoever the proof proves; ProviderNotKnown, ProofNotAccepted."""
    if provider not in providers:
        raise rules.ProviderNotKnown
    person = providers[provider].prove(proof)
    if person is None:
        raise rules.ProofNotAccepted
    resident = welcome(db, provider, person, now)
    token = rules.new_token()
    db.add(
        ResidentSession(
            resident_id=resident.id,
            token_hash=rules.hash_token(token),
            created_at=now,
            expires_at=rules.expiry(now, minutes),
        )
    )
    return SignedIn(token, minutes * 60, resident)


def welcome(db: Session, provider: str, person: Person, now: datetime) -> Resident:
    """Return the resident that a provider vouches for, made at the first time."""
    values = {
        "id": new_id("res"),
        "provider": provider,
        "subject": person.subject,
        "name": person.name,
        "language": person.language,
        "level": person.level,
        "created_at": now,
    }
    insert_unless_there(db, Resident, values)
    return db.scalars(resident_vouched_for(provider, person.subject)).one()


def sign_out(db: Session, session_id: str) -> None:
    """End a session; its token is dead at once."""
    db.execute(delete(ResidentSession).where(ResidentSession.id == session_id))


def find_resident_caller(db: Session, token: str, now: datetime) -> ResidentCaller | None:
    """Return the resident whose live token this is, or None."""
    if not token.startswith(rules.TOKEN_PREFIX):
        return None
    row = db.execute(live_session(rules.hash_token(token), now)).first()
    if row is None:
        return None
    session, resident = row
    return ResidentCaller(resident.id, resident.level, session.id)


def register_device(
    db: Session,
    resident_id: str,
    installation_id: str,
    platform: str,
    address_kind: str,
    address: str,
    now: datetime,
) -> Device:
    """Register a phone, or bring it up to date; its address leaves whoever had it before.

    Only the phone itself knows its address, so whoever names one now is the one who holds it.
    """
    device = db.scalars(device_of(resident_id, installation_id)).one_or_none()
    if device is None:
        rules.ensure_room_for_device(len(db.scalars(devices_of(resident_id)).all()))
        device = Device(id=new_id("dev"), resident_id=resident_id, installation_id=installation_id)
    db.execute(delete(Device).where(Device.address == address, Device.id != device.id))
    device.platform = platform
    device.address_kind = address_kind
    device.address = address
    device.registered_at = now
    db.add(device)
    db.flush()
    return device


def forget_device(db: Session, resident_id: str, installation_id: str) -> None:
    """Stop pushes to a phone; DeviceNotFound if it is not one of the resident's."""
    device = db.scalars(device_of(resident_id, installation_id)).one_or_none()
    if device is None:
        raise rules.DeviceNotFound
    db.delete(device)
