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
    devices_registered_before,
    ended_sessions,
    live_session,
    resident_of,
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


@dataclass(frozen=True)
class Phone:
    """What a phone says of itself: its system, and the address that FCM finds it by."""

    platform: str  # "android", "ios" or "web"
    address_kind: str  # "fid" or "token"
    address: str


def sign_in(
    db: Session,
    providers: Mapping[str, IdentityProvider],
    provider: str,
    proof: str,
    *,
    now: datetime,
    minutes: int,
) -> SignedIn:
    """Open a session for whoever the proof proves; ProviderNotKnown, ProofNotAccepted.

    Each sign-in sweeps a few ended sessions away, more than it adds, so that none pile up.
    """
    if provider not in providers:
        raise rules.ProviderNotKnown
    person = providers[provider].prove(proof)
    if person is None:
        raise rules.ProofNotAccepted
    ended = ended_sessions(now, rules.SWEPT_PER_SIGN_IN)
    db.execute(delete(ResidentSession).where(ResidentSession.id.in_(ended)))
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
    """Return the resident that a provider vouches for, made at the first time.

    Name and level are what the provider says now; the language is the resident's own to change.
    """
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
    resident = db.scalars(resident_vouched_for(provider, person.subject)).one()
    resident.name, resident.level = person.name, person.level
    return resident


def sign_out(db: Session, session_id: str) -> None:
    """End a session; its token is dead at once."""
    db.execute(delete(ResidentSession).where(ResidentSession.id == session_id))


def find_resident_caller(db: Session, token: str, now: datetime) -> ResidentCaller | None:
    """Return the resident whose live token this is, or None."""
    if not token.startswith(rules.PREFIX):
        return None
    row = db.execute(live_session(rules.hash_token(token), now)).first()
    if row is None:
        return None
    session, resident = row
    return ResidentCaller(resident.id, resident.level, session.id)


def register_device(
    db: Session, resident_id: str, installation_id: str, phone: Phone, now: datetime
) -> Device:
    """Register a phone, or bring it up to date; its address leaves whoever had it before.

    Only the phone itself knows its address, so whoever names one now is the one who holds it. Two
    requests of one resident go one after the other, by a lock on their row. TooManyDevices.
    """
    db.execute(resident_of(resident_id).with_for_update(key_share=True))
    device = db.scalars(device_of(resident_id, installation_id).with_for_update()).one_or_none()
    if device is None:
        rules.ensure_room_for_device(len(db.scalars(devices_of(resident_id)).all()))
        device = Device(id=new_id("dev"), resident_id=resident_id, installation_id=installation_id)
    db.execute(delete(Device).where(Device.address == phone.address, Device.id != device.id))
    device.platform = phone.platform
    device.address_kind = phone.address_kind
    device.address = phone.address
    device.registered_at = now
    db.add(device)
    db.flush()
    return device


def forget_device(db: Session, resident_id: str, installation_id: str) -> None:
    """Stop pushes to a phone; DeviceNotFound if it is not one of the resident's."""
    mine = (Device.resident_id == resident_id, Device.installation_id == installation_id)
    if db.scalars(delete(Device).where(*mine).returning(Device.id)).first() is None:
        raise rules.DeviceNotFound


def forget_devices_before(db: Session, moment: datetime, most: int) -> int:
    """Forget up to `most` devices that have not been registered since; return how many."""
    ids = db.scalars(devices_registered_before(moment, most)).all()
    db.execute(delete(Device).where(Device.id.in_(ids)))
    return len(ids)
