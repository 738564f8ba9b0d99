"""Says why a service was chosen: the words that decided it and the phrase that is nearest."""

from dataclasses import dataclass

from rapidfuzz import fuzz, process

from backend.assistant.normalise import Question
from backend.assistant.policy import Outcome
from backend.assistant.release import Crisis, Examples, Release
from backend.assistant.scores import Scored
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
    release: Release, question: Question, scored: Scored, target: int, language: Language | None
) -> Why:
    """Explain why `target` was chosen for `question`, the phrase in the script of `language`."""
    examples = release.examples[target]
    if language in CHINESE and any(is_chinese(token[0]) for token in question.tokens):
        examples = examples.within(language)
    return Why(_deciding_words(question, scored, target), _nearest(question.text, examples))


def _deciding_words(question: Question, scored: Scored, target: int) -> tuple[str, ...]:
    """Pick the resident's words that added most to the score; a pair of characters is a word."""
    gains = scored.gains_of_parts(target)
    writing = dict(zip(question.tokens, question.shown, strict=True))
    least = LEAST_SHARE * float(gains.max(initial=0.0))
    words: dict[str, None] = {}
    for place in gains.argsort()[::-1].tolist():
        if gains[place] <= least or len(words) == MOST_WORDS:
            break
        part = scored.question.parts[place]
        if len(part) == 2 and not is_chinese(part[0][0]):
            continue
        shown = "".join(dict.fromkeys(writing.get(token, "") for token in part))
        if shown and not any(shown in word or word in shown for word in words):
            words[shown] = None
    return tuple(words)


def _nearest(text: str, examples: Examples) -> str:
    found = process.extractOne(text, examples.folded, scorer=fuzz.ratio)
    return examples.texts[found[2]] if found else ""
