"""What every reply carries: its language, its freshness, and the headers that keep browsers honest."""

import hashlib

from flask import Flask, g, request
from flask.wrappers import Response

from backend.core.errors import Invalid
from backend.core.http.bodies import is_left_unread
from backend.core.http.queries import ensure_readable
from backend.core.languages import DEFAULT, Language, Words, negotiate
from backend.core.telemetry import trace_id

PUBLIC_SECONDS = 300
HEADERS = {
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


class LanguageNotKnown(Invalid):
    code = "language_not_known"
    says = Words(
        "lang may be en, zh-Hant or zh-Hans.",
        "lang 只可以是 en、zh-Hant 或 zh-Hans。",
        "lang 只可以是 en、zh-Hant 或 zh-Hans。",
    )


def language_of_request() -> Language:
    """Return the language that the reader asked for, by `?lang=` or `Accept-Language`."""
    language: Language = g.get("language", DEFAULT)
    return language


def negotiate_language() -> None:
    """Settle the request's language; `?lang=` wins, and a wrong one is refused."""
    g.language = negotiate(tag for tag, quality in request.accept_languages if quality > 0)
    ensure_readable(request)
    named = request.args.get("lang")
    if named is None:
        return
    if named not in set(Language):
        raise LanguageNotKnown
    g.language = Language(named)


def finish(response: Response) -> Response:
    """Put the common headers on a reply; a public one may be cached, a person's never."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["Trace-Id"] = trace_id()
    if is_left_unread(request):
        response.headers["Connection"] = "close"  # the rest of the body is no request
    if response.mimetype in ("application/json", "application/problem+json"):
        response.headers.setdefault("Content-Language", language_of_request())
        response.vary.add("Accept-Language")
    if request.method in ("GET", "HEAD") and response.status_code == 200:
        return _make_fresh(response)
    response.headers["Cache-Control"] = "no-store"
    return response


def _make_fresh(response: Response) -> Response:
    is_public = g.get("is_public", False)
    cache = f"public, max-age={PUBLIC_SECONDS}" if is_public else "no-store"
    response.headers.setdefault("Cache-Control", cache)
    if not response.is_streamed:
        # The language is part of the tag: two translations that read alike are still two replies.
        body = language_of_request().encode() + b"\0" + response.get_data()
        tag = hashlib.sha256(body).hexdigest()[:32]
        response.set_etag(tag)
        if request.if_none_match.contains_weak(tag):
            response.status_code = 304
            response.set_data(b"")
    return response


def bind(app: Flask) -> None:
    """Put language negotiation and the common headers on every request of `app`."""
    app.before_request(negotiate_language)
    app.after_request(finish)
