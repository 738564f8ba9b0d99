"""The log lines of the tests: as structlog writes them by itself, but for tracebacks."""

import structlog


def log_plainly() -> None:
    """Log with plain tracebacks: rich's, which it takes where rich is installed, cost seconds each."""
    *before, _console = structlog.get_config()["processors"]
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*before, plain])
