"""Decides what to do with the scores: answer, ask back, say that nothing fits, or point to help."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What the resident gets; `told` is what Ferry itself has to say, for no service is asked for."""

    ANSWER = "answer"
    CLARIFY = "clarify"
    NONE = "none"
    CRISIS = "crisis"
    TOLD = "told"


@dataclass(frozen=True, slots=True)
class Policy:
    """Thresholds of one release, all of them from its own phrases, each left out once.

    Confidence is the chance, from 0 to 1, that a choice is right: a logistic curve over its score
    and its lead over the best other service.
    """

    base: float
    per_score: float
    per_lead: float
    crisis_at: float
    answer_at: float
    clarify_at: float

    def confidence(self, score: float, lead: float) -> float:
        """Return the chance that a service with this score and lead is the right one."""
        surety = self.base + self.per_score * score + self.per_lead * lead
        return 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, surety))))

    def outcome(self, confidences: Sequence[float], *, in_crisis: bool) -> Outcome:
        """Decide from the confidences of the choices, best first."""
        best = max(confidences, default=0.0)
        if in_crisis:
            return Outcome.CRISIS
        if best >= self.answer_at:
            return Outcome.ANSWER
        return Outcome.CLARIFY if sum(confidences) >= self.clarify_at else Outcome.NONE
