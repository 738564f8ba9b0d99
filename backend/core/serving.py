"""How gunicorn serves Ferry; named to it as `-c python:backend.core.serving`."""

from collections.abc import Callable
from typing import Any

from prometheus_client import multiprocess

IS_STOPPING = "ferry.is_stopping"  # in the WSGI environ: asks whether this process is to stop

worker_class = "gthread"
threads = 16
graceful_timeout = 20
timeout = 60
keepalive = 5
limit_request_line = 4094
accesslog = None
logconfig_dict: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "root": {"level": "WARNING", "handlers": []},
    "loggers": {"gunicorn.error": {"level": "WARNING", "handlers": [], "propagate": True}},
}


def post_worker_init(worker: Any) -> None:
    """Let the application close a connection, and know of a stop: gunicorn tells it of neither."""
    worker.wsgi = _heeding_close(worker.wsgi, lambda: not worker.alive)


def _heeding_close(
    application: Callable[..., Any], is_stopping: Callable[[], bool]
) -> Callable[..., Any]:
    """Tell gunicorn of each `Connection: close`, a header that it would drop."""

    def serve(environ: dict[str, Any], start_response: Any) -> Any:
        environ[IS_STOPPING] = is_stopping

        def start(status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Any:
            if ("Connection", "close") in headers:
                start_response.__self__.force_close()  # gunicorn's own Response
            return start_response(status, headers, *exc_info)

        return application(environ, start)

    return serve


def child_exit(_server: Any, worker: Any) -> None:
    """Take a dead process's gauges out of the metrics."""
    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
