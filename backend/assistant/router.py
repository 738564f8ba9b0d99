"""The one front door of the engine: a question in, an answer out, nothing else touched."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from backend.assistant.normalise import MOST_RAW_CHARACTERS, Question, normalise
from backend.assistant.policy import Outcome, Policy
from backend.assistant.releases.release import Crisis, Kind, Release
from backend.assistant.reply import Answer, Choice, why
from backend.assistant.scores import Scored, from_the_best, vector, weigh
from backend.core.languages import Language

MOST_CHOICES = 3
# What an exact phrase of the staff is ahead of everything else: certain, on the scale of scores.
EXACT_LEAD = 1.0
# What ends a sentence or a part of one, in either script.
SENTENCE_ENDS = str.maketrans(dict.fromkeys(".?!,;:。？！，、；：", "\n"))
MOST_SENTENCES = 8
# From here on a phrase counts as the same (rapidfuzz ratio, 0 to 100): measured, see decision 0007.
NEAR_EXACT = 92


def ask(release: Release, text: str, language: Language | None = None) -> Answer:
    """Answer `text` from `release`; any text at all is answered, none raises.

    `language` only picks in which script an example phrase is shown. Pure: the same text and
    release give the same answer. Costs a third of a millisecond, half of it the reasons, and a few
    times that at worst, because no more than 256 characters are read.
    """
    told = weighed(release, text)
    if not told.question.tokens:
        return Answer(Outcome.NONE, (), release.version)
    choices = tuple(
        Choice(
            release.targets[target].service,
            release.targets[target].intent,
            confidence,
            why(release, told.question, told.scored, target, language),
        )
        for target, confidence in best_services(release, told.scores, told.policy)
    )
    crisis = crisis_in(release, told) or crisis_in_passing(release, text)
    confidences = [choice.confidence for choice in choices]
    outcome = told.policy.outcome(confidences, in_crisis=crisis is not None)
    sure = told.exact is not None and release.targets[told.exact].kind is Kind.SERVICE
    return Answer(outcome, choices, release.version, crisis, exact=sure)


def crisis_of(release: Release, text: str) -> Crisis | None:
    """Return the kind of crisis that `ask` would tell of, without looking for any service."""
    told = weighed(release, text)
    if not told.question.tokens:
        return None
    return crisis_in(release, told) or crisis_in_passing(release, text)


@dataclass(frozen=True, slots=True)
class Weighed:
    """A question against every target.

    `scored` is what its words say; `scores` (targets,) what decides: with the second opinion, if
    one was had, and an exact phrase ahead of all. `policy` fits these scores.
    """

    question: Question
    scored: Scored
    scores: NDArray[np.float32]
    policy: Policy
    exact: int | None


def weighed(release: Release, text: str) -> Weighed:
    """Normalise `text`, mend it, and score it against every target of `release`."""
    question, guessed = mended(normalise(text, release.synonyms), release.lexicon.repaired)
    scored = weigh(release, vector(release, question.tokens, guessed))
    scores, policy = scored.scores.copy(), release.policy
    opinion = release.opinion(question)
    if opinion is not None and release.meaning:
        scores, policy = scores + opinion, release.meaning.policy
    exact = release.exact.get(question.tokens)
    if exact is not None:
        scores[exact] = scores.max() + EXACT_LEAD
    return Weighed(question, scored, scores, policy, exact)


def crisis_in_passing(release: Release, text: str) -> Crisis | None:
    """Return the kind of crisis that one sentence among others tells of, or None.

    Beside an everyday question a cry for help is drowned: "how do I pay my bill? I want to die".
    Only a sentence that the staff have written down, or one all but the same, counts here: a few
    words out of a long story would raise false alarms.
    """
    told = sentences_of(text)
    if len(told) < 2 or not release.crisis_phrases:
        return None
    for sentence in told:
        kind = crisis_all_but_written(release, normalise(sentence, release.synonyms).text)
        if kind:
            return release.crises[kind]
    return None


def sentences_of(text: str) -> list[str]:
    """Cut `text` into the first few of its sentences, or parts of them, that hold anything."""
    sentences = text[:MOST_RAW_CHARACTERS].translate(SENTENCE_ENDS).split("\n")
    return [sentence for sentence in sentences if sentence.strip()][:MOST_SENTENCES]


def crisis_all_but_written(release: Release, folded: str) -> str | None:
    """Return the kind of the crisis phrase nearest to `folded`, None if none is near.

    Only phrases about as long can be: of the letters of two texts no more match than the shorter has.
    """
    shortest = math.ceil(len(folded) * NEAR_EXACT / (200 - NEAR_EXACT))
    longest = math.floor(len(folded) * (200 - NEAR_EXACT) / NEAR_EXACT)
    best, score = None, float(NEAR_EXACT)
    for length in range(shortest, longest + 1):
        phrases = release.crisis_phrases.get(length, {})
        near = process.extractOne(folded, phrases.keys(), scorer=fuzz.ratio, score_cutoff=score)
        if near:
            best, score = phrases[near[0]], near[1]
    return best


def mended(question: Question, repair: Callable[[str], str | None]) -> tuple[Question, int]:
    """Return the question with its misspelt words as `repair` mends them, and how many were."""
    repaired = [repair(token) for token in question.tokens]
    guessed = sum(word is not None for word in repaired)
    if not guessed:
        return question, 0
    tokens = tuple(new or old for new, old in zip(repaired, question.tokens, strict=True))
    return replace(question, tokens=tokens), guessed


def best_services(
    release: Release, found: NDArray[np.float32], policy: Policy
) -> list[tuple[int, float]]:
    """Return (target, confidence) of the best three distinct services, best first.

    The lead of a service is over the best other service, or over what lies outside all of them.
    """
    columns = release.columns
    best: dict[str, int] = {}
    for place in from_the_best(found[columns.services]):
        target = int(columns.services[place])
        best.setdefault(release.targets[target].service, target)
        if len(best) > MOST_CHOICES:
            break
    targets = list(best.values())
    outside = float(found[columns.outside].max(initial=-np.inf))
    ranked = []
    for target in targets[:MOST_CHOICES]:
        others = [float(found[other]) for other in targets[:2] if other != target]
        lead = float(found[target]) - max(outside, *others, -1.0)
        ranked.append((target, policy.confidence(float(found[target]), lead)))
    return ranked


def crisis_in(release: Release, told: Weighed) -> Crisis | None:
    """Return the kind of crisis that the question tells of, or None."""
    columns = release.columns
    if not len(columns.crises):
        return None
    if told.exact is not None and release.targets[told.exact].kind is not Kind.CRISIS:
        return None
    is_crisis = told.exact is not None or columns.crisis_lead(told.scores) >= told.policy.crisis_at
    kind = columns.crises[told.scores[columns.crises].argmax()]
    return release.crises[release.targets[kind].intent] if is_crisis else None
