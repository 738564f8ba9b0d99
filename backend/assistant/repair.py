"""Mends misspelt words: an unknown word becomes the nearest word that the phrases know."""

import zlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz.distance import OSA

SHORTEST = 4
LONGEST = 24
TWO_SLIPS_FROM = 8
SHORTEST_SKELETON = 3
_NO_VOWELS = str.maketrans("", "", "aeiou")


@dataclass(frozen=True, slots=True)
class Forms:
    """Words by how they may look: `places[i]` is the word of which `hashes[i]` is one form.

    `hashes` are sorted. Two forms of one hash may be different: whoever looks checks the word.
    """

    hashes: memoryview
    places: memoryview

    @classmethod
    def of(cls, forms: Iterable[tuple[int, int]]) -> "Forms":
        """Make the index from (hash of a form, place of its word) pairs."""
        pairs = np.fromiter(forms, dtype=[("form", np.uint32), ("place", np.int32)])
        order = np.argsort(pairs["form"], kind="stable")
        return cls(pairs["form"][order].data, pairs["place"][order].data)

    def places_of(self, form: str) -> Iterator[int]:
        """Yield the places of the words that may look so."""
        wanted = zlib.crc32(form.encode())
        at = bisect_left(self.hashes, wanted)
        while at < len(self.hashes) and self.hashes[at] == wanted:
            yield self.places[at]
            at += 1


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Words that the phrases know, indexed by how they look with one letter or all vowels lost."""

    counts: Mapping[str, int]
    words: Sequence[str]
    shortened: Forms
    skeletons: Forms

    @classmethod
    def of(cls, counts: Mapping[str, int]) -> "Lexicon":
        """Make the lexicon from how often each word stands in the phrases."""
        words = tuple(word for word in counts if is_mendable(word))
        shortened = (
            (zlib.crc32(form.encode()), place)
            for place, word in enumerate(words)
            for form in _shortened(word)
        )
        skeletons = (
            (zlib.crc32(skeleton.encode()), place)
            for place, skeleton in enumerate(map(_skeleton, words))
            if len(skeleton) >= SHORTEST_SKELETON
        )
        return cls(dict(counts), words, Forms.of(shortened), Forms.of(skeletons))

    def repaired(self, word: str) -> str | None:
        """Return the known word that an unknown `word` most likely means, or None.

        One slip (a letter lost, added, changed, or two swapped) is mended in words of four letters
        or more, two slips from eight letters, and any number of lost vowels.
        """
        if word in self.counts or not is_mendable(word, shortest=SHORTEST_SKELETON):
            return None
        slips = 2 if len(word) >= TWO_SLIPS_FROM else 1
        near = [
            (OSA.distance(word, known, score_cutoff=slips), -self.counts[known], known)
            for known in self._near(word)
        ]
        best = min((each for each in near if each[0] <= slips), default=None)
        if best is not None:
            return best[2]
        voweled = self._with_vowels(word)
        return max(voweled, key=lambda known: (self.counts[known], known), default=None)

    def _near(self, word: str) -> set[str]:
        if len(word) < SHORTEST:
            return set()
        found = {place for form in _shortened(word) for place in self.shortened.places_of(form)}
        return {self.words[place] for place in found}

    def _with_vowels(self, word: str) -> list[str]:
        """List known words that are `word` with vowels put back, if it has lost most of its own."""
        skeleton = _skeleton(word)
        if len(skeleton) < SHORTEST_SKELETON or len(word) > len(skeleton) + 1:
            return []
        found = [self.words[place] for place in self.skeletons.places_of(skeleton)]
        return [known for known in found if len(known) > len(word) and _skeleton(known) == skeleton]


def is_mendable(word: str, shortest: int = SHORTEST) -> bool:
    """Say whether `word` is one that repair deals with: Latin letters only, neither short nor long."""
    return shortest <= len(word) <= LONGEST and word.isascii() and word.isalpha()


def _shortened(word: str) -> set[str]:
    return {word, *(word[:place] + word[place + 1 :] for place in range(len(word)))}


def _skeleton(word: str) -> str:
    return word[0] + word[1:].translate(_NO_VOWELS)
