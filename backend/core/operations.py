"""What an operator's tools ask: is it alive, is it ready, how is it doing."""

import hmac
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress

from flask import Response, current_app
from marshmallow import fields
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from backend.core.access import SignInNeeded, TokenNotAccepted, bearer_token
from backend.core.errors import Unavailable
from backend.core.http import Blueprint, Shape
from backend.core.languages import Words

Checks = Mapping[str, Callable[[], bool]]
Gauges = Mapping[str, tuple[str, Callable[[], int]]]
blp = Blueprint("operations", __name__, description="For operators")


class NotReady(Unavailable):
    code = "not_ready"
    says = Words("Not ready: {what}.", "尚未就緒：{what}。", "尚未就绪：{what}。")


class HealthShape(Shape):
    """How it is."""

    status = fields.Constant("ok")


@blp.get("/health/live")
@blp.response(200, HealthShape)
@blp.doc(operationId="isLive")
def is_live() -> dict[str, str]:
    """Is the process alive?"""
    return {}


@blp.get("/health/ready")
@blp.refuses(NotReady)
@blp.response(200, HealthShape)
@blp.doc(operationId="isReady")
def is_ready() -> dict[str, str]:
    """Can it serve: database, tables and the assistant's release?"""
    checks: Checks = current_app.extensions["ready_checks"]
    failing = [name for name, is_good in checks.items() if not _holds(is_good)]
    if failing:
        raise NotReady(what=", ".join(failing))
    return {}


@blp.get("/metrics")
@blp.refuses(SignInNeeded)
@blp.response(200, content_type="text/plain")
@blp.doc(operationId="readMetrics")
def read_metrics() -> Response:
    """Read the metrics, in Prometheus' text format"""
    wanted = current_app.extensions["settings"].metrics_token
    if wanted and not hmac.compare_digest(bearer_token().encode(), wanted.encode()):
        raise TokenNotAccepted
    registry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    counted = generate_latest(registry) + generate_latest(_gauges())
    return Response(counted, content_type=CONTENT_TYPE_LATEST)


class RowsCollector(Collector):
    """Gauges that are asked of the rows at each scrape, and so are the same in every process."""

    def __init__(self, gauges: Gauges) -> None:
        self.gauges = gauges

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for name, (says, count) in self.gauges.items():
            with suppress(SQLAlchemyError):  # without its database a process still tells the rest
                yield GaugeMetricFamily(name, says, value=count())


def _gauges() -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(RowsCollector(current_app.extensions["gauges"]))
    return registry


def _holds(is_good: Callable[[], bool]) -> bool:
    try:
        return is_good()
    except DBAPIError:
        return False
