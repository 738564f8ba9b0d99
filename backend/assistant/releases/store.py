"""Keeps releases on disk: one folder each, hashed, written whole or not at all, loaded by memory map.

A folder `releases/` holds `release-<version>/` folders and a file `current` that names one of them.
"""

import hashlib
import json
import shutil
import tempfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from backend.assistant.meaning import Meaning, Script
from backend.assistant.normalise import Synonyms
from backend.assistant.policy import Policy
from backend.assistant.releases import arrays
from backend.assistant.releases.release import Call, Columns, Crisis, Kind, Release, Saying, Target
from backend.assistant.repair import Lexicon
from backend.core.durable import replace_whole, sync_folder, write_durably
from backend.core.languages import Words

# Raised whenever the files or the training change: older releases are then trained anew.
FORMAT = 4
CURRENT = "current"
# A version begins with so many digits of the hash of its content.
DIGITS = 16
MANIFEST = "manifest.json"
HEADER = "header.json"
_FILES = (HEADER, *arrays.FILES)
# What asks for no service is a release of its own, in a folder inside: see `Release.talk`.
TALK = "talk"
_WHOLE_TALK = f"{TALK}/{MANIFEST}"


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
        _take_place(draft, place)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    sync_folder(folder)
    return place


def _take_place(draft: Path, place: Path) -> None:
    """Give the draft its name, unless somebody else has just written the same release there."""
    try:
        draft.rename(place)
    except OSError:
        if not is_whole(place):
            raise


def make_current(place: Path) -> None:
    """Let every server that looks next take the release in `place`; the swap is one rename."""
    replace_whole(place.parent / CURRENT, place.name.encode())


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
        release = _read(place)
        talk = place / TALK
        return replace(release, talk=_read(talk, release)) if talk.exists() else release
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise ReleaseBroken(f"{place.name} cannot be understood. Publish again.") from error


def _read(place: Path, around: Release | None = None) -> Release:
    header = json.loads((place / HEADER).read_bytes())
    parts = arrays.pick_up(arrays.read(place), len(header["targets"]))
    return _release(header, parts, around)


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
        if manifest["format"] != FORMAT:
            sentence = "was written by another version of Ferry. Publish again."
            raise ReleaseBroken(f"{place.name} {sentence}")
        has_talk = _WHOLE_TALK in manifest["files"]
        names = (*_FILES, _WHOLE_TALK) if has_talk else _FILES
        known = {name: str(manifest["files"][name]) for name in names}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReleaseBroken(f"{place.name} is missing or unfinished. Publish again.") from error
    if has_talk != (place / TALK).exists():
        raise ReleaseBroken(f"{place.name}: its talk is missing or unfinished. Publish again.")
    for name, digest in known.items():
        if _digest(place / name) != digest:
            raise ReleaseBroken(f"{place.name}: {name} is damaged or cut short. Publish again.")
    if has_talk:
        _ensure_whole(place / TALK)


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return "missing"


def _write_files(release: Release, draft: Path, around: Release | None = None) -> None:
    header = _header(release, around)
    write_durably(draft / HEADER, json.dumps(header, ensure_ascii=False).encode())
    arrays.write(arrays.lay_out(release), draft)
    names = _FILES
    if release.talk:
        (draft / TALK).mkdir()
        _write_files(release.talk, draft / TALK, release)
        names = (*_FILES, _WHOLE_TALK)
    digests = {name: _digest(draft / name) for name in names}
    write_durably(draft / MANIFEST, json.dumps({"format": FORMAT, "files": digests}).encode())
    sync_folder(draft)


def _header(release: Release, around: Release | None) -> dict[str, Any]:
    """Lay out everything but the arrays as JSON; a release inside shares the tables around it."""
    shared = around or release
    tables: dict[str, Any] = {
        "readings": dict(shared.readings),
        "synonyms": [[list(said), list(meant)] for said, meant in shared.synonyms.instead.items()],
        "sayings": {heard: asdict(saying) for heard, saying in release.sayings.items()},
        "bill_kinds": {kind: list(words) for kind, words in release.bill_kinds.items()},
    }
    return {
        "version": release.version,
        "content": release.content,
        "targets": [[target.kind, target.intent, target.service] for target in release.targets],
        "unseen_term": release.unseen_term,
        "words": dict(release.lexicon.counts),
        "policy": asdict(release.policy),
        "meaning": _about(release.meaning),
        "crises": [asdict(crisis) for crisis in release.crises.values()],
        **({} if around else tables),
    }


def _release(header: Any, parts: arrays.Parts, around: Release | None) -> Release:
    targets = tuple(
        Target(Kind(kind), intent, service) for kind, intent, service in header["targets"]
    )
    instead = {tuple(said): tuple(meant) for said, meant in header.get("synonyms", ())}
    return Release(
        version=header["version"],
        content=header["content"],
        targets=targets,
        columns=Columns.of(targets),
        vocabulary=parts.vocabulary,
        weights=parts.weights,
        bias=parts.bias,
        terms=parts.terms,
        unseen_term=header["unseen_term"],
        readings=around.readings if around else header["readings"],
        synonyms=around.synonyms if around else Synonyms.of_tokens(instead),
        lexicon=Lexicon.of(header["words"]),
        examples=parts.examples,
        exact=parts.exact,
        policy=Policy(**header["policy"]),
        meaning=_meaning(header["meaning"], parts, len(targets)),
        crises={each["kind"]: _crisis(each) for each in header["crises"]},
        sayings={heard: _saying(each) for heard, each in header.get("sayings", {}).items()},
        bill_kinds={
            kind: tuple(map(tuple, words)) for kind, words in header.get("bill_kinds", {}).items()
        },
    )


def _about(meaning: Meaning | None) -> dict[str, Any] | None:
    """Lay out everything of `meaning` but its weights."""
    if meaning is None:
        return None
    shares = dict(meaning.shares)
    return {"encoder": meaning.encoder, "shares": shares, "policy": asdict(meaning.policy)}


def _meaning(found: Any, parts: arrays.Parts, targets: int) -> Meaning | None:
    if found is None:
        return None
    if parts.meaning.shape[1] != targets:
        raise ValueError
    shares = {script: float(found["shares"][script]) for script in Script}
    return Meaning(found["encoder"], parts.meaning, shares, Policy(**found["policy"]))


def _crisis(found: Any) -> Crisis:
    calls = tuple(
        Call(call["number"], Words(**call["name"]), call["source"], call["checked"])
        for call in found["calls"]
    )
    return Crisis(found["kind"], Words(**found["title"]), Words(**found["says"]), calls)


def _saying(found: Any) -> Saying:
    says = Words(**found["says"]) if found["says"] else None
    return Saying(Words(**found["title"]), says, tuple(found["offers"]))
