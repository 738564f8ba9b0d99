"""Completes what a resident is typing, from what the staff wrote and what the menu calls things.

An index is built once for a release. Its phrases are numbered by language and, within one, from the
most to the least fit to be shown, so that the first that match are the best that match.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import OSA

from backend.assistant.normalise import MOST_CHARACTERS, cut
from backend.assistant.repair import is_mendable
from backend.assistant.suggestions.lines import BEYOND, Lines
from backend.assistant.suggestions.suggestible import CHINESE, Phrase, Readings, script_of
from backend.core.languages import Language
from backend.core.text import fold, is_chinese, too_many_marks

MOST_PIECES = 12
SHORTEST_MENDED = 3
TWO_SLIPS_FROM = 7
# How many matches are looked through for those that sound as the resident began to spell.
MOST_HEARD = 400
Numbers = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a resident may be about to ask, and the service that it leads to."""

    text: str
    service: str


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed, folded: its runs of Chinese, its words, and a sound begun behind Chinese."""

    text: str
    pieces: tuple[str, ...]
    sound: str = ""

    @classmethod
    def of(cls, text: str) -> "Typed":
        """Read what was typed; nothing of it for runs of combining marks."""
        raw = text[:MOST_CHARACTERS]
        folded = "" if too_many_marks(raw) else fold(raw)[:MOST_CHARACTERS]
        pieces = [piece for part in folded.split() for piece in _pieces(part)]
        return cls(folded, tuple(dict.fromkeys(pieces))[:MOST_PIECES])

    @property
    def runs(self) -> list[str]:
        return [piece for piece in self.pieces if is_chinese(piece[0])]

    def as_half_spelt(self) -> "Typed | None":
        """Take letters right behind Chinese for a character that is still being spelt: `交s`."""
        *before, last = self.pieces
        if not before or not is_chinese(before[-1][0]) or not self.text.endswith(before[-1] + last):
            return None
        return Typed(self.text.removesuffix(last), tuple(before), last)

    def ending_in(self, word: str) -> "Typed":
        """Return the same with another last word."""
        return Typed("", (*self.pieces[:-1], word))


def _pieces(part: str) -> Iterator[str]:
    """Cut a part without blanks into words and runs of Chinese characters."""
    run = ""
    for token in cut(part):
        if is_chinese(token):
            run += token
            continue
        if run:
            yield run
        run = ""
        yield token
    if run:
        yield run


@dataclass(frozen=True, slots=True)
class Shelf:
    """The phrases of one language: from number `first` up to `end`, and as an alphabet has them."""

    first: int
    end: int
    alphabetical: Numbers


@dataclass(frozen=True)
class Suggestions:
    """The index of one release: phrases as written and as folded, and whose they are.

    `keys[i]` stands in phrases `postings[bounds[i]:bounds[i + 1]]`. A key is a word, or a Chinese
    character with the one behind it: phrases that hold something that begins so are one slice.
    """

    release: str
    texts: Lines
    folded: Lines
    owners: Numbers
    services: tuple[str, ...]
    shelves: Mapping[Language, Shelf]
    keys: Lines
    bounds: Numbers
    postings: Numbers
    readings: Readings

    @classmethod
    def of(cls, release: str, phrases: Sequence[Phrase], readings: Readings) -> "Suggestions":
        """Index `phrases`, which come language by language, the fittest of each first."""
        services = sorted({phrase.service for phrase in phrases})
        number_of = {service: number for number, service in enumerate(services)}
        found: dict[str, list[int]] = {}
        for number, phrase in enumerate(phrases):
            for key in phrase.keys:
                found.setdefault(key, []).append(number)
        keys = sorted(found)
        counts = [len(found[key]) for key in keys]
        postings = chain.from_iterable(found[key] for key in keys)
        return cls(
            release,
            Lines.of(phrase.text for phrase in phrases),
            Lines.of(phrase.folded for phrase in phrases),
            np.array([number_of[phrase.service] for phrase in phrases], dtype=np.int32),
            tuple(services),
            {language: _shelf(phrases, language) for language in Language},
            Lines.of(keys),
            np.cumsum([0, *counts], dtype=np.int32),
            np.fromiter(postings, dtype=np.int32, count=sum(counts)),
            readings,
        )

    def suggest(self, text: str, language: Language, limit: int) -> list[Suggestion]:
        """Return at most `limit` completions of `text`, one a service, the best first.

        First whole phrases that begin so, then phrases that hold each word or its beginning. Only
        where there are none, letters behind Chinese are taken for half a spelling, and at last the
        last word for a slip. Costs well under 2 ms.
        """
        typed = Typed.of(text)
        if not typed.pieces:
            return []
        scripts = _scripts(text, typed, language)
        for spelling in self._spellings(typed):
            for script in scripts:
                found = self._found(spelling, self.shelves[script], limit)
                if found:
                    return found
        return []

    def _spellings(self, typed: Typed) -> Iterator[Typed]:
        yield typed.as_half_spelt() or typed
        nearest = self._nearest(typed.pieces[-1])
        if nearest:
            yield typed.ending_in(nearest)

    def _found(self, typed: Typed, shelf: Shelf, limit: int) -> list[Suggestion]:
        numbers = chain(self._begun(typed, shelf), self._holding(typed, shelf))
        fitting = self._with_runs(numbers, [run for run in typed.runs if len(run) > 2])
        if typed.sound:
            is_other = self._is_spelt_otherwise(typed.runs[-1], typed.sound)
            fitting = iter(sorted(islice(fitting, MOST_HEARD), key=is_other))
        chosen: dict[int, int] = {}
        for number in fitting:
            chosen.setdefault(int(self.owners[number]), number)
            if len(chosen) == limit:
                break
        return [
            Suggestion(self.texts[number].decode(), self.services[owner])
            for owner, number in chosen.items()
        ]

    def _with_runs(self, numbers: Iterable[int], runs: Sequence[str]) -> Iterator[int]:
        """Keep the phrases that hold each run as it is: so far only its pairs are known to be."""
        wanted = [run.encode() for run in runs]
        for number in numbers:
            folded = self.folded[number] if wanted else b""
            if all(run in folded for run in wanted):
                yield number

    def _begun(self, typed: Typed, shelf: Shelf) -> Iterator[int]:
        """Yield the phrases that begin as a whole with what was typed, the fittest first."""
        if not typed.text:
            return
        order, beginning = shelf.alphabetical, typed.text.encode()
        first = bisect_left(order, beginning, key=self.folded.__getitem__)
        end = bisect_left(order, beginning + BEYOND, lo=first, key=self.folded.__getitem__)
        yield from map(int, np.sort(order[first:end]))

    def _holding(self, typed: Typed, shelf: Shelf) -> Iterator[int]:
        """Yield the phrases that hold every piece, or something that begins with it."""
        holds = np.ones(shelf.end - shelf.first, dtype=bool)
        for piece in typed.pieces:
            for part in _parts(piece):
                here = np.zeros(len(self.owners), dtype=bool)
                here[self._postings(part)] = True
                holds &= here[shelf.first : shelf.end]
        yield from map(int, np.flatnonzero(holds) + shelf.first)

    def _postings(self, beginning: str) -> Numbers:
        first, end = self._range(beginning)
        return self.postings[self.bounds[first] : self.bounds[end]]

    def _range(self, beginning: str) -> tuple[int, int]:
        first = bisect_left(self.keys, beginning.encode())
        return first, bisect_left(self.keys, beginning.encode() + BEYOND, lo=first)

    def _is_spelt_otherwise(self, run: str, begun: str) -> Callable[[int], bool]:
        """Return a key that puts phrases first in which `begun` follows `run`, or sounds like it."""

        def is_other(number: int) -> bool:
            following = self.folded[number].decode().partition(run)[2]
            sound = self.readings.get(following[:1], "")
            return not (sound.startswith(begun) or following.startswith(begun))

        return is_other

    def _nearest(self, word: str) -> str | None:
        """Return the known word, or its beginning, that a misspelt one is most likely meant for.

        Only words with the same first letter are looked at; a commoner word wins a tie.
        """
        if not is_mendable(word, SHORTEST_MENDED):
            return None
        slips = 2 if len(word) >= TWO_SLIPS_FROM else 1
        first, end = self._range(word[0])
        known = self.keys.between(first, end)
        best: tuple[float, int, str] | None = None
        for length in (len(word), len(word) + 1, len(word) - 1):
            beginnings = [each[:length] for each in known]
            for near, distance, place in process.extract(
                word, beginnings, scorer=OSA.distance, score_cutoff=slips, limit=None
            ):
                count = int(self.bounds[first + place + 1] - self.bounds[first + place])
                found = (distance, -count, near)
                best = min(best or found, found)
        return best[2] if best else None


def _parts(piece: str) -> list[str]:
    """Cut a run of Chinese into the pairs that keys are made of; no more than decide."""
    if len(piece) <= 2 or not is_chinese(piece[0]):
        return [piece]
    return [piece[place : place + 2] for place in range(min(len(piece) - 1, MOST_PIECES))]


def _shelf(phrases: Sequence[Phrase], language: Language) -> Shelf:
    numbers = [number for number, phrase in enumerate(phrases) if phrase.language is language]
    alphabetical = sorted(numbers, key=lambda number: phrases[number].folded)
    first = numbers[0] if numbers else 0
    return Shelf(first, first + len(numbers), np.array(alphabetical, dtype=np.int32))


def _scripts(text: str, typed: Typed, language: Language) -> tuple[Language, ...]:
    """Return in which languages to look: the reader's, unless they type in another one."""
    if typed.runs:
        if language in CHINESE:
            return (language,)
        return (script_of(text) or Language.ZH_HANT,)
    return (language, Language.EN) if language in CHINESE else (language,)
