"""Same key, same answer: a repeated create does nothing and returns the first reply.

After draft-ietf-httpapi-idempotency-key-header: 400 when the key is missing, 422 when it comes
with another payload, 409 while the first is in flight. The key is a row of the same transaction as
the deed, so a crash can never leave one without the other; a refused request does not use it up.
"""

import hashlib
import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from flask import Response, current_app, g, request
from sqlalchemy import Text, delete, select, tuple_, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapped, Session, mapped_column

from backend.core import clock
from backend.core.database import (
    IMPERSONAL,
    PERSONAL,
    Base,
    insert_unless_there,
    session_of_request,
)
from backend.core.errors import Conflict, Invalid
from backend.core.http import bodies
from backend.core.http.problems import HttpRefusal
from backend.core.languages import Words

HEADER = "Idempotency-Key"
KEPT_FOR = timedelta(days=30)  # long past any retry; a bill's own number guards it for life
SWEPT_PER_CLAIM = 10
# No comma: a server joins a header that came twice with one (RFC 9110, section 5.2).
KEY = re.compile(r"[\x21-\x2b\x2d-\x7e]{1,255}", re.ASCII)
LONGEST_WAIT_MS = 2000


class KeyMissing(HttpRefusal):
    status = 400
    code = "idempotency_key_missing"
    says = Words(
        "Send one Idempotency-Key header of 1 to 255 visible ASCII characters, without commas.",
        "請附上一個 Idempotency-Key 標頭（1 至 255 個可見 ASCII 字元，不含逗號）。",
        "请附上一个 Idempotency-Key 标头（1 至 255 个可见 ASCII 字符，不含逗号）。",
    )


class KeyReused(Invalid):
    code = "idempotency_key_reused"
    says = Words(
        "This Idempotency-Key was used before with another payload.",
        "這個 Idempotency-Key 曾用於另一內容。",
        "这个 Idempotency-Key 曾用于另一内容。",
    )


class KeyInFlight(Conflict):
    code = "idempotency_key_in_flight"
    says = Words(
        "The first request with this Idempotency-Key is still at work. Try again shortly.",
        "使用這個 Idempotency-Key 的首個要求仍在處理，請稍後再試。",
        "使用这个 Idempotency-Key 的首个请求仍在处理，请稍后再试。",
    )


class IdempotencyKey(Base):
    """A key that a caller has used, and the reply it got."""

    __tablename__ = "idempotency_keys"

    caller: Mapped[str] = mapped_column(primary_key=True, info=IMPERSONAL)
    key: Mapped[str] = mapped_column(primary_key=True, info=IMPERSONAL)
    fingerprint: Mapped[str] = mapped_column(info=IMPERSONAL)
    status: Mapped[int] = mapped_column(default=0, info=IMPERSONAL)
    body: Mapped[str] = mapped_column(Text, default="", info=PERSONAL)
    location: Mapped[str | None] = mapped_column(info=IMPERSONAL)
    created_at: Mapped[datetime] = mapped_column(index=True, info=IMPERSONAL)


def idempotent(view: Callable[..., Any]) -> Callable[..., Response]:
    """Make a create safe to repeat under its `Idempotency-Key`; goes right below the route."""

    @wraps(view)
    def once(*args: Any, **kwargs: Any) -> Response:
        key = request.headers.get(HEADER, "")
        if not KEY.fullmatch(key):
            raise KeyMissing
        session, caller = session_of_request(), g.caller.name
        fingerprint = _fingerprint(view)
        if not _claim(session, caller, key, fingerprint):
            return _replay(session, caller, key, fingerprint)
        response: Response = current_app.make_response(view(*args, **kwargs))
        _keep(session, caller, key, response)
        return response

    once.needs_idempotency_key = True  # type: ignore[attr-defined]
    return once


def _fingerprint(view: Callable[..., Any]) -> str:
    """Hash what is asked, so that the same JSON in another spacing counts as the same."""
    value = bodies.read_json(request) if getattr(view, "takes_body", False) else None
    asked = [request.method, request.path, value]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def _claim(session: Session, caller: str, key: str, fingerprint: str) -> bool:
    if session.get_bind().dialect.name == "postgresql":
        wait = f"SET LOCAL lock_timeout = {LONGEST_WAIT_MS}"
        session.connection().exec_driver_sql(wait)
    values = {
        "caller": caller,
        "key": key,
        "fingerprint": fingerprint,
        "status": 0,
        "body": "",
        "created_at": clock.now(),
    }
    _sweep(session)
    try:
        return insert_unless_there(session, IdempotencyKey, values)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == "55P03":  # lock_not_available
            raise KeyInFlight from error
        raise


def _sweep(session: Session) -> None:
    """Forget a few replies that nobody will ask for again; they hold a person's data."""
    row = tuple_(IdempotencyKey.caller, IdempotencyKey.key)
    old = (
        select(IdempotencyKey.caller, IdempotencyKey.key)
        .where(IdempotencyKey.created_at < clock.now() - KEPT_FOR)
        .limit(SWEPT_PER_CLAIM)
        .with_for_update(skip_locked=True)
    )
    session.execute(delete(IdempotencyKey).where(row.in_(old)))


def _replay(session: Session, caller: str, key: str, fingerprint: str) -> Response:
    kept = session.scalars(
        select(IdempotencyKey).where(IdempotencyKey.caller == caller, IdempotencyKey.key == key)
    ).one()
    if kept.fingerprint != fingerprint:
        raise KeyReused
    response = Response(kept.body, status=kept.status, mimetype="application/json")
    if kept.location:
        response.headers["Location"] = kept.location
    response.headers["Idempotency-Replayed"] = "true"
    return response


def _keep(session: Session, caller: str, key: str, response: Response) -> None:
    session.execute(
        update(IdempotencyKey)
        .where(IdempotencyKey.caller == caller, IdempotencyKey.key == key)
        .values(
            status=response.status_code,
            body=response.get_data(as_text=True),
            location=response.headers.get("Location"),
        )
    )
