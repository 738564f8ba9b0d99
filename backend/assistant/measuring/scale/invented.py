"""Invents phrases of very many intents: made-up words, as rare and as alike as real ones are.

Each intent has words of its own that it shares with some others, and phrases mix them with words
that everybody uses. A share of the phrases is in made-up Chinese, in which a word is two characters.
"""

import random
from bisect import bisect
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate

SEED = 20261123
# Seeds of the phrases that are learnt and of those that are asked.
LEARNT, ASKED = 1, 2
ONSETS = "b c d f g h k l m n p r s t v w br ch cl cr dr fl gr pl pr sh sl sp st th tr".split()
VOWELS = "a e i o u a e i o ea ou ai ee".split()
CODAS = ("", "", "", "n", "r", "s", "t", "l", "m", "ck", "nd", "ng", "st")
ENDINGS = ("", "", "", "", "s", "ed", "ing", "er", "ion", "ment", "al")
# The commonest characters of the language stand early among these code points, or nearly.
CHARACTERS = [chr(0x4E00 + 7 * place) for place in range(2500)]
WORDS_OF_INTENT = 10
COMMON_WORDS = 300
SHORTEST, LONGEST = 3, 9
# How often a word of a phrase is one of the intent's own.
OWN_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Size:
    """How many intents, how many phrases each, and what share of the phrases is in Chinese."""

    intents: int
    phrases: int
    chinese: float


@dataclass(frozen=True, slots=True)
class Writing:
    """The words of one made-up language, the most used first, and what stands between them."""

    words: tuple[str, ...]
    between: str
    steps: tuple[float, ...]

    @classmethod
    def of(cls, words: list[str], between: str) -> "Writing":
        """Let the word of rank `n` be used in proportion to 1 / (n + 2), after Zipf."""
        return cls(tuple(words), between, tuple(accumulate(1 / (n + 2) for n in range(len(words)))))

    def common(self, dealer: random.Random) -> str:
        """Draw one of the commonest words, as often as it is used."""
        return self.words[bisect(self.steps, dealer.random() * self.steps[COMMON_WORDS - 1])]

    def topical(self, dealer: random.Random) -> str:
        """Draw one of all other words, as often as it is used."""
        least, most = self.steps[COMMON_WORDS - 1], self.steps[-1]
        return self.words[bisect(self.steps, least + dealer.random() * (most - least))]


class Inventor:
    """Writes phrases of so many intents; the same size is always written the same."""

    def __init__(self, size: Size) -> None:
        dealer = random.Random(SEED)  # noqa: S311 - a dice, not a secret
        words = 4000 + 4 * size.intents
        self.latin = Writing.of(_distinct(dealer, words, _latin_word), " ")
        self.han = Writing.of(_distinct(dealer, words, _han_word), "")
        self.size = size
        self.own = [
            tuple(
                tuple(writing.topical(dealer) for _ in range(WORDS_OF_INTENT))
                for writing in (self.latin, self.han)
            )
            for _ in range(size.intents)
        ]

    def phrases(self, intent: int, number: int, seed: int) -> list[str]:
        """Write `number` phrases of `intent`; another seed writes others."""
        dealer = random.Random(f"{seed} {intent}")  # noqa: S311 - a dice, not a secret
        return [self._phrase(intent, dealer) for _ in range(number)]

    def _phrase(self, intent: int, dealer: random.Random) -> str:
        which = int(dealer.random() < self.size.chinese)
        writing, own = (self.latin, self.han)[which], self.own[intent][which]
        words = [
            dealer.choice(own) if dealer.random() < OWN_SHARE else writing.common(dealer)
            for _ in range(dealer.randint(SHORTEST, LONGEST))
        ]
        if not set(own) & set(words):
            words[0] = dealer.choice(own)
        return writing.between.join(words)


def _distinct(
    dealer: random.Random, number: int, word: Callable[[random.Random], str]
) -> list[str]:
    found: dict[str, None] = {}
    while len(found) < number:
        found[word(dealer)] = None
    return list(found)


def _latin_word(dealer: random.Random) -> str:
    syllables = dealer.choice((1, 2, 2, 2, 3, 3))
    parts = [
        dealer.choice(ONSETS) + dealer.choice(VOWELS) + dealer.choice(CODAS)
        for _ in range(syllables)
    ]
    return "".join(parts) + dealer.choice(ENDINGS)


def _han_word(dealer: random.Random) -> str:
    places = (int(len(CHARACTERS) * dealer.random() ** 2) for _ in range(2))
    return "".join(CHARACTERS[place] for place in places)
