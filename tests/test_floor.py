"""The floor that the other tests stand on: no network, and a house that keeps its own rules."""

import ast
import socket
from pathlib import Path

import pytest
from pytest_socket import SocketConnectBlockedError

from backend.app import TABLES
from backend.core.settings import CHECKOUT

SOURCES = sorted((CHECKOUT / "backend").rglob("*.py"))
LONGEST_FILE = 300
LONGEST_FUNCTION = 40
BANNED_NAMES = {"utils.py", "helpers.py", "common.py", "base.py", "manager.py", "services.py"}
FRONT_DOORS = {
    "accounts",
    "assistant",
    "bills",
    "departments",
    "home",
    "menu",
    "notifications",
    "payments",
}


def own_lines(function: ast.FunctionDef) -> int:
    """Count a function's lines without those of functions inside it, as an app factory has."""
    inner = [node for node in ast.walk(function) if isinstance(node, ast.FunctionDef)][1:]
    spans = [(node.end_lineno or 0) - node.lineno + 1 for node in (function, *inner)]
    return spans[0] - sum(spans[1:])


def test_the_network_is_closed() -> None:
    with pytest.raises(SocketConnectBlockedError), socket.socket() as outside:
        outside.connect(("192.0.2.1", 80))


def test_no_file_is_named_after_nothing() -> None:
    assert [path for path in SOURCES if path.name in BANNED_NAMES] == []


def test_no_file_outgrows_its_room() -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in SOURCES}

    assert {path: length for path, length in lengths.items() if length > LONGEST_FILE} == {}
    assert sorted(lengths.values())[len(lengths) // 2] < 100


def test_every_module_says_what_it_is_for() -> None:
    silent = [path for path in SOURCES if not ast.get_docstring(ast.parse(path.read_text()))]

    assert silent == []


def test_functions_stay_short_and_import_nothing() -> None:
    long, importing = [], []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.FunctionDef):
                continue
            if own_lines(node) > LONGEST_FUNCTION:
                long.append((path.name, node.name))
            if any(isinstance(inner, ast.Import | ast.ImportFrom) for inner in ast.walk(node)):
                importing.append((path.name, node.name))

    assert long == []
    assert importing == []


def test_another_slice_is_entered_by_its_front_door() -> None:
    """`from backend.notifications import notify`, not `….notifications.models`.

    Those that join, `app.py` and `chores.py`, and the commands of a city, reach further.
    """
    sneaking = []
    for path in SOURCES:
        own = path.relative_to(CHECKOUT / "backend").parts[0]
        if own in ("app.py", "chores.py", "cli"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                parts = node.module.split(".")
                into = parts[1] if len(parts) > 2 else ""
                if parts[0] == "backend" and into in FRONT_DOORS - {own}:
                    sneaking.append((str(path.relative_to(CHECKOUT)), node.module))

    assert sneaking == []


def test_every_column_says_whether_it_is_personal() -> None:
    unmarked = [
        str(column)
        for table in TABLES.sorted_tables
        for column in table.columns
        if "personal" not in column.info
    ]

    assert unmarked == []


def test_nothing_needs_a_folder_beside_the_checkout() -> None:
    texts = [*SOURCES, *(CHECKOUT / "scripts").iterdir(), *(CHECKOUT / "tests").rglob("*.py")]
    beside = [
        path
        for path in texts
        if path.is_file() and path != Path(__file__) and "../shared" in path.read_text("utf-8")
    ]

    assert beside == []
