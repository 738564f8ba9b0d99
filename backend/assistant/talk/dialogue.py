"""One turn of a conversation, as a pure function: what was spoken of, what is said, what follows.

A resident is in danger, picks among what was offered, asks more about what was spoken of, asks for
their own data, asks for help, or asks for a service: in this order. The same turn taken twice gives
the same reply, so that a retry over a bad line does no harm.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from backend.assistant.policy import Outcome
from backend.assistant.releases.release import Release
from backend.assistant.reply import Answer, Choice, Why
from backend.assistant.talk.hearing import Heard, TalkKind
from backend.assistant.talk.listening import Listened, listen
from backend.assistant.talk.picking import Shown, pick
from backend.core.languages import Language, Words

OFFERING = (Outcome.ANSWER, Outcome.CLARIFY)
OTHERS = "others"
NOTHING_OFFERED = Words(
    "There is nothing to choose from yet. Tell me in a few words what you need.",
    "現在沒有可以選的項目。請用幾個字說出你的需要。",
    "现在没有可以选的项目。请用几个字说出你的需要。",
)
NOTHING_SPOKEN_OF = Words(
    "Which service do you mean? Name it in a few words and I will look.",
    "你想問哪項服務？請用幾個字說出來，我幫你找。",
    "你想问哪项服务？请用几个字说出来，我帮你找。",
)
NEITHER = Words(
    "Then tell me in other words what you need, or call 1823, where a person answers.",
    "請換個說法告訴我你的需要，或致電1823，由真人接聽。",
    "请换个说法告诉我你的需要，或致电1823，由真人接听。",
)


@dataclass(frozen=True, slots=True)
class State:
    """What a conversation remembers: ids alone, never the resident's words.

    `service` or `bill` is what was spoken of last. `offered` are the services last offered, `bills`
    the resident's own bills last shown; where both stand, a pick is among the bills. `left` is what
    “the other one” led away from, so that saying it again leads no further.
    """

    service: str | None = None
    offered: tuple[str, ...] = ()
    bills: tuple[str, ...] = ()
    bill: str | None = None
    left: str | None = None

    @property
    def is_about_something(self) -> bool:
        return self.service is not None or self.bill is not None

    @property
    def has_shown(self) -> bool:
        return bool(self.offered or self.bills)

    def to_json(self) -> dict[str, Any]:
        """Return the state as plain data to store."""
        return {
            "service": self.service,
            "offered": list(self.offered),
            "bills": list(self.bills),
            "bill": self.bill,
            "left": self.left,
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> "State":
        """Return the state that `to_json` gave; what is missing was never said."""
        return cls(
            service=found.get("service"),
            offered=tuple(found.get("offered", ())),
            bills=tuple(found.get("bills", ())),
            bill=found.get("bill"),
            left=found.get("left"),
        )


@dataclass(frozen=True, slots=True)
class Step:
    """What to reply, what was heard (None for a plain question), and what to remember.

    Where own data is asked for (`heard.kind` is `own`) or `about_bill`, `answer` holds what the
    services alone could say; whoever knows the resident's bills completes it and puts those shown
    into `state.bills` and `state.bill`. `about_bill`: `state.bill` was picked or is asked more of;
    where it is None, `state.bills` are to be shown for another pick.
    """

    answer: Answer
    heard: Heard | None
    state: State
    about_bill: bool = False


def step(release: Release, state: State, text: str, language: Language | None = None) -> Step:
    """Take one turn of a conversation; any text at all is answered, none raises."""
    return go_on(release, state, listen(release, text, language), language)


def go_on(release: Release, state: State, said: Listened, language: Language | None = None) -> Step:
    """Take a turn with what was said in it, which has been listened to."""
    plain, heard = said.plain, said.heard
    if said.is_crisis:
        return Step(plain, None, state)
    turn = _Turn(release, replace(state, left=None), plain, language)
    if heard is None or not _goes_first(heard, plain, state):
        return turn.routed()
    if heard.kind is TalkKind.CHOOSE:
        return replace(turn, state=state).picked(heard)
    if heard.kind is TalkKind.FOLLOW:
        return turn.followed(heard)
    return turn.own(heard) if heard.kind is TalkKind.OWN else turn.helped(heard)


def choose(release: Release, state: State, service: str, language: Language | None = None) -> Step:
    """Take a tap on a service, offered or not; the caller has looked it up in the catalogue."""
    choices = _choices(release, [service], language)
    answer = Answer(Outcome.ANSWER, choices, release.version, exact=True)
    return Step(answer, None, State(service, state.offered))


def _goes_first(heard: Heard, plain: Answer, state: State) -> bool:
    """Say whether what was heard counts, or what the services answer.

    What the staff wrote word for word is sure. Own data is shown beside the services, unless one
    of them surely answers and own data is less surely asked for; else a service that surely
    answers, or is likelier than what was heard, goes first. What is not sure counts where it fits:
    more is asked of what was spoken of or offered, or something was offered and no service fits.
    """
    if heard.exact or plain.exact:
        return heard.exact
    if heard.kind is TalkKind.OWN:
        return heard.answers if plain.outcome is Outcome.ANSWER else heard.is_sure
    likeliest = max((choice.confidence for choice in plain.choices), default=0.0)
    if plain.outcome is Outcome.ANSWER or likeliest > heard.confidence:
        return False
    if heard.kind is TalkKind.FOLLOW and (state.is_about_something or state.offered):
        return True
    fits = heard.kind is TalkKind.CHOOSE and plain.outcome is Outcome.NONE and state.has_shown
    return fits or heard.is_sure


@dataclass(frozen=True, slots=True)
class _Turn:
    """What a turn is decided from: what was before, and what the services alone would answer."""

    release: Release
    state: State
    plain: Answer
    language: Language | None

    def routed(self) -> Step:
        """Let the plain answer stand; what it offers is what is spoken of from now on."""
        if self.plain.outcome not in OFFERING:
            return Step(self.plain, None, self.state)
        offered = tuple(choice.service for choice in self.plain.choices)
        service = offered[0] if self.plain.outcome is Outcome.ANSWER else None
        return Step(self.plain, None, State(service, offered))

    def picked(self, heard: Heard) -> Step:
        """Pick among the bills last shown, else among the services last offered."""
        state, about_bill = self.state, bool(self.state.bills)
        if not state.has_shown:
            return Step(self._none(NOTHING_OFFERED), heard, state)
        shown = (
            Shown(state.bills, state.bill, state.left)
            if about_bill
            else Shown(state.offered, state.service, state.left)
        )
        found = pick(shown, heard.name)
        if found is None:
            return Step(self._none(NEITHER), heard, state)
        if about_bill:
            after = replace(state, bills=found.ids, bill=found.current, left=found.left)
            return Step(self._told(None, ()), heard, after, about_bill=True)
        after = State(found.current, found.ids, left=found.left)
        if found.current is None:
            return Step(self._offered(found.ids), heard, after)
        return Step(self._chosen(found.current), heard, after)

    def own(self, heard: Heard) -> Step:
        """Leave own data to whoever knows it, beside the services that were asked for, if any.

        Somebody else's data is refused, whatever else was said.
        """
        if heard.name == OTHERS:
            return Step(self._told(None, ()), heard, self.state)
        if self.plain.outcome not in OFFERING:
            return Step(self._told(None, ()), heard, self.state)
        offered = tuple(choice.service for choice in self.plain.choices)
        service = offered[0] if self.plain.outcome is Outcome.ANSWER else self.state.service
        told = self._told(None, self.plain.choices)
        return Step(told, heard, replace(self.state, service=service, offered=offered))

    def followed(self, heard: Heard) -> Step:
        """Say more about the bill or the service spoken of, or ask which one is meant."""
        state, says = self.state, self.release.sayings[heard.id].says
        if state.bill is not None:
            return Step(self._told(says, self._one(state.service)), heard, state, about_bill=True)
        if state.service is not None:
            return Step(self._told(says, self._one(state.service)), heard, state)
        is_plain = not heard.exact and self.plain.outcome is Outcome.CLARIFY
        plainly_offered = tuple(choice.service for choice in self.plain.choices)
        if is_plain and state.offered in ((), plainly_offered):  # the latter: it is sent again
            return self.routed()
        if state.offered:
            return Step(self._offered(state.offered), heard, state)
        return Step(self._none(NOTHING_SPOKEN_OF), heard, state)

    def helped(self, heard: Heard) -> Step:
        """Let Ferry itself say it, with the services that it offers."""
        saying = self.release.sayings[heard.id]
        choices = _choices(self.release, saying.offers, self.language)
        state = replace(self.state, offered=saying.offers, bills=()) if choices else self.state
        return Step(self._told(saying.says, choices), heard, state)

    def _one(self, service: str | None) -> tuple[Choice, ...]:
        return _choices(self.release, [service] if service else [], self.language)

    def _chosen(self, service: str) -> Answer:
        return Answer(Outcome.ANSWER, self._one(service), self.release.version, exact=True)

    def _offered(self, services: tuple[str, ...]) -> Answer:
        choices = _choices(self.release, services, self.language)
        return Answer(Outcome.CLARIFY, choices, self.release.version)

    def _told(self, says: Words | None, choices: tuple[Choice, ...]) -> Answer:
        return Answer(Outcome.TOLD, choices, self.release.version, says=says)

    def _none(self, says: Words) -> Answer:
        return Answer(Outcome.NONE, (), self.release.version, says=says)


def _choices(
    release: Release, services: Sequence[str], language: Language | None
) -> tuple[Choice, ...]:
    """Show services again that need no finding: each is as likely meant as the others.

    The phrase shown is the title of the service's first intent, if the release has one.
    """
    found = []
    for service in services:
        column = release.column_of.get(service)
        intent = release.targets[column].intent if column is not None else ""
        phrase = release.title_of(column, language) if column is not None else ""
        found.append(Choice(service, intent, 1 / len(services), Why((), phrase)))
    return tuple(found)
