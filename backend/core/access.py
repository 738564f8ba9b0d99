"""Who may come in: the door table, and the one hook that asks at every door."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from urllib.parse import unquote_plus

from flask import Flask, g, request
from sqlalchemy.orm import Session

from backend.core import clock
from backend.core.database import glance
from backend.core.errors import NotAllowed
from backend.core.http.bodies import is_storable
from backend.core.http.problems import HttpRefusal
from backend.core.languages import Words
from backend.core.settings import BEARER_TOKEN


@dataclass(frozen=True)
class ResidentCaller:
    """A signed-in resident: whose data, at what level, by which session."""

    resident_id: str
    level: str
    session_id: str

    @property
    def name(self) -> str:
        return self.resident_id


@dataclass(frozen=True)
class DepartmentCaller:
    """A department's system, and what it was given leave to do."""

    department_id: str
    client_id: str
    scopes: frozenset[str]

    @property
    def name(self) -> str:
        return self.client_id


Caller = ResidentCaller | DepartmentCaller
Authenticator = Callable[[Session, str, datetime], Caller | None]


@dataclass(frozen=True)
class Door:
    """What a caller must be to pass: of which kind, and with which scope.

    Where `may_be_nobody`, a request without an Authorization header passes as well; one with such
    a header must be what it claims, so that a dead token never passes for a stranger in silence.
    """

    kind: type[Caller] | None = None
    scope: str | None = None
    may_be_nobody: bool = False


ANYONE = Door()
GUEST = Door(ResidentCaller, may_be_nobody=True)
RESIDENT = Door(ResidentCaller)

# Blueprint -> door. A blueprint that is not here stops the app at start.
DOORS: dict[str, Door] = {
    "operations": ANYONE,
    "api-page": ANYONE,
    "menu": ANYONE,
    "assistant": GUEST,
    "conversations": GUEST,
    "suggestions": ANYONE,
    "feedback": ANYONE,
    "sign-in": ANYONE,
    "department-sign-in": ANYONE,
    "sessions": RESIDENT,
    "devices": RESIDENT,
    "messages": RESIDENT,
    "message-check": ANYONE,  # by the code that stands on a message
    "notification-preferences": RESIDENT,
    "bills": RESIDENT,
    "account-links": RESIDENT,
    "calendar": RESIDENT,
    "calendar-feed": ANYONE,  # by its secret address
    "favourites": RESIDENT,
    "home": RESIDENT,
    "payments": RESIDENT,
    "receipts": RESIDENT,
    "receipt-check": ANYONE,
    "bank-callbacks": ANYONE,  # signed by the bank
    "department-bills": Door(DepartmentCaller, "bills"),
    "bill-runs": Door(DepartmentCaller, "bills"),
    "push-runs": Door(DepartmentCaller, "bills"),
    "department-messages": Door(DepartmentCaller, "bills"),
    "webhooks": Door(DepartmentCaller, "bills"),
    "settlements": Door(DepartmentCaller, "bills"),
}
# Public and the same for all readers, so a shared cache may keep it.
CACHEABLE = frozenset({"menu"})


class SignInNeeded(HttpRefusal):
    status = 401
    code = "sign_in_needed"
    says = Words(
        "Sign in first, or sign in again: the token is missing, wrong or out of date.",
        "請先登入或重新登入：權杖缺失、不正確或已過期。",
        "请先登录或重新登录：令牌缺失、不正确或已过期。",
    )
    challenge: ClassVar[str] = 'Bearer realm="ferry"'

    def headers(self) -> dict[str, str]:
        """Name the scheme, as RFC 6750 section 3 asks."""
        return {"WWW-Authenticate": self.challenge}


class TokenNotAccepted(SignInNeeded):
    challenge = 'Bearer realm="ferry", error="invalid_token"'


class NotYourDoor(NotAllowed):
    code = "not_your_door"
    says = Words(
        "This part of Ferry is not for this kind of account.",
        "這項功能不適用於此類帳戶。",
        "这项功能不适用于此类账户。",
    )


class ScopeMissing(NotAllowed):
    code = "scope_missing"
    says = Words(
        "This client was not given the scope “{scope}”.",
        "此用戶端未獲授予「{scope}」權限。",
        "此客户端未获授予“{scope}”权限。",
    )


def guard(app: Flask, authenticators: Sequence[Authenticator]) -> None:
    """Ask at every door of `app`; LookupError at start for a blueprint without a door.

    A route outside any blueprint has no door either, and stops the start as well.
    """
    homes = {rule.endpoint.rpartition(".")[0] for rule in app.url_map.iter_rules()}
    unlisted = (set(app.blueprints) | homes) - set(DOORS)
    if unlisted:
        names = ", ".join(sorted(name or "(a route of no blueprint)" for name in unlisted))
        raise LookupError(f"no door in core/access.py for: {names}")

    @app.before_request
    def admit() -> None:
        if request.url_rule is None:
            return  # no route: the router's own 404 or 405 follows
        door = DOORS[request.blueprint or ""]
        g.is_public = request.blueprint in CACHEABLE
        if door.kind is None or (door.may_be_nobody and "Authorization" not in request.headers):
            return
        g.caller = _caller(authenticators)
        if not isinstance(g.caller, door.kind):
            raise NotYourDoor
        if door.scope and door.scope not in getattr(g.caller, "scopes", ()):
            raise ScopeMissing(scope=door.scope)


def bearer_token() -> str:
    """Return the token of this request; SignInNeeded, TokenNotAccepted."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise SignInNeeded
    if not BEARER_TOKEN.fullmatch(token):
        raise TokenNotAccepted
    return token


def basic_credentials() -> tuple[str, str] | None:
    """Return user and password of HTTP Basic, None without; an unreadable pair names nobody.

    Each half is percent-encoded once more, as RFC 6749 section 2.3.1 asks of client credentials.
    """
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        pair = base64.b64decode(encoded, validate=True).decode()
    except ValueError:
        return "", ""
    user, _, password = map(unquote_plus, pair.partition(":"))
    return (user, password) if is_storable(user + password) else ("", "")


def _caller(authenticators: Sequence[Authenticator]) -> Caller:
    token, moment = bearer_token(), clock.now()
    with glance() as db:
        for authenticate in authenticators:
            caller = authenticate(db, token, moment)
            if caller:
                return caller
    raise TokenNotAccepted


def resident() -> ResidentCaller:
    """Return the resident whose request this is; only routes behind a resident's door ask."""
    caller = g.caller
    assert isinstance(caller, ResidentCaller)
    return caller


def guest() -> ResidentCaller | None:
    """Return the resident whose request this is, None for a stranger; behind a guest's door."""
    return resident() if g.get("caller") else None


def department() -> DepartmentCaller:
    """Return the department whose request this is; only routes behind its door ask."""
    caller = g.caller
    assert isinstance(caller, DepartmentCaller)
    return caller


def ensure_scope(scope: str) -> None:
    """Refuse what a department's system asks that its door does not: a right more; ScopeMissing."""
    if scope not in department().scopes:
        raise ScopeMissing(scope=scope)
