"""Says why a service was chosen: the words that decided it and the phrase that is nearest."""

from dataclasses import dataclass
from itertools import pairwise

from rapidfuzz import fuzz, process

from backend.assistant.normalise import Question
from backend.assistant.policy import Outcome
from backend.assistant.releases.phrasebook import Examples
from backend.assistant.releases.release import Crisis, Release
from backend.assistant.scores import Scored
from backend.core.languages import Language, Words
from backend.core.text import is_chinese

CHINESE = (Language.ZH_HANT, Language.ZH_HANS)
MOST_WORDS = 3
# A part that brings less than this share of the strongest part's gain did not decide anything.
LEAST_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class Why:
    """Fit to show a resident: their own words that decided, and the staff's phrase most like it."""

    words: tuple[str, ...]
    phrase: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A service that may be meant, with the chance (0 to 1) that it is."""

    service: str
    intent: str
    confidence: float
    why: Why


@dataclass(frozen=True, slots=True)
class Answer:
    """The reply to one question, from one release.

    `choices` holds the best three, best first, whatever the outcome: with `clarify` they are what
    to ask back, with `none` they are for measuring only. `crisis` stands with that outcome alone.
    With `told` they are the services concerned, often none. `says` is what to say instead of the
    sentence that belongs to the outcome; `{service}`, `{department}` and `{hotline}` in it stand
    for those of the first choice. `exact` answers are sure: the staff wrote these very words.
    """

    outcome: Outcome
    choices: tuple[Choice, ...]
    release: str
    crisis: Crisis | None = None
    says: Words | None = None
    exact: bool = False


def why(
    release: Release, question: Question, scored: Scored, target: int, language: Language | None
) -> Why:
    """Explain why `target` was chosen for `question`, the phrase in the script of `language`."""
    examples = release.examples[target]
    if language in CHINESE and any(is_chinese(token[0]) for token in question.tokens):
        examples = examples.within(language)
    return Why(_deciding_words(question, scored, target), _nearest(question.text, examples))


def _deciding_words(question: Question, scored: Scored, target: int) -> tuple[str, ...]:
    """Pick the resident's own words that added most to the score, the strongest first."""
    gains = _gains_of_tokens(question, scored, target)
    least = max(LEAST_SHARE * max(gains), 0.0)
    found: dict[str, float] = {}
    for place, (token, shown, gain) in enumerate(
        zip(question.tokens, question.shown, gains, strict=True)
    ):
        if gain <= least or not shown:
            continue
        # Characters that stand side by side and both decided are one word to a reader.
        before = next(reversed(found), "")
        joined = place and is_chinese(token[0]) and gains[place - 1] > least
        if joined and question.shown[place - 1] and is_chinese(question.tokens[place - 1][0]):
            found[before + shown] = max(found.pop(before, gain), gain)
        else:
            found[shown] = max(found.pop(shown, gain), gain)
    return tuple(sorted(found, key=found.__getitem__, reverse=True)[:MOST_WORDS])


def _gains_of_tokens(question: Question, scored: Scored, target: int) -> list[float]:
    """Return what each token added, with half of what each of its pairs added."""
    parts = scored.question.parts
    of_part = dict(zip(parts, scored.gains_of_parts(target).tolist(), strict=True))
    gains = [of_part[(token,)] for token in question.tokens]
    for place, pair in enumerate(pairwise(question.tokens)):
        gains[place] += of_part[pair] / 2
        gains[place + 1] += of_part[pair] / 2
    return gains


def _nearest(text: str, examples: Examples) -> str:
    found = process.extractOne(text, examples.folded, scorer=fuzz.ratio)
    return examples.texts[found[2]] if found else ""
