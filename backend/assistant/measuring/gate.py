"""Says whether a release does worse than the one before it: what a publisher is asked about."""

from collections.abc import Sequence
from dataclasses import dataclass

from backend.assistant.content.intents import Content
from backend.assistant.measuring.evaluation import figures_of, try_all
from backend.assistant.measuring.exam import sit
from backend.assistant.measuring.questions import Asked
from backend.assistant.releases.release import Release
from backend.assistant.router import ask

# A share may fall by so much from one release to the next: a line or two of a hundred is noise.
MOST_LOST = 0.01
# Shares are kept to four places; what lies within them is no fall.
ROUNDING = 0.0001


@dataclass(frozen=True, slots=True)
class Compared:
    """One share of the new release, 0 to 1, beside that of the one before it."""

    what: str
    before: float | None
    after: float | None

    @property
    def has_fallen(self) -> bool:
        if self.before is None or self.after is None:
            return False
        return self.after < self.before - MOST_LOST - ROUNDING

    def __str__(self) -> str:
        return f"{self.what}: {_percent(self.after)}, before {_percent(self.before)}"


def exam_share(release: Release, content: Content) -> float | None:
    """Return which share of the staff's own lines `release` gets right, None without any."""
    result = sit(release, content)
    return round(1 - len(result.failed) / result.tried, 4) if result.tried else None


def first_right(release: Release, questions: Sequence[Asked]) -> float | None:
    """Return how often the best choice is right, of the questions that a service answers."""
    return figures_of(try_all(lambda text: ask(release, text), questions)).top1


def _percent(share: float | None) -> str:
    return "unknown" if share is None else f"{share:.1%}"
