"""Turns whatever a resident typed into a short, folded row of words and Chinese characters."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from backend.core.text import fold, is_chinese, too_many_marks

MOST_CHARACTERS = 256
# What NFKC can shrink a longer text to is not worth reading: the cost of folding is bounded first.
MOST_RAW_CHARACTERS = 4096
MOST_WORDS_REPLACED = 6

_CHINESE = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
# One character class each, so matching is linear: there is nothing to backtrack into.
_TOKENS = re.compile(f"[{_CHINESE}]|[^\\W_{_CHINESE}]+")
_APOSTROPHES = "'\u2019\u02bc`\u00b4"
# Soft hyphens, joiners and marks of direction: drawn as nothing, copied along with a word.
_UNSEEN = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
_PASSED_OVER = str.maketrans("", "", _APOSTROPHES + _UNSEEN)

Tokens: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """A question as the matcher sees it, beside how the resident wrote each part of it.

    `tokens[i]` is a folded word or one Simplified character; `shown[i]` the writing it stands for,
    empty where a synonym put two tokens in the place of one.
    """

    text: str
    tokens: Tokens
    shown: Tokens


NOTHING = Question("", (), ())


@dataclass(frozen=True, slots=True)
class Synonyms:
    """Staff's table of words that mean the same, from `intents/words.yaml`, ready to look up.

    `widths` says of each token how many tokens the sayings take that begin with it.
    """

    instead: Mapping[Tokens, Tokens]
    widths: Mapping[str, tuple[int, ...]]

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> "Synonyms":
        """Make the table from (as said, as meant) pairs; the first of two equal sayings stands."""
        instead: dict[Tokens, Tokens] = {}
        for said, meant in pairs:
            key, value = cut(fold(said)), cut(fold(meant))
            if key and key != value and len(key) <= MOST_WORDS_REPLACED:
                instead.setdefault(key, value)
        return cls.of_tokens(instead)

    @classmethod
    def of_tokens(cls, instead: Mapping[Tokens, Tokens]) -> "Synonyms":
        """Make the table from tokens; `widths` says how long the sayings are that begin so."""
        widths: dict[str, set[int]] = {}
        for said in instead:
            widths.setdefault(said[0], set()).add(len(said))
        longest_first = {
            token: tuple(sorted(found, reverse=True)) for token, found in widths.items()
        }
        return cls(dict(instead), longest_first)


def cut(text: str) -> Tokens:
    """Cut folded `text` into words and single Chinese characters; anything else separates."""
    return tuple(_TOKENS.findall(text.translate(_PASSED_OVER)))


def normalise(text: str, synonyms: Synonyms) -> Question:
    """Fold `text` to at most 256 characters and cut it; NOTHING for runs of combining marks.

    Cost is linear in the length of `text` and bounded by `MOST_RAW_CHARACTERS`.
    """
    raw = text[:MOST_RAW_CHARACTERS]
    if too_many_marks(raw):
        return NOTHING
    wide = " ".join(unicodedata.normalize("NFKC", raw).casefold().split())[:MOST_CHARACTERS]
    folded = fold(wide)[:MOST_CHARACTERS]
    tokens = cut(folded)
    shown = cut(wide)
    if len(shown) != len(tokens):
        shown = tokens
    return _with_synonyms(Question(folded, tokens, shown), synonyms)


def _with_synonyms(question: Question, synonyms: Synonyms) -> Question:
    """Put what is meant in the place of what is said, the longest saying first, left to right."""
    tokens, shown = question.tokens, question.shown
    if synonyms.widths.keys().isdisjoint(tokens):
        return question
    said: list[str] = []
    seen: list[str] = []
    place = 0
    while place < len(tokens):
        for width in synonyms.widths.get(tokens[place], ()):
            meant = synonyms.instead.get(tokens[place : place + width])
            if meant is not None:
                said += meant
                seen += _spread(shown[place : place + width], len(meant))
                place += width
                break
        else:
            said.append(tokens[place])
            seen.append(shown[place])
            place += 1
    return Question(question.text, tuple(said), tuple(seen))


def _spread(shown: Tokens, width: int) -> list[str]:
    """Give `width` tokens the writing they replace: all of it to the first, none to the rest."""
    joint = "" if shown and is_chinese(shown[0][0]) else " "
    return [joint.join(shown), *[""] * (width - 1)][:width]
