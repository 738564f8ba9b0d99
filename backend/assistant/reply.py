"""Says why a service was chosen: the words that decided it and the phrase that is nearest."""

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from backend.assistant.normalise import Question
from backend.assistant.policy import Outcome
from backend.assistant.release import Crisis, Example, Release
from backend.assistant.scores import Vector, contributions
from backend.core.languages import Language
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
    """

    outcome: Outcome
    choices: tuple[Choice, ...]
    release: str
    crisis: Crisis | None = None


def why(
    release: Release, question: Question, seen: Vector, target: int, language: Language | None
) -> Why:
    """Explain why `target` was chosen for `question`, the phrase in the script of `language`."""
    words = _deciding_words(release, question, seen, target)
    examples = release.examples[target]
    if language in CHINESE and any(is_chinese(token[0]) for token in question.tokens):
        examples = tuple(each for each in examples if each.language is language) or examples
    return Why(words, _nearest(question.text, examples))


def _deciding_words(
    release: Release, question: Question, seen: Vector, target: int
) -> tuple[str, ...]:
    gained = contributions(release, seen, target)
    writing = dict(zip(question.tokens, question.shown, strict=True))
    words: dict[str, None] = {}
    strongest = float(gained.max(initial=0.0))
    for place in gained.argsort()[::-1]:
        if gained[place] <= LEAST_SHARE * strongest or len(words) == MOST_WORDS:
            break
        tokens = seen.parts[place]
        if len(tokens) == 2 and not is_chinese(tokens[0][0]):
            continue
        shown = "".join(dict.fromkeys(writing.get(token, "") for token in tokens))
        if shown and not any(shown in word or word in shown for word in words):
            words[shown] = None
    return tuple(words)


def _nearest(text: str, examples: Sequence[Example]) -> str:
    folded = [example.folded for example in examples]
    found = process.extractOne(text, folded, scorer=fuzz.ratio)
    return examples[found[2]].text if found else ""
