"""What of a question may be kept, for how long, and how it is recognised when it comes again."""

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from backend.assistant.feedback.masking import mask, says_nothing
from backend.core.languages import Language
from backend.core.text import fold

LONGEST_KEPT = 256
KEPT_FOR = timedelta(days=90)
# New ones of one day; past them only known ones are counted, so that nonsense cannot fill a disk.
MOST_NEW_A_DAY = 2000


class Reason(StrEnum):
    """Why a question counts as missed."""

    NONE = "none"
    NOT_HELPFUL = "not_helpful"


@dataclass(frozen=True, slots=True)
class Missed:
    """A question that was missed; `text` is masked, and short."""

    text: str
    language: Language
    reason: Reason
    service: str | None
    release: str

    @property
    def fingerprint(self) -> str:
        """The same for the same question in another case, width or script."""
        told = "\0".join([fold(self.text), self.reason, self.language])
        return hashlib.sha256(told.encode()).hexdigest()


def missed(
    text: str, language: Language, reason: Reason, service: str | None, release: str
) -> Missed | None:
    """Return what may be kept of `text`, as typed; None where masking leaves nothing to learn."""
    masked = mask(text)[:LONGEST_KEPT].strip()
    if says_nothing(masked):
        return None
    return Missed(masked, language, reason, service, release)


def forgotten_before(today: date) -> date:
    """Return the day from which on questions are still kept."""
    return today - KEPT_FOR
