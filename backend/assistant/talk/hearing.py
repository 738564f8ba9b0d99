"""Hears what a resident says that asks for no service: help, follow-ups, own data, a choice."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

import numpy as np

from backend.assistant.normalise import Tokens, normalise
from backend.assistant.releases.release import Kind, Release
from backend.assistant.router import best_services, mended
from backend.assistant.scores import vector, weigh
from backend.assistant.talk.picking import NEITHER, OTHER, PLACES


class TalkKind(StrEnum):
    """The four folders of `intents/talk/`."""

    HELP = "help"
    FOLLOW = "follow"
    OWN = "own"
    CHOOSE = "choose"


# What code answers has names that code knows; to the others staff may add freely.
NAMES = {
    TalkKind.OWN: ("bills", "due", "paid", "messages", "others"),
    TalkKind.CHOOSE: (*PLACES, OTHER, NEITHER),
}


# From here on, on the scale of confidence, it is likelier right than wrong.
LIKELY = 0.5


@dataclass(frozen=True, slots=True)
class Heard:
    """What was said, such as `follow` and `cost`, and the chance (0 to 1) that it was.

    `exact` if the staff wrote these very words. What is not `is_sure` is only more like this than
    like a question for a service: it counts where it fits what was said before. What `answers` is
    as sure as the release has to be to answer outright.
    """

    kind: TalkKind
    name: str
    exact: bool = False
    confidence: float = 1.0
    answers: bool = True

    @property
    def is_sure(self) -> bool:
        return self.exact or self.confidence >= LIKELY

    @property
    def id(self) -> str:
        """The key of what Ferry says to it: `Release.sayings[heard.id]`."""
        return f"{self.kind}/{self.name}"

    @classmethod
    def of(
        cls, intent: str, *, exact: bool = False, confidence: float = 1.0, answers: bool = True
    ) -> "Heard":
        kind, _, name = intent.partition("/")
        return cls(TalkKind(kind), name, exact, confidence, answers)


def hear(release: Release, text: str) -> Heard | None:
    """Return what `text` says if it is talk; None for a question to be routed.

    Pure, any text at all; costs less than `ask`, for the model is small and nothing is explained.
    """
    talk = release.talk
    if talk is None:
        return None
    question = normalise(text, talk.synonyms)
    if not question.tokens:
        return None
    question, guessed = mended(question, partial(_repaired, release, talk))
    exact = talk.exact.get(question.tokens)
    if exact is not None:
        target = talk.targets[exact]
        return Heard.of(target.intent, exact=True) if target.kind is Kind.SERVICE else None
    found = weigh(talk, vector(talk, question.tokens, guessed)).scores
    best, confidence = best_services(talk, found, talk.policy)[0]
    if found[best] <= found[talk.columns.outside].max(initial=-np.inf):
        return None
    answers = confidence >= talk.policy.answer_at
    return Heard.of(talk.targets[best].intent, confidence=confidence, answers=answers)


def bill_kinds_in(release: Release, text: str) -> tuple[str, ...]:
    """List the kinds of bill that `text` names, in the order of `talk/kinds.yaml`."""
    question, _ = mended(normalise(text, release.synonyms), release.lexicon.repaired)
    widths = {len(words) for kind in release.bill_kinds.values() for words in kind}
    said = set(_runs(question.tokens, widths))
    return tuple(kind for kind, words in release.bill_kinds.items() if not said.isdisjoint(words))


def _runs(tokens: Tokens, widths: set[int]) -> Iterator[Tokens]:
    for width in widths:
        for place in range(len(tokens) - width + 1):
            yield tokens[place : place + width]


def _repaired(release: Release, talk: Release, word: str) -> str | None:
    """Mend a misspelt word; one that the services know is none, though talk may not have it."""
    return None if word in release.lexicon.counts else talk.lexicon.repaired(word)
