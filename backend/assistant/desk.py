"""One turn at the desk: what the release answers, and what is the caller's own, put together."""

from dataclasses import dataclass, replace
from typing import Any

from backend.assistant import own_words
from backend.assistant.dialogue import State, Step, choose, step
from backend.assistant.own import Books, Own, Topic
from backend.assistant.policy import Outcome
from backend.assistant.refusals import ServiceNotKnown
from backend.assistant.release import Release
from backend.assistant.reply import Choice, Why
from backend.assistant.saying import Speaker
from backend.assistant.talk import TalkKind, bill_kinds_in
from backend.bills import BillKind
from backend.core.languages import Language
from backend.menu import Catalogue

# Follow-ups that a bill itself answers; any other is about the service that takes its payment.
WAYS_TO_PAY = frozenset({"how", "online", "where"})
PAYMENT = frozenset({"status"})
OF_THE_BILL = WAYS_TO_PAY | PAYMENT | {"cost"}
# What “it” means, where a bill is spoken of and the question names no kind.
OF_IT = (Topic.DUE, Topic.PAID)


@dataclass(frozen=True)
class Reply:
    """What to send, and what the conversation remembers."""

    members: dict[str, Any]
    state: State

    @property
    def outcome(self) -> Outcome:
        return Outcome(self.members["outcome"])

    @property
    def service(self) -> str | None:
        """The service that is shown first."""
        choices = self.members["choices"]
        return str(choices[0]["service"]) if choices else None


@dataclass(frozen=True)
class Desk:
    """Answers one caller in one language; `books` are a resident's, None for a stranger."""

    release: Release
    catalogue: Catalogue
    language: Language
    books: Books | None

    def hear(self, state: State, text: str) -> Reply:
        """Answer what was typed; any text at all is answered."""
        taken = step(self.release, state, text, self.language)
        heard = taken.heard
        if heard and heard.kind is TalkKind.OWN and heard.name in set(Topic):
            return self._about_own(taken, Topic(heard.name), text)
        own = self._spoken_of(taken)
        return self._about_bills(taken, own) if own else self._plain(taken)

    def tap(self, state: State, service_id: str) -> Reply:
        """Answer a tap on a service; ServiceNotKnown where the menu has none such."""
        if service_id not in self.catalogue.service_by_id:
            raise ServiceNotKnown
        return self._plain(choose(self.release, state, service_id, self.language))

    def _about_own(self, taken: Step, topic: Topic, text: str) -> Reply:
        if topic is Topic.OTHERS:
            # The same words for everybody: whether there is such a person is not even looked up.
            return self._told(taken, own_words.NOT_YOURS.into(self.language))
        if self.books is None:
            return self._told(taken, own_words.SIGN_IN.into(self.language), sign_in=True)
        named = bill_kinds_in(self.release, text)
        kinds = [BillKind(kind) for kind in named if kind in set(BillKind)]
        if taken.state.bill and topic in OF_IT and not kinds:
            own = self.books.some([taken.state.bill], topic)
            if own:
                return self._shown(taken, own_words.sentence(own, self.language), own)
        own = self.books.look_up(topic, kinds)
        if topic is not Topic.MESSAGES:
            taken = replace(taken, state=_after(own, taken.state))
        return self._shown(taken, own_words.sentence(own, self.language), own)

    def _spoken_of(self, taken: Step) -> Own | None:
        """Return the bill that is spoken of, or those still to pick from; None where none is."""
        if self.books is None or not taken.about_bill:
            return None
        is_payment = taken.heard is not None and taken.heard.name in PAYMENT
        bill = taken.state.bill
        return self.books.some(
            [bill] if bill else taken.state.bills, Topic.PAID if is_payment else Topic.BILLS
        )

    def _about_bills(self, taken: Step, own: Own) -> Reply:
        if own.count > 1:
            return self._shown(taken, own_words.WHICH.into(self.language), own)
        says = own_words.sentence(own, self.language)
        service = self.catalogue.service_by_id.get(own.bills[0].service or "")
        if service is None:
            return self._shown(taken, says, own)
        name = service.name.into(self.language)
        paid_at = (Choice(service.id, "", 1.0, Why((), name)),)
        taken = replace(taken, answer=replace(taken.answer, choices=paid_at))
        asked = taken.heard.name if taken.heard and taken.heard.kind is TalkKind.FOLLOW else ""
        if asked in WAYS_TO_PAY:
            says += own_words.how_to_pay(name, self.language)
        elif asked and asked not in OF_THE_BILL:
            says = self._plain(taken).members["says"]
        return self._shown(taken, says, own)

    def _shown(self, taken: Step, says: str, own: Own) -> Reply:
        reply = self._told(taken, says)
        shown = Speaker(self.catalogue, self.language).own(own)
        return replace(reply, members={**reply.members, "own": shown})

    def _told(self, taken: Step, says: str, *, sign_in: bool = False) -> Reply:
        told = replace(taken.answer, outcome=Outcome.TOLD, says=None)
        reply = self._plain(replace(taken, answer=told))
        return replace(reply, members={**reply.members, "says": says, "sign_in": sign_in})

    def _plain(self, taken: Step) -> Reply:
        members = Speaker(self.catalogue, self.language).answer(taken.answer)
        state, known = taken.state, self.catalogue.service_by_id
        # What this catalogue does not know was not shown: “the second one” counts without it.
        offered = tuple(service for service in state.offered if service in known)
        service = state.service if state.service in known else None
        return Reply(members, replace(state, offered=offered, service=service))


def _after(own: Own, state: State) -> State:
    """Return the state once bills were shown: the sentence tells of the first, so that is “it”.

    Not where several were shown to “when is it due?”: asked once more over a bad line, the same
    question must bring the same bills.
    """
    ids = tuple(each.bill.id for each in own.bills)
    is_open = own.topic in OF_IT and not own.kinds and len(ids) > 1
    return replace(state, bills=ids, bill=None if is_open or not ids else ids[0], left=None)
