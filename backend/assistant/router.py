"""The one front door of the engine: a question in, an answer out, nothing else touched."""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from backend.assistant.normalise import MOST_RAW_CHARACTERS, Question, normalise
from backend.assistant.policy import Outcome, Policy
from backend.assistant.releases.release import Crisis, Kind, Release
from backend.assistant.reply import Answer, Choice, why
from backend.assistant.scores import from_the_best, vector, weigh
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
    release give the same answer. Costs 0.1 to 0.3 ms, and not much more at worst, because no more
    than 256 characters are read.
    """
    question = normalise(text, release.synonyms)
    if not question.tokens:
        return Answer(Outcome.NONE, (), release.version)
    question, guessed = mended(release, question)
    scored = weigh(release, vector(release, question.tokens, guessed))
    found, policy = scored.scores, release.policy
    opinion = release.opinion(question)
    if opinion is not None and release.meaning:
        found, policy = found + opinion, release.meaning.policy
    exact = release.exact.get(question.tokens)
    if exact is not None:
        found[exact] = found.max() + EXACT_LEAD
    choices = tuple(
        Choice(
            release.targets[target].service,
            release.targets[target].intent,
            confidence,
            why(release, question, scored, target, language),
        )
        for target, confidence in best_services(release, found, policy)
    )
    crisis = crisis_in(release, found, exact, policy) or crisis_in_passing(release, text)
    confidences = [choice.confidence for choice in choices]
    outcome = policy.outcome(confidences, in_crisis=crisis is not None)
    sure = exact is not None and release.targets[exact].kind is Kind.SERVICE
    return Answer(outcome, choices, release.version, crisis, exact=sure)


def crisis_in_passing(release: Release, text: str) -> Crisis | None:
    """Return the kind of crisis that one sentence among others tells of, or None.

    Beside an everyday question a cry for help is drowned: "how do I pay my bill? I want to die".
    Only a sentence that the staff have written down, or one all but the same, counts here: a few
    words out of a long story would raise false alarms.
    """
    sentences = text[:MOST_RAW_CHARACTERS].translate(SENTENCE_ENDS).split("\n")
    told = [sentence for sentence in sentences if sentence.strip()][:MOST_SENTENCES]
    if len(told) < 2 or not release.crisis_phrases:
        return None
    for sentence in told:
        kind = crisis_all_but_written(release, normalise(sentence, release.synonyms).text)
        if kind:
            return release.crises[kind]
    return None


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


def mended(release: Release, question: Question) -> tuple[Question, int]:
    """Return the question with misspelt words mended, and how many were."""
    repaired = [release.lexicon.repaired(token) for token in question.tokens]
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


def crisis_in(
    release: Release, found: NDArray[np.float32], exact: int | None, policy: Policy
) -> Crisis | None:
    """Return the kind of crisis that the question tells of, or None."""
    columns = release.columns
    if not len(columns.crises):
        return None
    kind = columns.crises[found[columns.crises].argmax()]
    if exact is not None and release.targets[exact].kind is not Kind.CRISIS:
        return None
    told = exact is not None or columns.crisis_lead(found) >= policy.crisis_at
    return release.crises[release.targets[kind].intent] if told else None
