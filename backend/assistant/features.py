"""Says which features a word, a Chinese character or a neighbouring pair of them brings."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TypeAlias

from backend.core.text import is_chinese

# Weights of the blocks against each other, chosen on public sets of labelled questions.
WORD, WORD_PAIR, GRAM = 1.0, 0.7, 0.5
CHARACTER, CHARACTER_PAIR, SOUND, SOUND_PAIR = 1.0, 1.0, 0.5, 0.5
GRAM_LENGTHS = (2, 3, 4)
LONGEST_WORD = 24

Feature: TypeAlias = tuple[str, float]
Readings: TypeAlias = Mapping[str, str]


def of_token(token: str, readings: Readings) -> list[Feature]:
    """List (feature, weight) of one token: the word and its n-grams, or character and sound."""
    if is_chinese(token[0]):
        sound = readings.get(token)
        character = [("c" + token, CHARACTER)]
        return [*character, ("s" + sound, SOUND)] if sound else character
    padded = f" {token[:LONGEST_WORD]} "
    grams = {
        padded[start : start + length]
        for length in GRAM_LENGTHS
        for start in range(len(padded) - length + 1)
    }
    return [("w" + token[:LONGEST_WORD], WORD), *(("g" + gram, GRAM) for gram in sorted(grams))]


def of_pair(first: str, second: str, readings: Readings) -> list[Feature]:
    """List (feature, weight) of two neighbours; a word beside a Chinese character brings none."""
    chinese = is_chinese(first[0])
    if chinese != is_chinese(second[0]):
        return []
    if not chinese:
        return [(f"p{first[:LONGEST_WORD]} {second[:LONGEST_WORD]}", WORD_PAIR)]
    features = [("d" + first + second, CHARACTER_PAIR)]
    if first in readings and second in readings:
        features.append((f"t{readings[first]} {readings[second]}", SOUND_PAIR))
    return features


def parts_of(tokens: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """List each distinct token of a text, and then each distinct pair of neighbours, once."""
    return (*((token,) for token in dict.fromkeys(tokens)), *dict.fromkeys(pairwise(tokens)))


def of_part(part: tuple[str, ...], readings: Readings) -> list[Feature]:
    """List (feature, weight) of a token, or of two neighbours."""
    return of_token(part[0], readings) if len(part) == 1 else of_pair(part[0], part[1], readings)
