"""The interactive page of the API, in a real browser where there is one."""

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from html import escape
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.serving import make_server

from backend.app import describe_api

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync "
    "--disable-background-networking --disable-component-update --virtual-time-budget=10000"
).split()


@pytest.fixture(scope="module")
def browser() -> str:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found:
        return found
    if os.environ.get("CI"):
        pytest.fail("CI needs a browser, and there is none")
    pytest.skip("there is no browser on this machine: install chromium to run this test")


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_browser_shows_every_operation_of_the_api(
    browser: str, address: str, tmp_path: Path
) -> None:
    paths = describe_api()["paths"].values()
    summaries = {
        operation["summary"]
        for path in paths
        for operation in path.values()
        if isinstance(operation, dict)
    }
    profile = f"--user-data-dir={tmp_path / 'profile'}"

    shown = subprocess.run(
        [browser, *QUIET, profile, "--dump-dom", f"{address}/docs"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout

    assert len(summaries) > 60
    assert [summary for summary in summaries if escape(summary, quote=False) not in shown] == []
    assert "Failed to load" not in shown
