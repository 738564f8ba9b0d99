"""My account: signing in, signing out, and the phones that are told of my new bills.

A resident signs in by a proof that an identity provider vouches for and gets a short-lived token.
A phone registers the address that pushes reach it by; an address belongs to one resident at a time.
"""

from backend.accounts.actions import find_resident_caller, welcome
from backend.accounts.forgetting import forget_old_phones
from backend.accounts.models import (
    Device,
    Resident,
    device_ids_among,
    devices_of,
    resident_of,
    residents_among,
)

__all__ = [
    "Device",
    "Resident",
    "device_ids_among",
    "devices_of",
    "find_resident_caller",
    "forget_old_phones",
    "resident_of",
    "residents_among",
    "welcome",
]
