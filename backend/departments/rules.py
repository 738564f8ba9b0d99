"""What a department's credentials must be, and how a wrong one is refused (RFC 6749, 5.2)."""

import hashlib
import hmac
import secrets
from typing import ClassVar

from backend.core.http import HttpRefusal
from backend.core.languages import Words

TOKEN_PREFIX = "fdt_"
SCOPES = frozenset({"bills"})


class ClientNotAccepted(HttpRefusal):
    status: ClassVar[int] = 401
    code = "invalid_client"
    says = Words(
        "These client credentials are not accepted.", "用戶端憑證不正確。", "客户端凭证不正确。"
    )

    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": 'Basic realm="ferry", charset="UTF-8"'}


class GrantNotOffered(HttpRefusal):
    status: ClassVar[int] = 400
    code = "unsupported_grant_type"
    says = Words(
        "Only the grant type client_credentials is offered.",
        "只支援 client_credentials 授權類型。",
        "只支持 client_credentials 授权类型。",
    )


class ScopeNotGranted(HttpRefusal):
    status: ClassVar[int] = 400
    code = "invalid_scope"
    says = Words(
        "This client was not given that scope.",
        "此用戶端未獲授予該權限。",
        "此客户端未获授予该权限。",
    )


def new_secret() -> str:
    """Return a fresh client secret: 256 random bits."""
    return secrets.token_urlsafe(32)


def new_token() -> str:
    """Return a fresh opaque token: 256 random bits."""
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


def hash_secret(secret: str) -> str:
    """Return what is stored of a secret or token; 256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def is_same_secret(secret: str, stored_hash: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(hash_secret(secret), stored_hash)


def granted(held: frozenset[str], asked: str | None) -> frozenset[str]:
    """Return the scopes of a token: all that the client holds, or those it asks for of them."""
    if asked is None:
        return held
    wanted = frozenset(asked.split())
    if not wanted or not wanted <= held:
        raise ScopeNotGranted
    return wanted
