"""Remembers which releases were published, when, by whom and how well they did: the way back.

A line of JSON a deed in `releases/history.jsonl`, oldest first. What is current, the file `current`
says alone; a line that a crash cut short is passed over.
"""

import fcntl
import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from backend.assistant.releases.store import CURRENT, ReleaseBroken, current_place, is_whole
from backend.core.durable import append_durably

HISTORY = "history.jsonl"
TURN = ".turn"
# How many releases stay beside the current one: of those once published, and of the others, which
# `try` and `exam` made of content on its way.
KEPT_PUBLISHED, KEPT_TRIED = 3, 2
# What a killed publisher left half written is swept after so long: nobody can be at it still.
DRAFT_SECONDS = 3600


class Deed(StrEnum):
    """How a release became the current one."""

    PUBLISH = "publish"
    ROLLBACK = "rollback"


@dataclass(frozen=True, slots=True)
class Entry:
    """One deed: `at` in ISO 8601, UTC; `exam` the share of the staff's lines that were right."""

    version: str
    deed: Deed
    at: str
    by: str
    exam: float | None


@contextmanager
def turn(folder: Path) -> Iterator[None]:
    """Let one publisher at a time change what is current; the others wait (flock, so no leftovers)."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / TURN).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def remember(folder: Path, entry: Entry) -> None:
    """Write one deed down; OSError where the disk takes no more."""
    line = json.dumps(asdict(entry), ensure_ascii=False)
    known = _read(folder)
    # After a line that a crash cut short, the next begins on its own.
    gap = "\n" if known and not known.endswith(b"\n") else ""
    append_durably(folder / HISTORY, f"{gap}{line}\n".encode())


def entries(folder: Path) -> tuple[Entry, ...]:
    """Return every deed that can be read, oldest first."""
    found = map(_entry, _read(folder).split(b"\n"))
    return tuple(entry for entry in found if entry is not None)


def latest(folder: Path, version: str) -> Entry | None:
    """Return the last deed that made `version` current, with the figure of its exam if known."""
    found = [entry for entry in entries(folder) if entry.version == version]
    return found[-1] if found else None


def place_of(folder: Path, version: str) -> Path:
    """Return the stored release that `version` names, whole or by its beginning, if it is whole."""
    places = [place for place in stored(folder) if version_of(place).startswith(version)]
    if len(places) != 1:
        what = "Several releases begin" if places else "No release is stored here that begins"
        raise ReleaseBroken(f"{what} with “{version}”.")
    if not is_whole(places[0]):
        raise ReleaseBroken(f"{places[0].name} is damaged, or of another version of Ferry.")
    return places[0]


def previous_place(folder: Path) -> Path:
    """Return the release that was current before this one and is still whole."""
    *before, current = _way_back(folder) or [""]
    for version in reversed(before):
        place = folder / f"release-{version}"
        if version != current and is_whole(place):
            return place
    raise ReleaseBroken("There is no earlier release here to go back to.")


def current_version(folder: Path) -> str | None:
    """Return the version that `current` names, None where it names none."""
    try:
        return version_of(current_place(folder))
    except ReleaseBroken:
        return None


def version_of(place: Path) -> str:
    """Return the version of a stored release from its name."""
    return place.name.removeprefix("release-")


def stored(folder: Path) -> list[Path]:
    """List the stored releases, the one written first at the head."""
    return sorted(folder.glob("release-*"), key=lambda place: place.stat().st_mtime)


def prune(folder: Path) -> None:
    """Remove what nobody will want back: old releases, and drafts of publishers long dead.

    The current release stays, and `KEPT_PUBLISHED` published and `KEPT_TRIED` other ones.
    """
    current = current_version(folder)
    order = [entry.version for entry in entries(folder)]
    others = [place for place in stored(folder) if version_of(place) != current]
    published = sorted(
        (place for place in others if version_of(place) in order),
        key=lambda place: len(order) - order[::-1].index(version_of(place)),
    )
    tried = [place for place in others if version_of(place) not in order]
    drafts = [
        path
        for pattern in (".draft-*", f"{CURRENT}-*.draft")
        for path in folder.glob(pattern)
        if path.stat().st_mtime < time.time() - DRAFT_SECONDS
    ]
    for path in (*published[:-KEPT_PUBLISHED], *tried[:-KEPT_TRIED], *drafts):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _way_back(folder: Path) -> list[str]:
    """Return the versions that lead to the current one, itself last, as a browser's back button.

    A rollback leaves behind what it undid, so that two of them go two releases back.
    """
    way: list[str] = []
    for entry in entries(folder):
        if entry.deed is Deed.ROLLBACK and entry.version in way:
            while way[-1] != entry.version:
                way.pop()
        elif way[-1:] != [entry.version]:
            way.append(entry.version)
    current = current_version(folder)
    return way if current is None or way[-1:] == [current] else [*way, current]


def _read(folder: Path) -> bytes:
    try:
        return (folder / HISTORY).read_bytes()
    except OSError:
        return b""


def _entry(line: bytes) -> Entry | None:
    try:
        found = json.loads(line)
        share = found["exam"]
        return Entry(
            str(found["version"]),
            Deed(found["deed"]),
            str(found["at"]),
            str(found["by"]),
            None if share is None else float(share),
        )
    except (ValueError, KeyError, TypeError):
        return None
