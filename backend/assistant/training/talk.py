"""Chooses what the talk model learns: the staff's talk against a sample of all that is none."""

import hashlib
from collections.abc import Iterator

from backend.assistant.content.intents import Content, Phrases, Status, Talk, Written
from backend.assistant.normalise import Synonyms, Tokens, normalise
from backend.assistant.releases.release import Kind, Saying, Target
from backend.assistant.training.build import Material
from backend.core.languages import Language

# What is no talk is learnt from so many phrases: enough to tell, and trained in seconds.
MOST_NO_TALK = 5000

Said = tuple[str, Language]


def talk_material(content: Content) -> Material | None:
    """Return what the talk model learns; None where the content has no talk."""
    live = live_talk(content)
    if not live:
        return None
    synonyms = Synonyms.of(content.synonyms)
    phrases = [tuple(_said(each.phrases)) for each in live]
    known = {normalise(text, synonyms).tokens for said in phrases for text, _ in said}
    return Material(
        content.digest,
        (
            *(Target(Kind.SERVICE, each.heard, each.heard) for each in live),
            Target(Kind.OUTSIDE, "outside"),
        ),
        (*phrases, _no_talk(content, synonyms, known)),
        synonyms,
    )


def live_talk(content: Content) -> list[Talk]:
    """Return the talk that is in use."""
    return [each for each in content.talk if each.status is Status.LIVE]


def sayings_of(content: Content) -> dict[str, Saying]:
    """Return what Ferry says to each kind of talk."""
    return {
        each.heard: Saying(each.title, each.says, tuple(line.text for line in each.offers))
        for each in live_talk(content)
    }


def bill_kinds_of(content: Content) -> dict[str, tuple[Tokens, ...]]:
    """Return the words that name each kind of bill, as a question is cut."""
    synonyms = Synonyms.of(content.synonyms)
    return {
        kind: tuple(dict.fromkeys(normalise(line.text, synonyms).tokens for line in lines))
        for kind, lines in content.bill_kinds.items()
    }


def _no_talk(content: Content, synonyms: Synonyms, talk: set[Tokens]) -> tuple[Said, ...]:
    """Sample what is said to services, in a crisis and outside, by hash: the same ones every time.

    What is talk as well, such as a greeting that no service answers, is left out.
    """
    everything = dict.fromkeys(_every_phrase(content))
    ordered = sorted(everything, key=lambda said: hashlib.sha256(said[0].encode()).digest())
    sample = ordered[:MOST_NO_TALK]
    return tuple(said for said in sample if normalise(said[0], synonyms).tokens not in talk)


def _every_phrase(content: Content) -> Iterator[Said]:
    everything: list[Written] = [*content.intents, *content.crises]
    for each in everything:
        if each.status is Status.LIVE:
            yield from _said(each.phrases)
    yield from _said(content.outside.phrases)


def _said(phrases: Phrases) -> Iterator[Said]:
    for language, lines in phrases.items():
        for line in lines:
            yield line.text, language
