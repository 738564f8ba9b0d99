"""Reads one file of the catalogue as text; the only place that knows which reader does it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from backend.core.strict_yaml import Node, NotPlain, read_plain

# A way down into a file: ("services", 3, "name", "en").
Place: TypeAlias = tuple[str | int, ...]


class ContentWrong(Exception):
    """Content cannot be published; the message is one plain sentence a line."""


@dataclass(frozen=True)
class Sheet:
    """A file's content, all of it text, and the lines (from 1) of its places."""

    where: str
    content: Any
    lines: dict[Place, int]

    def line_of(self, place: Place) -> int | None:
        """Return the line of a place, or of the nearest place above it."""
        above = (place[:depth] for depth in range(len(place), -1, -1))
        return next((self.lines[each] for each in above if each in self.lines), None)


def read_sheet(path: Path) -> Sheet:
    """Read a file, or raise ContentWrong with one sentence that names the file."""
    where = path.name if path.parent.name != "departments" else f"departments/{path.name}"
    try:
        node = read_plain(path.read_bytes())
    except NotPlain as error:
        line = f", line {error.line}" if error.line else ""
        raise ContentWrong(f"{where}{line}: {error.sentence}") from error
    except FileNotFoundError as error:
        raise ContentWrong(f"{where} is missing.") from error
    except OSError as error:
        raise ContentWrong(f"{where} cannot be read: {error.strerror}.") from error
    return Sheet(where, _content(node), dict(_lines(node)))


def _content(node: Node) -> Any:
    if isinstance(node.value, dict):
        return {key: _content(below) for key, below in node.value.items()}
    if isinstance(node.value, list):
        return [_content(below) for below in node.value]
    return node.value


def _lines(node: Node, place: Place = ()) -> Iterator[tuple[Place, int]]:
    if place:
        yield place, node.line
    for step, inner in _below(node):
        yield from _lines(inner, (*place, step))


def _below(node: Node) -> Iterable[tuple[str | int, Node]]:
    if isinstance(node.value, dict):
        return node.value.items()
    return enumerate(node.value) if isinstance(node.value, list) else ()
