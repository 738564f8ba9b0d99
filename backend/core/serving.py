"""How gunicorn serves Ferry; named to it as `-c python:backend.core.serving`."""

from typing import Any

from prometheus_client import multiprocess

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


def child_exit(_server: Any, worker: Any) -> None:
    """Take a dead process's gauges out of the metrics."""
    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
