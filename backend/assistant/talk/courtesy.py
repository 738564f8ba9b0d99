"""Passes over greetings and thanks around a question, which are no part of what is asked."""

from backend.assistant.normalise import MOST_RAW_CHARACTERS, cut
from backend.assistant.releases.release import Release
from backend.assistant.router import MOST_SENTENCES, SENTENCE_ENDS
from backend.core.text import fold, is_chinese

COURTESIES = ("help/greeting", "help/thanks")
# A greeting in Chinese may stand right before the question; a single character is neither.
SHORTEST, LONGEST = 2, 6
SHORTEST_QUESTION = 2


def without_courtesies(release: Release, text: str) -> str:
    """Return `text` without the greetings and thanks that it begins or ends with.

    Only what the staff wrote word for word counts. Where nothing else was said, all of it stands.
    """
    raw = text[:MOST_RAW_CHARACTERS]
    marked = raw.translate(SENTENCE_ENDS)
    start, stop = 0, len(raw)
    for _ in range(MOST_SENTENCES):
        end = marked.find("\n", start, stop)
        if end < 0 or not _is_courtesy(release, raw[start:end]):
            break
        start = end + 1
    for _ in range(MOST_SENTENCES):
        end = marked.rfind("\n", start, stop)
        if end < 0 or not _is_courtesy(release, raw[end + 1 : stop]):
            break
        stop = end
    rest = raw[start:stop].strip()
    return rest[_greeting_before(release, rest) :] or text


def _greeting_before(release: Release, text: str) -> int:
    """Return how many characters of `text` are a greeting in Chinese, right before the rest."""
    if not text or not is_chinese(text[0]):
        return 0
    lengths = range(min(LONGEST, len(text) - SHORTEST_QUESTION), SHORTEST - 1, -1)
    return next((length for length in lengths if _is_courtesy(release, text[:length])), 0)


def _is_courtesy(release: Release, text: str) -> bool:
    """Say whether `text` is nothing but a greeting or thanks; the end of a sentence is nothing."""
    tokens = cut(fold(text))
    if release.talk is None or not tokens:
        return not tokens
    found = release.talk.exact.get(tokens)
    return found is not None and release.talk.targets[found].intent in COURTESIES
