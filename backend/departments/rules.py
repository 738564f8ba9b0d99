"""What a department's credentials must be, and how a wrong one is refused (RFC 6749, 5.2)."""

import hashlib
import hmac
import secrets
from typing import ClassVar

from backend.core.http import HttpRefusal
from backend.core.languages import Words

PREFIX = "fdt_"  # of tokens, so that one that leaked is recognised
SCOPES = frozenset({"bills", "urgent"})
SWEPT_PER_GRANT = 10
NOBODYS_HASH = "0" * 64  # as long as a real one, so that an unknown client is compared as long


class GrantRefusal(HttpRefusal):
    """A refusal that an OAuth client reads by its `error` member (RFC 6749, section 5.2)."""

    status: ClassVar[int] = 400

    def members(self) -> dict[str, str]:
        return {"error": self.code}


class ClientNotAccepted(GrantRefusal):
    status: ClassVar[int] = 401
    code = "invalid_client"
    says = Words(
        "These client credentials are not accepted.", "用戶端憑證不正確。", "客户端凭证不正确。"
    )

    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": 'Basic realm="ferry", charset="UTF-8"'}


class GrantRequestWrong(GrantRefusal):
    code = "invalid_request"
    says = Words(
        "Name the grant_type, and send the client's credentials in one way alone.",
        "請註明 grant_type，並只以一種方式提供用戶端憑證。",
        "请注明 grant_type，并只以一种方式提供客户端凭证。",
    )


class GrantNotOffered(GrantRefusal):
    code = "unsupported_grant_type"
    says = Words(
        "Only the grant type client_credentials is offered.",
        "只支援 client_credentials 授權類型。",
        "只支持 client_credentials 授权类型。",
    )


class ScopeNotGranted(GrantRefusal):
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
    return PREFIX + secrets.token_urlsafe(32)


def hash_secret(secret: str) -> str:
    """Return what is stored of a secret or token; 256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def is_same_secret(secret: str, stored_hash: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(hash_secret(secret), stored_hash)


def ensure_offered(grant_type: str) -> None:
    """Refuse every grant but the one of client credentials (RFC 6749, section 4.4)."""
    if not grant_type:
        raise GrantRequestWrong
    if grant_type != "client_credentials":
        raise GrantNotOffered


def one_way(
    by_basic: tuple[str, str] | None, client_id: str, client_secret: str
) -> tuple[str, str]:
    """Return the client id and secret, sent by Basic or by form (RFC 6749, section 2.3.1).

    GrantRequestWrong where the secret came in both ways.
    """
    if by_basic is None:
        return client_id, client_secret
    if client_secret:
        raise GrantRequestWrong
    return by_basic


def granted(held: frozenset[str], asked: str) -> frozenset[str]:
    """Return the scopes of a token: all that the client holds, or those it asks for of them."""
    if not asked:
        return held
    wanted = frozenset(asked.split())
    if not wanted or not wanted <= held:
        raise ScopeNotGranted
    return wanted
