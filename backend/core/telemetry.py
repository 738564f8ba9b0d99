"""What operators see: JSON log lines and Prometheus metrics, with a trace id and nobody's data."""

import logging
import re
import secrets
import sys
import threading
import time
from collections.abc import Mapping, MutableMapping
from types import TracebackType
from typing import Any

import structlog
from flask import Flask, g, has_request_context, request
from flask.wrappers import Response
from prometheus_client import Counter, Histogram

# W3C Trace Context, section 3.2: version, trace id, parent id, flags.
TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}", re.ASCII)
NO_ROUTE = "(no route)"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER_METHOD = "(other)"
# gunicorn quotes the request line, a header or the address behind these words.
SERVER_WORDS = re.compile(r"(?:Invalid request|Error handling request)\b")

requests_total = Counter("ferry_http_requests", "Requests answered", ["method", "route", "status"])
request_seconds = Histogram("ferry_http_request_seconds", "Time to answer", ["method", "route"])
log = structlog.get_logger("ferry")


def start_logging(stream: Any = None) -> None:
    """Send every log line, ours and the libraries', as one JSON object a line to `stream`."""
    shared: list[Any] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_trace_id,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, _server_words_only],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _frames_only,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    sys.excepthook = _log_uncaught
    threading.excepthook = lambda args: _log_uncaught(
        args.exc_type, args.exc_value, args.exc_traceback
    )
    for chatty in ("httpx", "httpcore", "huey", "google", "urllib3", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _log_uncaught(
    kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
) -> None:
    """Log what would else be printed whole, its message included, as it ends a process or thread."""
    if issubclass(kind, KeyboardInterrupt) or error is None:
        return
    log.error("uncaught", exc_info=(kind, error, trace))


def trace_id() -> str:
    """Return the trace id of this request, 32 hex digits; the caller's own where it sent one."""
    if not has_request_context():
        return secrets.token_hex(16)
    if "trace_id" not in g:
        match = TRACEPARENT.fullmatch(request.headers.get("traceparent", ""))
        g.trace_id = match.group(1) if match else secrets.token_hex(16)
    known: str = g.trace_id
    return known


def _add_trace_id(
    _logger: Any, _name: str, fields: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    if has_request_context():
        fields["trace_id"] = trace_id()
    return fields


def _frames_only(_logger: Any, _name: str, fields: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Keep where an error happened and of what kind; its message may quote a person's data."""
    error = fields.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        frames = []
        trace = error.__traceback__
        while trace:
            code = trace.tb_frame.f_code
            frames.append(f"{code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}:{code.co_name}")
            trace = trace.tb_next
        fields["error"] = type(error).__name__
        fields["frames"] = frames[-12:]
    return fields


def _server_words_only(
    _logger: Any, _name: str, fields: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    found = SERVER_WORDS.match(str(fields.get("event")))
    if found:
        fields["event"] = found.group()
    return fields


def bind(app: Flask) -> None:
    """Count and log each request of `app`: its route, never its path, query or body."""
    # Flask's own line quotes the path, which may name a person's phone; core.http logs the crash.
    app.log_exception = lambda exc_info: None  # type: ignore[method-assign]  # noqa: ARG005

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()

    @app.after_request
    def account(response: Response) -> Response:
        seconds = time.perf_counter() - g.get("began", time.perf_counter())
        route = request.url_rule.rule if request.url_rule else NO_ROUTE
        method = request.method if request.method in METHODS else OTHER_METHOD
        requests_total.labels(method, route, response.status_code).inc()
        request_seconds.labels(method, route).observe(seconds)
        log.info(
            "request",
            method=method,
            route=route,
            status=response.status_code,
            milliseconds=round(seconds * 1000, 1),
            caller=type(g.get("caller")).__name__ if g.get("caller") else "anyone",
        )
        return response
