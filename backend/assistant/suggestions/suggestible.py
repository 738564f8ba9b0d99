"""Chooses which of the staff's phrases are fit to be suggested, and which of them come first."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

from backend.assistant.normalise import Tokens, cut
from backend.assistant.releases.release import Kind, Release
from backend.assistant.repair import Lexicon
from backend.core.languages import Language
from backend.core.text import fold, is_chinese, simplified_table
from backend.menu import Catalogue

LONGEST = {Language.EN: 60, Language.ZH_HANT: 40, Language.ZH_HANS: 40}
CHINESE = (Language.ZH_HANT, Language.ZH_HANS)
# A word of fewer phrases is odd. One that is all but a word so many times as common is a slip,
# which staff wrote down on purpose, because people make it: nothing to show.
FEWEST_PHRASES = 3
TIMES_AS_COMMON = 8
# What a service's own name is ahead of a phrase, on the scale of lengths (1 is the longest).
NAME_LEAD = 0.3

Readings: TypeAlias = Mapping[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Phrase:
    """A phrase that may be suggested: as written, as folded, its keys, and where it leads."""

    text: str
    folded: str
    keys: Tokens
    language: Language
    service: str
    is_name: bool


def suggestible(release: Release, catalogue: Catalogue) -> list[Phrase]:
    """Return what may be suggested of `release`, by language, the fittest of each language first.

    Phrases and titles of services that the catalogue knows, and their names on the menu; never
    what tells of a crisis, lies outside every service, or is small talk. Nothing long, no slips.
    """
    by_language: dict[Language, list[Phrase]] = {language: [] for language in Language}
    for phrase in _distinct(_all_phrases(release, catalogue)):
        by_language[phrase.language].append(phrase)
    return [phrase for each in by_language.values() for phrase in _ranked(each, release.readings)]


def keys_of(folded: str) -> Tokens:
    """List the distinct words of a phrase; of Chinese, each character with the one behind it."""
    tokens = cut(folded)
    chinese = [is_chinese(token[0]) for token in tokens]
    keys = [
        token + tokens[place] if chinese[place - 1] and chinese[place] else token
        for place, token in enumerate(tokens[:-1], start=1)
    ]
    return tuple(dict.fromkeys([*keys, *tokens[-1:]]))


def script_of(text: str) -> Language | None:
    """Return the Chinese script that `text` is written in, None where both write it so."""
    if any(ord(character) in simplified_table() for character in text):
        return Language.ZH_HANT
    return None if _simplified_forms().isdisjoint(text) else Language.ZH_HANS


@cache
def _simplified_forms() -> frozenset[str]:
    """Return the characters that Simplified writes in the place of others."""
    return frozenset(simplified_table().values())


def _all_phrases(release: Release, catalogue: Catalogue) -> Iterator[Phrase]:
    for service in catalogue.services:
        for language in Language:
            name = service.name.into(language)
            yield _phrase(name, fold(name), language, service.id, is_name=True)
    for target, examples in zip(release.targets, release.examples, strict=True):
        if target.kind is not Kind.SERVICE or target.service not in catalogue.service_by_id:
            continue
        rows = zip(examples.texts, examples.folded, examples.languages, strict=True)
        for text, folded, language in rows:
            if len(text) <= LONGEST[language]:
                for reader in _readers_of(text, language):
                    yield _phrase(text, folded, reader, target.service)


def _phrase(
    text: str, folded: str, language: Language, service: str, *, is_name: bool = False
) -> Phrase:
    return Phrase(text, folded, keys_of(folded), language, service, is_name)


def _readers_of(text: str, language: Language) -> tuple[Language, ...]:
    """Return whose language `text` is in: what both scripts write alike is for both.

    A release keeps such a phrase once. Simplified readers are not shown Traditional, though staff
    may have written it down as what they type.
    """
    if language not in CHINESE:
        return (language,)
    script = script_of(text)
    if script is None:
        return CHINESE
    return () if (script, language) == CHINESE else (language,)


def _distinct(phrases: Iterable[Phrase]) -> Iterator[Phrase]:
    """Leave out what stands already: names come first, and stay."""
    seen: set[tuple[str, Language, str]] = set()
    for phrase in phrases:
        key = (phrase.folded, phrase.language, phrase.service)
        if phrase.keys and key not in seen:
            seen.add(key)
            yield phrase


def _ranked(phrases: Sequence[Phrase], readings: Readings) -> list[Phrase]:
    """Order the phrases of one language from the fittest on, and leave out those with slips.

    Fit is what is short, and whose words many phrases of the same service share.
    """
    known = Counter(key for phrase in phrases for key in phrase.keys)
    shared = Counter((phrase.service, key) for phrase in phrases for key in phrase.keys)
    sizes = Counter(phrase.service for phrase in phrases)
    slips = _slips(known, readings)
    ranked: list[tuple[float, str, str, Phrase]] = []
    for phrase in phrases:
        if not phrase.is_name and not slips.isdisjoint(phrase.keys):
            continue
        of_service = sum(shared[phrase.service, key] for key in phrase.keys)
        central = of_service / sizes[phrase.service] / len(phrase.keys)
        odd = sum(known[key] < FEWEST_PHRASES for key in phrase.keys) / len(phrase.keys)
        length = len(phrase.text) / LONGEST[phrase.language]
        cost = length + odd - central - (NAME_LEAD if phrase.is_name else 0)
        ranked.append((cost, phrase.folded, phrase.service, phrase))
    return [phrase for *_, phrase in sorted(ranked, key=lambda row: row[:3])]


def _slips(known: Mapping[str, int], readings: Readings) -> set[str]:
    """Return the keys that are slips: words of one phrase, misspelt ones, and homophones."""
    words = {key: count for key, count in known.items() if key.isascii() and key.isalpha()}
    common = {word: count for word, count in words.items() if count >= TIMES_AS_COMMON}
    lexicon = Lexicon.of(common)
    slips = {word for word, count in words.items() if count == 1}
    for word, count in words.items():
        meant = lexicon.repaired(word)
        is_form = meant and (word.startswith(meant) or meant.startswith(word))
        if meant and not is_form and common[meant] >= TIMES_AS_COMMON * count:
            slips.add(word)
    return slips | _homophones(known, readings)


def _homophones(known: Mapping[str, int], readings: Readings) -> set[str]:
    """Return the pairs of characters that sound like a pair so many times as common: 水非, 水费."""
    sounds: dict[tuple[str, ...], list[str]] = {}
    for key in known:
        if len(key) == 2 and is_chinese(key[0]):
            sounds.setdefault(tuple(readings.get(each, each) for each in key), []).append(key)
    return {
        key
        for alike in sounds.values()
        for key in alike
        if known[key] * TIMES_AS_COMMON <= max(known[other] for other in alike)
    }
