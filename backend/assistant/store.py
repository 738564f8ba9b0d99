"""Keeps releases on disk: one folder each, hashed, written whole or not at all, loaded by memory map.

A folder `releases/` holds `release-<version>/` folders and a file `current` that names one of them.
"""

import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from backend.assistant.normalise import Synonyms
from backend.assistant.policy import Policy
from backend.assistant.release import Call, Columns, Crisis, Examples, Kind, Release, Target
from backend.assistant.repair import Lexicon
from backend.core.languages import Language, Words

# Raised whenever the files or the training change: older releases are then trained anew.
FORMAT = 2
# How many releases beside the current one stay, to go back to.
KEPT = 2
CURRENT = "current"
# A version begins with so many digits of the hash of its content.
DIGITS = 16
MANIFEST = "manifest.json"
HEADER, WEIGHTS, NUMBERS = "header.json", "weights.npy", "numbers.npy"
_FILES = (HEADER, WEIGHTS, NUMBERS)


class ReleaseBroken(Exception):
    """A stored release is missing, unfinished or changed; the message is a plain sentence."""


def save(release: Release, folder: Path) -> Path:
    """Write `release` into `folder` and return its own folder; half a release is never seen.

    A folder of the same version that is already whole is left as it is.
    """
    place = folder / f"release-{release.version}"
    if is_whole(place):
        return place
    folder.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=folder))
    try:
        _write_files(release, draft)
        shutil.rmtree(place, ignore_errors=True)
        draft.chmod(0o755)
        draft.rename(place)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    _sync(folder)
    return place


def make_current(place: Path) -> None:
    """Let every server that looks next take the release in `place`; the swap is one rename."""
    folder = place.parent
    draft = folder / f".{CURRENT}-{os.getpid()}"
    _write(draft, place.name.encode())
    draft.replace(folder / CURRENT)
    _sync(folder)


def prune(folder: Path, keep: int = KEPT) -> None:
    """Remove all but the current release and the newest `keep` others."""
    try:
        current = current_place(folder)
    except ReleaseBroken:
        current = None
    places = sorted(folder.glob("release-*"), key=lambda place: place.stat().st_mtime)
    others = [place for place in places if place != current]
    for place in others[: max(0, len(others) - keep)]:
        shutil.rmtree(place, ignore_errors=True)


def current_place(folder: Path) -> Path:
    """Return the folder of the current release, or raise `ReleaseBroken` if none is named."""
    try:
        name = (folder / CURRENT).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ReleaseBroken("No release of the assistant has been published here yet.") from error
    if not name.startswith("release-") or "/" in name:
        raise ReleaseBroken("The file that names the current release is damaged. Publish again.")
    return folder / name


def load_current(folder: Path) -> Release:
    """Load the release that `current` names, or raise `ReleaseBroken`."""
    return load(current_place(folder))


def find_release(folder: Path, content: str) -> Release:
    """Load a stored release of the content with this digest, or raise `ReleaseBroken`."""
    for place in sorted(folder.glob("release-*")):
        if is_of(place, content) and is_whole(place):
            return load(place)
    raise ReleaseBroken("No release of this content is stored here.")


def is_of(place: Path, content: str) -> bool:
    """Say by its name whether a release was made from the content with this hash."""
    return place.name.startswith(f"release-{content[:DIGITS]}-")


def load(place: Path) -> Release:
    """Load one release after checking the hash of each of its files, or raise `ReleaseBroken`."""
    _ensure_whole(place)
    try:
        header = json.loads((place / HEADER).read_bytes())
        # A plain view of the mapped file: numpy's own subclass costs on every look-up.
        weights = np.asarray(np.load(place / WEIGHTS, mmap_mode="r", allow_pickle=False))
        numbers = np.load(place / NUMBERS, allow_pickle=False)
        return _release(header, weights, numbers)
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise ReleaseBroken(f"{place.name} cannot be understood. Publish again.") from error


def is_whole(place: Path) -> bool:
    """Say whether `place` holds a release as it was written."""
    try:
        _ensure_whole(place)
    except ReleaseBroken:
        return False
    return True


def _ensure_whole(place: Path) -> None:
    try:
        manifest = json.loads((place / MANIFEST).read_bytes())
        known = {name: str(manifest["files"][name]) for name in _FILES}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReleaseBroken(f"{place.name} is missing or unfinished. Publish again.") from error
    if manifest.get("format") != FORMAT:
        raise ReleaseBroken(f"{place.name} was written by another version of Ferry. Publish again.")
    for name, digest in known.items():
        if _digest(place / name) != digest:
            raise ReleaseBroken(f"{place.name}: {name} is damaged or cut short. Publish again.")


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return "missing"


def _write_files(release: Release, draft: Path) -> None:
    _write(draft / HEADER, json.dumps(_header(release), ensure_ascii=False).encode())
    for name, matrix in (
        (WEIGHTS, np.asarray(release.weights)),
        (NUMBERS, np.concatenate([release.bias, release.terms])),
    ):
        with (draft / name).open("wb") as file:
            np.save(file, matrix, allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())
    digests = {name: _digest(draft / name) for name in _FILES}
    _write(draft / MANIFEST, json.dumps({"format": FORMAT, "files": digests}).encode())
    _sync(draft)


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _header(release: Release) -> dict[str, Any]:
    """Lay out everything but the matrices as JSON; vocabulary and words in the order of rows."""
    return {
        "version": release.version,
        "content": release.content,
        "targets": [[target.kind, target.intent, target.service] for target in release.targets],
        "vocabulary": list(release.vocabulary),
        "unseen_term": release.unseen_term,
        "readings": dict(release.readings),
        "synonyms": [[list(said), list(meant)] for said, meant in release.synonyms.instead.items()],
        "words": dict(release.lexicon.counts),
        "examples": [
            [list(each) for each in zip(found.texts, found.folded, found.languages, strict=True)]
            for found in release.examples
        ],
        "exact": [[list(tokens), target] for tokens, target in release.exact.items()],
        "policy": asdict(release.policy),
        "crises": [asdict(crisis) for crisis in release.crises.values()],
    }


def _release(header: Any, weights: Any, numbers: Any) -> Release:
    targets = tuple(
        Target(Kind(kind), intent, service) for kind, intent, service in header["targets"]
    )
    instead = {tuple(said): tuple(meant) for said, meant in header["synonyms"]}
    if weights.shape != (len(header["vocabulary"]), len(targets)):
        raise ValueError
    return Release(
        version=header["version"],
        content=header["content"],
        targets=targets,
        columns=Columns.of(targets),
        vocabulary={feature: row for row, feature in enumerate(header["vocabulary"])},
        weights=weights,
        bias=numbers[: len(targets)],
        terms=numbers[len(targets) :],
        unseen_term=header["unseen_term"],
        readings=header["readings"],
        synonyms=Synonyms.of_tokens(instead),
        lexicon=Lexicon.of(header["words"]),
        examples=tuple(
            Examples.of((text, folded, Language(language)) for text, folded, language in found)
            for found in header["examples"]
        ),
        exact={tuple(tokens): target for tokens, target in header["exact"]},
        policy=Policy(**header["policy"]),
        crises={each["kind"]: _crisis(each) for each in header["crises"]},
    )


def _crisis(found: Any) -> Crisis:
    calls = tuple(
        Call(call["number"], Words(**call["name"]), call["source"], call["checked"])
        for call in found["calls"]
    )
    return Crisis(found["kind"], Words(**found["title"]), Words(**found["says"]), calls)
