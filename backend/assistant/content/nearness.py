"""Finds phrases of two files that are all but the same, without holding each against each."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from rapidfuzz import fuzz

from backend.assistant.content.intents import Content
from backend.assistant.content.reading import Problem
from backend.assistant.normalise import Tokens, cut
from backend.core.text import fold

# Two phrases are one to a reader from here on (rapidfuzz ratio, 0 to 100).
NEAR = 95
# Below this, one character is more than the 5 % that `NEAR` leaves.
SHORTEST = 10
# With how many phrases that begin or end alike one is held: so that cost grows with their number.
MOST_HELD = 50
# Words that say nothing of what is wanted: politeness, the speaker, and what Cantonese ends with.
LITTLE = frozenset(
    "a an the my our your i we you me us to of in on at is are am be do does did can could would"
    " will shall may please pls plz hi hello want need like hey thanks thank".split()
) | frozenset("呀啊㗎喎啦喇呢吗嘛吧嘅的了我你想请问您唔该")


@dataclass(frozen=True, slots=True)
class Said:
    """A phrase and where it stands: the file, and the line in it."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"“{self.text}” in {self.file}, line {self.line}"


Pair: TypeAlias = tuple[Said, Said]


def check_same_words(content: Content) -> list[Problem]:
    """Find phrases of two files that have the same words in another order."""
    folded = _folded(said_in(content))
    return [
        Problem(one.file, one.line, f"the phrase “{one.text}” has the same words as {other}.")
        for one, other in _met(folded, lambda tokens: tuple(sorted(tokens)))
        if folded[one] != folded[other]
    ]


def warn_of_near(content: Content) -> list[Problem]:
    """Find phrases of two files that differ in little words alone, or in a letter or two.

    They may well be right: a letter can be the difference between two forms. Somebody should look.
    """
    folded = _folded(said_in(content))
    found = dict.fromkeys((*_met(folded, _what_matters), *_spelt_alike(folded)))
    return [
        Problem(one.file, one.line, f"the phrase “{one.text}” is very near to {other}.")
        for one, other in found
        if sorted(folded[one]) != sorted(folded[other])
    ]


def said_in(content: Content) -> Iterator[Said]:
    """List every phrase of a service, of a crisis, and of what lies outside."""
    files = [
        *((each.id, each.phrases) for each in content.intents),
        *((each.id, each.phrases) for each in content.crises),
        ("outside", content.outside.phrases),
    ]
    for name, phrases in files:
        for lines in phrases.values():
            for line in lines:
                yield Said(f"{name}.yaml", line.number, line.text)


def _folded(phrases: Iterable[Said]) -> dict[Said, Tokens]:
    found = {said: cut(fold(said.text)) for said in phrases}
    return {said: tokens for said, tokens in found.items() if tokens}


def _met(folded: dict[Said, Tokens], key_of: Callable[[Tokens], Tokens]) -> Iterator[Pair]:
    """Pair each phrase with the first one that has the same key, if that is of another file."""
    first: dict[Tokens, Said] = {}
    for said, tokens in folded.items():
        key = key_of(tokens)
        earlier = first.setdefault(key, said) if key else said
        if earlier.file != said.file:
            yield said, earlier


def _what_matters(tokens: Tokens) -> Tokens:
    return tuple(sorted(token for token in tokens if token not in LITTLE))


def _spelt_alike(folded: dict[Said, Tokens]) -> Iterator[Pair]:
    """Pair phrases that are all but the same letters: their first or last half is then the same."""
    halves: dict[tuple[int, str, str], list[tuple[Said, str]]] = {}
    for said, tokens in folded.items():
        text = " ".join(tokens)
        if len(text) < SHORTEST:
            continue
        for half in (len(text) // 2, (len(text) - 1) // 2):
            for key in ((half, text[:half], "first"), (half, text[-half:], "last")):
                known = halves.setdefault(key, [])
                for earlier, other in known:
                    if earlier.file != said.file and fuzz.ratio(text, other) >= NEAR:
                        yield said, earlier
                        break
                if len(known) < MOST_HELD:
                    known.append((said, text))
