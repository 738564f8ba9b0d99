"""Makes content out of what was read from `intents/`, or says everything that is wrong with it."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from backend.assistant.content.intents import (
    Content,
    CrisisIntent,
    Intent,
    Line,
    Outside,
    Phrases,
    Status,
    Talk,
)
from backend.assistant.content.reading import SINGLE_FILES, Problem, digest_of, read_files
from backend.assistant.releases.release import Call
from backend.core.languages import Language, Words


class ContentWrong(Exception):
    """The content cannot be used; `problems` says why, each in a plain sentence."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


def load_content(folder: Path) -> Content:
    """Read all of `folder`, or raise `ContentWrong` with every problem of shape."""
    content, problems = load_sound_content(folder)
    if problems:
        raise ContentWrong(problems)
    return content


def load_sound_content(folder: Path) -> tuple[Content, tuple[Problem, ...]]:
    """Read the files of `folder` that have their shape, beside the problems of the others."""
    digest = digest_of(folder)
    reading = read_files(folder)
    several = {name: found for name, found in reading.files.items() if name not in SINGLE_FILES}
    crises = _pop_folder(several, "crisis/")
    talk = _pop_folder(several, "talk/")
    content = Content(
        digest=digest,
        intents=tuple(_intent(name, found) for name, found in several.items()),
        crises=tuple(_crisis(name, found) for name, found in crises.items()),
        outside=_outside(reading.files.get("outside.yaml")),
        synonyms=_synonyms(reading.files.get("words.yaml")),
        talk=tuple(_talk(name, found) for name, found in talk.items()),
        bill_kinds={
            kind: _lines(words) for kind, words in reading.files.get("talk/kinds.yaml", {}).items()
        },
    )
    return content, reading.problems


def _pop_folder(files: dict[str, Any], folder: str) -> dict[str, Any]:
    return {name: files.pop(name) for name in list(files) if name.startswith(folder)}


def _intent(name: str, found: Any) -> Intent:
    return Intent(opens=found["opens"], **_shared(name, found))


def _crisis(name: str, found: Any) -> CrisisIntent:
    calls = tuple(
        Call(call["number"], Words.of(call["name"]), call["source"], call["checked"])
        for call in found["calls"]
    )
    return CrisisIntent(says=Words.of(found["says"]), calls=calls, **_shared(name, found))


def _talk(name: str, found: Any) -> Talk:
    return Talk(
        says=Words.of(found["says"]) if "says" in found else None,
        offers=_lines(found.get("offers", ())),
        **_shared(name, found),
    )


def _shared(name: str, found: Any) -> dict[str, Any]:
    return {
        "id": name.removesuffix(".yaml"),
        "title": Words.of(found["title"]),
        "phrases": _phrases(found["phrases"]),
        "finds": _lines(found["finds"]),
        "misses": _lines(found["misses"]),
        "status": Status(found["status"]),
        "reviewed": found["reviewed"],
    }


def _outside(found: Any) -> Outside:
    if found is None or Status(found["status"]) is not Status.LIVE:
        return Outside()
    return Outside(
        phrases=_phrases(found["phrases"]),
        finds=_lines(found["finds"]),
        misses=_lines(found["misses"]),
    )


def _synonyms(found: Any) -> tuple[tuple[str, str], ...]:
    tables = (found or {}).values()
    return tuple((said, meant) for table in tables for said, meant in table)


def _phrases(found: Any) -> Phrases:
    return {Language(language): _lines(lines) for language, lines in found.items()}


def _lines(found: Iterable[Any]) -> tuple[Line, ...]:
    return tuple(Line(number, text) for number, text in found)
