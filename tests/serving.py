"""A real gunicorn with Ferry in it, on a port of its own, for what only a real server shows."""

import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cities import eventually
from tests.engines import SqliteRoom
from tests.ports import free_ports

STOP_SECONDS = 30


@pytest.fixture(scope="module")
def served_folder(
    tmp_path_factory: pytest.TempPathFactory, content_dir: Path, sqlite_room: SqliteRoom
) -> Path:
    """A data folder to serve from: the catalogue, a release, and tables in `ferry.db`."""
    folder = tmp_path_factory.mktemp("served")
    for name in ("catalogue.json", "releases"):
        (folder / name).symlink_to(content_dir / name)
    sqlite_room.copy_to(folder / "ferry.db")
    return folder


@pytest.fixture(scope="module")
def port(served_folder: Path) -> Iterator[int]:
    """The port of a gunicorn of one process that the tests of one file share."""
    with serving(served_folder, workers=1) as port:
        yield port


@contextmanager
def serving(data_dir: Path, workers: int) -> Iterator[int]:
    """Serve the catalogue, releases and SQLite tables of `data_dir`; give the port."""
    [port] = free_ports(1)
    environment = {
        **os.environ,
        "FERRY_STAGE": "demo",
        "FERRY_DATA_DIR": str(data_dir),
        "FERRY_REQUESTS_PER_MINUTE": "100000",
        "PORT": str(port),
    }
    ferry = str(Path(sys.executable).with_name("ferry"))
    with (data_dir / "serve.err").open("wb") as lines:
        server = subprocess.Popen(
            [ferry, "serve", "--workers", str(workers)], env=environment, stderr=lines
        )
    try:
        eventually(lambda: is_up(port))
        yield port
    finally:
        server.terminate()
        server.wait(timeout=STOP_SECONDS)


def is_up(port: int) -> bool:
    """Say whether somebody answers there."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5):
            return True
    except OSError:
        return False
