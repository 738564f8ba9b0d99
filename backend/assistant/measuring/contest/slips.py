"""Spoils questions as hurried people do: slips of the finger, lost vowels, words that sound alike."""

import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from string import ascii_lowercase

from backend.assistant.measuring.questions import Labelled
from backend.assistant.readings import readings
from backend.core.text import fold, is_chinese

SEED = 20261123
SHORTEST_TO_SLIP = 3
SHORTEST_TO_SHORTEN = 4
_WORD = re.compile("[A-Za-z]+")
_NO_VOWELS = str.maketrans("", "", "aeiouAEIOU")

Spoil = Callable[[str], str]


def spoiled(lines: Sequence[Labelled], spoil: Spoil) -> tuple[Labelled, ...]:
    """Return the lines with their texts spoiled, one after the other."""
    return tuple(replace(line, text=spoil(line.text)) for line in lines)


def typos(share: float) -> Spoil:
    """Spoil one letter in `share` of the Latin words of three letters or more.

    Two letters change places, or one is dropped, doubled or replaced, each as likely; never the
    first of a word. The same texts in the same order are always spoiled alike.
    """
    dealer = random.Random(SEED)  # noqa: S311 - a dice, not a secret

    def spoil(word: str) -> str:
        if len(word) < SHORTEST_TO_SLIP or dealer.random() >= share:
            return word
        place = dealer.randrange(1, len(word))
        head, letter, tail = word[:place], word[place], word[place + 1 :]
        swapped = head + tail[0] + letter + tail[1:] if tail else head[:-1] + letter + head[-1]
        return dealer.choice(
            (
                swapped,
                head + tail,
                head + letter * 2 + tail,
                head + dealer.choice(ascii_lowercase) + tail,
            )
        )

    return _each_word(spoil)


def lost_vowels(share: float) -> Spoil:
    """Drop all vowels but a first letter from `share` of the Latin words of four letters or more."""
    dealer = random.Random(SEED)  # noqa: S311 - a dice, not a secret

    def spoil(word: str) -> str:
        if len(word) < SHORTEST_TO_SHORTEN or dealer.random() >= share:
            return word
        return word[0] + word[1:].translate(_NO_VOWELS)

    return _each_word(spoil)


def homophones(share: float, among: Iterable[str]) -> Spoil:
    """Replace `share` of the Chinese characters by another of the same toneless Mandarin sound.

    The others come from the texts of `among`, where the same writing has them, so that nothing rarer
    is put in than people type; a character that sounds like no other there stays.
    """
    dealer = random.Random(SEED)  # noqa: S311 - a dice, not a secret
    sounds = readings()
    alike: dict[str, list[str]] = defaultdict(list)
    for character in sorted({each for text in among for each in text if is_chinese(each)}):
        alike[sounds.get(fold(character), character)].append(character)

    def spoil(character: str) -> str:
        if not is_chinese(character) or dealer.random() >= share:
            return character
        plain = fold(character)
        others = [other for other in alike[sounds.get(plain, plain)] if fold(other) != plain]
        return dealer.choice(others) if others else character

    return lambda text: "".join(map(spoil, text))


def _each_word(spoil: Spoil) -> Spoil:
    return lambda text: _WORD.sub(lambda found: spoil(found[0]), text)
