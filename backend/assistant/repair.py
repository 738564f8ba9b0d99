"""Mends misspelt words: an unknown word becomes the nearest word that the phrases know."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rapidfuzz.distance import OSA

SHORTEST = 4
LONGEST = 24
TWO_SLIPS_FROM = 8
SHORTEST_SKELETON = 3
_NO_VOWELS = str.maketrans("", "", "aeiou")


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Words that the phrases know, indexed by how they look with one letter or all vowels lost."""

    counts: Mapping[str, int]
    shortened: Mapping[str, tuple[str, ...]]
    skeletons: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, counts: Mapping[str, int]) -> "Lexicon":
        """Make the lexicon from how often each word stands in the phrases."""
        shortened: dict[str, list[str]] = defaultdict(list)
        skeletons: dict[str, list[str]] = defaultdict(list)
        for word in counts:
            if not is_mendable(word):
                continue
            for form in _shortened(word):
                shortened[form].append(word)
            skeleton = _skeleton(word)
            if len(skeleton) >= SHORTEST_SKELETON:
                skeletons[skeleton].append(word)
        return cls(
            dict(counts),
            {form: tuple(words) for form, words in shortened.items()},
            {form: tuple(words) for form, words in skeletons.items()},
        )

    def knows_all(self, tokens: Iterable[str]) -> bool:
        """Say whether every token is a word of the phrases, or a single character."""
        return all(len(token) == 1 or token in self.counts for token in tokens)

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
        return {known for form in _shortened(word) for known in self.shortened.get(form, ())}

    def _with_vowels(self, word: str) -> list[str]:
        """List known words that are `word` with vowels put back, if it has lost most of its own."""
        skeleton = _skeleton(word)
        if len(skeleton) < SHORTEST_SKELETON or len(word) > len(skeleton) + 1:
            return []
        return [known for known in self.skeletons.get(skeleton, ()) if len(known) > len(word)]


def is_mendable(word: str, shortest: int = SHORTEST) -> bool:
    """Say whether `word` is one that repair deals with: Latin letters only, neither short nor long."""
    return shortest <= len(word) <= LONGEST and word.isascii() and word.isalpha()


def _shortened(word: str) -> set[str]:
    return {word, *(word[:place] + word[place + 1 :] for place in range(len(word)))}


def _skeleton(word: str) -> str:
    return word[0] + word[1:].translate(_NO_VOWELS)
