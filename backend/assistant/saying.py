"""An answer in the resident's language: a sentence to show, and titled choices."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from backend.assistant.own.books import Own
from backend.assistant.policy import Outcome
from backend.assistant.releases.release import Crisis
from backend.assistant.reply import Answer, Choice
from backend.core.languages import Language, Words
from backend.menu import GENERAL_HOTLINE, NOTICE, Catalogue

SAYS = {
    Outcome.ANSWER: Words(
        "This is the service for that.", "你要找的應該是這項服務。", "你要找的应该是这项服务。"
    ),
    Outcome.CLARIFY: Words(
        "Which of these do you mean?", "你是指以下哪一項？", "你是指以下哪一项？"
    ),
    Outcome.NONE: Words(
        "I know of no service for that. You may call 1823, where a person answers.",
        "我找不到相關的服務。你可以致電1823，由真人接聽。",
        "我找不到相关的服务。你可以致电1823，由真人接听。",
    ),
    Outcome.TOLD: Words(
        "This is what I can tell you.", "以下是我可以告訴你的。", "以下是我可以告诉你的。"
    ),
}
OFFERED = (Outcome.ANSWER, Outcome.CLARIFY)
SHOWN = (*OFFERED, Outcome.TOLD)
OF_A_SERVICE = ("{service}", "{department}")


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
        choices = answer.choices if answer.outcome in SHOWN else ()
        known = [each for each in choices if each.service in self.catalogue.service_by_id]
        outcome = _outcome(answer, known)
        crisis = answer.crisis if outcome is Outcome.CRISIS else None
        hotline = self._hotline(outcome, known, crisis)
        says = (crisis.says if crisis else SAYS[outcome]).into(self.language)
        if answer.says and outcome is answer.outcome:
            says = self._filled(answer.says, known)
        return {
            "outcome": outcome,
            "says": says,
            "choices": [self.choice(choice) for choice in known],
            "crisis": self.crisis(crisis) if crisis else None,
            "theme": self._theme(answer.choices) if outcome is Outcome.NONE else None,
            "own": None,
            "sign_in": False,
            "hotline": hotline,
            "release": answer.release,
            "notice": NOTICE.into(self.language),
        }

    def own(self, own: Own) -> dict[str, Any]:
        """Return the members of what is the resident's own."""
        return {
            "topic": own.topic,
            "bills": [
                {**asdict(each.bill), "pay": {"bill": each.bill.id, "service": each.service}}
                for each in own.bills
            ],
            "count": own.count,
            "total_due_cents": own.total_due_cents,
            "messages": list(own.messages),
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

    def _filled(self, says: Words, known: Sequence[Choice]) -> str:
        """Fill in the service spoken of, its department and whom to call, where they are named."""
        if not known:
            return says.into(self.language, hotline=GENERAL_HOTLINE)
        service = self.catalogue.get_service(known[0].service)
        return says.into(
            self.language,
            service=service.name.into(self.language),
            department=self.catalogue.department_name(service.department_id, self.language),
            hotline=self.catalogue.hotline_of(service),
        )

    def _theme(self, choices: Sequence[Choice]) -> dict[str, str] | None:
        """Return the theme nearest to a question that no service fits, None if none is near.

        It is the one that most of the best services stand in, else that of the best of them. A
        service that none of the resident's words speak for is not near.
        """
        near = [
            self.catalogue.service_by_id[each.service].theme_id
            for each in choices
            if each.why.words and each.service in self.catalogue.service_by_id
        ]
        if not near:
            return None
        theme = self.catalogue.theme_by_id[Counter(near).most_common(1)[0][0]]
        return {"id": theme.id, "name": theme.name.into(self.language)}

    def _hotline(self, outcome: Outcome, known: Sequence[Choice], crisis: Crisis | None) -> str:
        if crisis and crisis.calls:
            return crisis.calls[0].number
        if outcome is Outcome.ANSWER or (outcome is Outcome.TOLD and len(known) == 1):
            return self.catalogue.hotline_of(self.catalogue.get_service(known[0].service))
        return GENERAL_HOTLINE


def _outcome(answer: Answer, known: Sequence[Choice]) -> Outcome:
    """Return the outcome that still holds where some services are not `known` here."""
    shown = answer.choices if answer.outcome in SHOWN else ()
    is_whole = list(shown[:1]) == list(known[:1])
    if answer.outcome is Outcome.TOLD:
        speaks_of_one = answer.says is not None and any(
            place in answer.says.en for place in OF_A_SERVICE
        )
        is_whole = bool(known and is_whole) or not speaks_of_one
    if is_whole:
        return answer.outcome
    return Outcome.CLARIFY if known else Outcome.NONE
