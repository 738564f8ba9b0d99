"""One turn at the desk: what the release answers, and what is the caller's own, put together."""

from dataclasses import dataclass, replace
from typing import Any

from backend.assistant.own import words as own_words
from backend.assistant.own.books import Books, Own, Topic
from backend.assistant.policy import Outcome
from backend.assistant.refusals import ServiceNotKnown
from backend.assistant.releases.release import Release
from backend.assistant.reply import Choice, Why
from backend.assistant.saying import Speaker
from backend.assistant.talk.dialogue import State, Step, choose, go_on
from backend.assistant.talk.hearing import TalkKind, bill_kinds_in
from backend.assistant.talk.listening import Listened, listen
from backend.bills import BillKind
from backend.core.languages import Language
from backend.menu import Catalogue, Service, ServiceKind

# Follow-ups that a bill itself answers; any other is about the service that takes its payment.
WAYS_TO_PAY = frozenset({"how", "online", "where"})
PAYMENT = frozenset({"status"})
OF_THE_BILL = WAYS_TO_PAY | PAYMENT | {"cost"}
# What “it” means, where a bill is spoken of and the question names no kind.
OF_IT = (Topic.DUE, Topic.PAID)


@dataclass(frozen=True)
class Reply:
    """What to send, what the conversation remembers, and whether talk was heard, not a question."""

    members: dict[str, Any]
    state: State
    is_talk: bool

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
        """Listen to what was typed, and answer it at once; any text at all is answered."""
        return self.answer(state, self.listen(text))

    def listen(self, text: str) -> Listened:
        """Listen to what was typed; any text at all. This is what takes time, and needs no rows."""
        return listen(self.release, text, self.language)

    def answer(self, state: State, said: Listened) -> Reply:
        """Answer what was said, after what was spoken of before."""
        taken = go_on(self.release, state, said, self.language)
        heard = taken.heard
        if heard and heard.kind is TalkKind.OWN and heard.name in set(Topic):
            return self._about_own(taken, Topic(heard.name), said.text)
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
        named = bill_kinds_in(self.release, text)
        if topic is Topic.DUE and not named and self._is_about_no_bill(taken.state):
            return self._deadline_of(taken, self.catalogue.get_service(str(taken.state.service)))
        if self.books is None:
            return self._told(taken, own_words.SIGN_IN.into(self.language), sign_in=True)
        kinds = [BillKind(kind) for kind in named if kind in set(BillKind)]
        if taken.state.bill and topic in OF_IT and not kinds:
            own = self.books.some([taken.state.bill], topic)
            if own:
                return self._shown(taken, own_words.sentence(own, self.language), own)
        own = self.books.look_up(topic, kinds)
        if topic is not Topic.MESSAGES:
            taken = replace(taken, state=_after(own, taken.state))
        return self._shown(taken, own_words.sentence(own, self.language), own)

    def _is_about_no_bill(self, state: State) -> bool:
        """Say whether what was spoken of is a service at which nobody pays."""
        service = self.catalogue.service_by_id.get(state.service or "")
        return not state.bill and service is not None and service.kind is not ServiceKind.PAY

    def _deadline_of(self, taken: Step, service: Service) -> Reply:
        """Say where the last day for a service stands; Ferry does not know it."""
        shown = (Choice(service.id, "", 1.0, Why((), service.name.into(self.language))),)
        answer = replace(taken.answer, outcome=Outcome.TOLD, says=own_words.DEADLINE, choices=shown)
        return self._plain(replace(taken, answer=answer))

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
        is_talk = taken.heard is not None
        return Reply(members, replace(state, offered=offered, service=service), is_talk)


def _after(own: Own, state: State) -> State:
    """Return the state once bills were shown: the sentence tells of the first, so that is “it”.

    Not where several were shown to “when is it due?”: asked once more over a bad line, the same
    question must bring the same bills.
    """
    ids = tuple(each.bill.id for each in own.bills)
    is_open = own.topic in OF_IT and not own.kinds and len(ids) > 1
    return replace(state, bills=ids, bill=None if is_open or not ids else ids[0], left=None)
