"""Reads one file of the catalogue as text; the only place that knows which reader does it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from backend.core.staff_yaml import ContentWrong, read_yaml

# A way down into a file: ("services", 3, "name", "en").
Place: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True)
class Sheet:
    """A file's content, all of it text, and the lines (from 1) of the places that are known."""

    where: str
    content: Any
    lines: Mapping[Place, int] = field(default_factory=dict)

    def line_of(self, place: Place) -> int | None:
        """Return the line of a place, or of the nearest place above it; None if unknown."""
        above = (place[:depth] for depth in range(len(place), -1, -1))
        return next((self.lines[each] for each in above if each in self.lines), None)


def read_sheet(path: Path) -> Sheet:
    """Read a file, or raise ContentWrong with one sentence that names the file."""
    where = path.name if path.parent.name != "departments" else f"departments/{path.name}"
    try:
        return Sheet(where, read_yaml(path))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f", line {mark.line + 1}" if mark else ""
        raise ContentWrong(f"{where}{line}: this is not plain YAML: {error.problem}.") from error
    except UnicodeDecodeError as error:
        raise ContentWrong(f"{where}: the file is not written in UTF-8.") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise ContentWrong(f"{where}: this is not plain YAML.") from error
    except FileNotFoundError as error:
        raise ContentWrong(f"{where} is missing.") from error
    except OSError as error:
        raise ContentWrong(f"{where} cannot be read: {error.strerror}.") from error
