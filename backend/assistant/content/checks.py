"""The rules of the content beyond the shape of each file, each broken one a plain sentence."""

from collections.abc import Iterable, Iterator
from functools import cache

from backend.assistant.content.intents import (
    Content,
    CrisisIntent,
    Intent,
    Line,
    Phrases,
    Written,
    key_of,
)
from backend.assistant.content.nearness import check_same_words
from backend.assistant.content.reading import Problem
from backend.assistant.content.talking import check_talk
from backend.assistant.normalise import MOST_CHARACTERS, Tokens
from backend.core.languages import Language
from backend.core.text import fold, simplified_table, too_many_marks

# Forms that Big5 lacks but Hong Kong writes too (著搵戶刪溫臥卻廚廂腳, and Cantonese 吓, 恒生).
WRITTEN_IN_HONG_KONG = frozenset("着揾户删温卧却厨厢脚吓恒")


def check(content: Content, known_services: frozenset[str] | None = None) -> tuple[Problem, ...]:
    """Return every broken rule, by file and line; without `known_services` any may be opened."""
    named = _named((*content.intents, *content.crises, *content.talk))
    problems = [
        *_standing_twice(content),
        *check_same_words(content),
        *(problem for name, each in named for problem in _of_one(name, each.phrases, each.finds)),
        *_of_one("outside.yaml", content.outside.phrases, content.outside.finds),
        *_unknown_services(content.intents, known_services),
        *_silent_crises(content.crises),
        *check_talk(content, known_services),
    ]
    return tuple(sorted(problems))


def _named(
    everything: Iterable[Written],
) -> list[tuple[str, Written]]:
    return [(f"{each.id}.yaml", each) for each in everything]


def _of_one(name: str, phrases: Phrases, finds: tuple[Line, ...]) -> Iterator[Problem]:
    for language, lines in phrases.items():
        if not lines:
            yield Problem(name, 0, f"there are no phrases under {language}.")
        yield from _unreadable(name, lines)
    for line in phrases.get(Language.ZH_HANT, ()):
        simplified = "".join(sign for sign in line.text if sign in only_simplified())
        if simplified:
            sentence = f"“{simplified}” is Simplified; this phrase stands under zh-Hant."
            yield Problem(name, line.number, sentence)
    said = {key_of(line) for lines in phrases.values() for line in lines}
    for line in finds:
        if key_of(line) in said:
            sentence = f"“{line.text}” is also a phrase; a finds line must be worded differently."
            yield Problem(name, line.number, sentence)


def _unreadable(name: str, lines: Iterable[Line]) -> Iterator[Problem]:
    for line in lines:
        if not key_of(line) or too_many_marks(line.text):
            yield Problem(name, line.number, "there is no word in this phrase.")
        elif len(fold(line.text)) > MOST_CHARACTERS:
            sentence = f"only the first {MOST_CHARACTERS} characters of this phrase would be read."
            yield Problem(name, line.number, sentence)


def _standing_twice(content: Content) -> Iterator[Problem]:
    """Find phrases of two intents, and of one intent twice in one language.

    The same words in both scripts of one intent are no fault: that is how languages stand side
    by side.
    """
    seen: dict[Tokens, tuple[str, Language, int]] = {}
    for name, language, line in _every_phrase(content):
        here = (name, language, line.number)
        first, spoken, number = seen.setdefault(key_of(line), here)
        if first != name:
            sentence = f"the phrase “{line.text}” stands in {first}, line {number}, too."
            yield Problem(name, line.number, sentence)
        elif spoken is language and number != line.number:
            sentence = f"the phrase “{line.text}” stands here twice; first on line {number}."
            yield Problem(name, line.number, sentence)


def _every_phrase(content: Content) -> Iterator[tuple[str, Language, Line]]:
    named = _named((*content.intents, *content.crises))
    files = [(name, each.phrases) for name, each in named]
    for name, phrases in [*files, ("outside.yaml", content.outside.phrases)]:
        for language, lines in phrases.items():
            for line in lines:
                yield name, language, line


def _unknown_services(
    intents: Iterable[Intent], known_services: frozenset[str] | None
) -> Iterator[Problem]:
    if known_services is None:
        return
    for intent in intents:
        if intent.opens not in known_services:
            sentence = f"it opens “{intent.opens}”, which is no service of the menu."
            yield Problem(intent.id + ".yaml", 0, sentence)


def _silent_crises(crises: Iterable[CrisisIntent]) -> Iterator[Problem]:
    for crisis in crises:
        if not crisis.calls:
            yield Problem(crisis.id + ".yaml", 0, "there is nobody to call.")


@cache
def only_simplified() -> frozenset[str]:
    """Characters of Simplified Chinese that Traditional text does not have.

    Sources: OpenCC's pairs; Big5, which knows no character that exists in Simplified alone.
    """
    simplified = {target for target in simplified_table().values() if isinstance(target, str)}
    return frozenset(sign for sign in simplified if not _in_big5(sign)) - WRITTEN_IN_HONG_KONG


def _in_big5(sign: str) -> bool:
    try:
        sign.encode("big5")
    except UnicodeEncodeError:
        return False
    return True
