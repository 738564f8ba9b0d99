"""Reads the questions that a release is measured with: one JSON object a line."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from backend.core.languages import Language


class Beyond(StrEnum):
    """Why no service answers a question."""

    OUT_OF_SCOPE = "oos"
    CRISIS = "crisis"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and the services that a well-informed counter officer would accept."""

    text: str
    language: Language
    accept: frozenset[str]
    ambiguous: bool
    beyond: Beyond | None


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text of a public set and its intent; None for out of scope."""

    text: str
    intent: str | None


class LineWrong(Exception):
    """A line of a file of questions cannot be used; the message is a plain sentence."""


def read_questions(path: Path) -> list[Asked]:
    """Read lines of `{"q", "lang", "accept", "ambiguous", "kind"}`, or raise `LineWrong`."""
    return [_asked(found, place) for found, place in _objects(path)]


def read_labelled(path: Path) -> list[Labelled]:
    """Read lines of `{"text", "intent"}`, or raise `LineWrong`."""
    read = []
    for found, place in _objects(path):
        text, intent = found.get("text"), found.get("intent")
        if not isinstance(text, str) or not isinstance(intent, str):
            raise LineWrong(f"{place}: “text” and “intent” must be texts.")
        read.append(Labelled(text, None if intent == "oos" else intent))
    return read


def _objects(path: Path) -> Iterator[tuple[dict[str, Any], str]]:
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        place = f"{path.name}, line {number}"
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise LineWrong(f"{place}: this is not one JSON object in UTF-8.") from error
        if not isinstance(found, dict):
            raise LineWrong(f"{place}: this is not one JSON object.")
        yield found, place


def _asked(found: dict[str, Any], place: str) -> Asked:
    text, accept = found.get("q"), found.get("accept", [])
    if not isinstance(text, str):
        raise LineWrong(f"{place}: “q” must be the text of the question.")
    if not isinstance(accept, list) or not all(isinstance(each, str) for each in accept):
        raise LineWrong(f"{place}: “accept” must be a list of services.")
    if not isinstance(found.get("ambiguous", False), bool):
        raise LineWrong(f"{place}: “ambiguous” must be true or false.")
    try:
        language = Language(found.get("lang", Language.EN))
        beyond = Beyond(found["kind"]) if found.get("kind") is not None else None
    except ValueError as error:
        raise LineWrong(f"{place}: {error}.") from error
    if bool(accept) == (beyond is not None):
        raise LineWrong(f"{place}: either “accept” names services or “kind” says why none fits.")
    return Asked(text, language, frozenset(accept), found.get("ambiguous", False), beyond)
