"""This engine, as a rival among others: plain phrases, no synonyms, nothing of the staff's."""

import sys
import time
from collections.abc import Sequence
from pathlib import Path

from backend.assistant.measuring.contest.child import Ask, Found, take_part
from backend.assistant.measuring.questions import Labelled
from backend.assistant.releases.release import Kind, Target
from backend.assistant.releases.store import load, save
from backend.assistant.router import ask
from backend.assistant.training import Material, build
from backend.core.languages import Language


def train(lines: Sequence[Labelled], folder: Path) -> float:
    """Build a release with its thresholds, as publishing does, and keep it."""
    texts: dict[str, list[tuple[str, Language]]] = {}
    for line in lines:
        texts.setdefault(line.intent or "", []).append((line.text, Language.EN))
    material = Material(
        content="contest",
        targets=tuple(Target(Kind.SERVICE, name, name) for name in texts),
        examples=tuple(tuple(phrases) for phrases in texts.values()),
    )
    began = time.perf_counter()
    release = build(material, lambda _line: None)
    seconds = time.perf_counter() - began
    save(release, folder)
    return seconds


def open_release(folder: Path) -> Ask:
    """Load the release; what is timed is the whole answer, with its reasons."""
    release = load(next(folder.glob("release-*")))

    def asked(text: str) -> Found:
        choices = ask(release, text).choices
        return Found(
            tuple(choice.service for choice in choices),
            choices[0].confidence if choices else 0.0,
        )

    return asked


if __name__ == "__main__":
    take_part(train, open_release, sys.argv[1:])
