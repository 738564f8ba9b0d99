"""Signatures that anybody can check: the promise, and a key in a file.

A signature is a JWS in compact form (RFC 7515), signed with Ed25519 (RFC 8037, named as RFC 9864
has it). The key's id is its thumbprint (RFC 7638).
"""

import base64
import json
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from backend.core.durable import sync_folder, write_durably

ALGORITHM = "Ed25519"
TYPE = "ferry-receipt+jws"
LONGEST = 2000
COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)


class KeyNotUsable(ValueError):
    """A key file cannot be used; the message says which and why, and quotes nothing of it."""


class Signer(Protocol):
    """Whoever signs for this Ferry."""

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Return the claims as a signed token; the same claims give the same token."""
        ...

    def verify(self, token: str) -> Mapping[str, Any] | None:
        """Return what a token claims, None unless a key of ours signed it as it stands."""
        ...

    def public_keys(self) -> Mapping[str, Any]:
        """Return the keys that check our tokens, as a JWK set (RFC 7517, section 5)."""
        ...


class KeyFileSigner:
    """Signs with an Ed25519 key of a PEM file.

    Tokens of former keys stay good: their public keys are the `*.pub.pem` files in the folder
    beside it, `<name of the file>.d`.
    """

    def __init__(self, path: Path) -> None:
        self._key = OKPKey.import_key(_private_key(path))
        former = sorted(path.with_name(f"{path.name}.d").glob("*.pub.pem"))
        keys = [self._key, *(OKPKey.import_key(_public_key(each)) for each in former)]
        self._head = _header(self._key)
        # By the whole first part of a token: nothing of a stranger's header is ever read, so
        # there is no other algorithm, no `none`, no `crit`, and no key but these.
        self._keys = {
            _encoded(json.dumps(_header(key), separators=(",", ":"))): key for key in keys
        }

    def sign(self, claims: Mapping[str, Any]) -> str:
        payload = json.dumps(claims, ensure_ascii=False, separators=(",", ":"))
        return jws.serialize_compact(dict(self._head), payload, self._key, algorithms=[ALGORITHM])

    def verify(self, token: str) -> Mapping[str, Any] | None:
        if len(token) > LONGEST or not COMPACT.fullmatch(token):
            return None
        key = self._keys.get(token.partition(".")[0])
        if key is None:
            return None
        try:
            payload = jws.deserialize_compact(token, key, algorithms=[ALGORITHM]).payload
        except (JoseError, ValueError):
            return None
        claims: Mapping[str, Any] = json.loads(payload)
        return claims

    def public_keys(self) -> Mapping[str, Any]:
        keys = [
            {**key.as_dict(private=False), "kid": key.thumbprint(), "alg": ALGORITHM, "use": "sig"}
            for key in self._keys.values()
        ]
        return {"keys": keys}


def make_key(path: Path) -> None:
    """Write a new key, whole or not at all, that its owner alone may read; FileExistsError."""
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    draft = path.with_name(f"{path.name}-{secrets.token_hex(8)}.draft")
    draft.touch(mode=0o600, exist_ok=False)
    try:
        write_durably(draft, pem)
        os.link(draft, path)  # unlike a rename, this never takes the place of a key that stands
    finally:
        draft.unlink()
    sync_folder(path.parent)


def _header(key: OKPKey) -> dict[str, str]:
    return {"alg": ALGORITHM, "kid": key.thumbprint(), "typ": TYPE}


def _encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _private_key(path: Path) -> bytes:
    try:
        pem = path.read_bytes()
        key = serialization.load_pem_private_key(pem, password=None)
    except OSError as error:
        raise KeyNotUsable(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, TypeError) as error:
        raise KeyNotUsable(f"{path} is no private key in PEM without a password.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyNotUsable(f"{path} holds a key of another kind; it must be Ed25519.")
    return pem


def _public_key(path: Path) -> bytes:
    try:
        pem = path.read_bytes()
        key = serialization.load_pem_public_key(pem)
    except (OSError, ValueError) as error:
        raise KeyNotUsable(f"{path} is no public key in PEM.") from error
    if not isinstance(key, Ed25519PublicKey):
        raise KeyNotUsable(f"{path} holds a key of another kind; it must be Ed25519.")
    return pem
