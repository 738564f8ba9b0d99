"""An answer in the resident's language: a sentence to show, and titled choices."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from backend.assistant.policy import Outcome
from backend.assistant.release import Crisis
from backend.assistant.reply import Answer, Choice
from backend.core.languages import Language, Words
from backend.menu import GENERAL_HOTLINE, NOTICE, Catalogue

SAYS = {
    Outcome.ANSWER: Words("This is the service for that.", "這項服務適合你。", "这项服务适合你。"),
    Outcome.CLARIFY: Words(
        "Which of these do you mean?", "你是指以下哪一項？", "你是指以下哪一项？"
    ),
    Outcome.NONE: Words(
        "I know of no service for that. You may call 1823, where a person answers.",
        "我找不到相關的服務。你可以致電1823，由職員協助。",
        "我找不到相关的服务。你可以致电1823，由职员协助。",
    ),
}
OFFERED = (Outcome.ANSWER, Outcome.CLARIFY)


@dataclass(frozen=True)
class Speaker:
    """Puts answers into words, with the names that the catalogue knows."""

    catalogue: Catalogue
    language: Language

    def answer(self, answer: Answer) -> dict[str, Any]:
        """Return the members of a reply. Nothing is offered where no service fits.

        A release may be newer than this process's catalogue: a service that only the release knows
        is left out, and the next best is then asked about and never passed off as the answer.
        """
        choices = answer.choices if answer.outcome in OFFERED else ()
        known = [each for each in choices if each.service in self.catalogue.service_by_id]
        outcome = answer.outcome
        if outcome in OFFERED and list(choices[:1]) != known[:1]:
            outcome = Outcome.CLARIFY if known else Outcome.NONE
        crisis = answer.crisis if outcome is Outcome.CRISIS else None
        says = crisis.says if crisis else SAYS[outcome]
        return {
            "outcome": outcome,
            "says": says.into(self.language),
            "choices": [self.choice(choice) for choice in known],
            "crisis": self.crisis(crisis) if crisis else None,
            "hotline": self._hotline(outcome, known, crisis),
            "release": answer.release,
            "notice": NOTICE.into(self.language),
        }

    def choice(self, choice: Choice) -> dict[str, Any]:
        """Return the members of one choice."""
        service = self.catalogue.get_service(choice.service)
        return {
            "service": service.id,
            "title": service.name.into(self.language),
            "department": {
                "id": service.department_id,
                "name": self.catalogue.department_name(service.department_id, self.language),
                "hotline": self.catalogue.hotline_of(service),
            },
            "confidence": round(choice.confidence, 3),
            "why": {"words": choice.why.words, "phrase": choice.why.phrase},
        }

    def crisis(self, crisis: Crisis) -> dict[str, Any]:
        """Return what to do now, and whom to call."""
        return {
            "title": crisis.title.into(self.language),
            "calls": [
                {
                    "number": call.number,
                    "name": call.name.into(self.language),
                    "source": call.source,
                    "checked": call.checked,
                }
                for call in crisis.calls
            ],
        }

    def _hotline(self, outcome: Outcome, known: Sequence[Choice], crisis: Crisis | None) -> str:
        if crisis and crisis.calls:
            return crisis.calls[0].number
        if outcome is Outcome.ANSWER and known:
            return self.catalogue.hotline_of(self.catalogue.get_service(known[0].service))
        return GENERAL_HOTLINE
