"""The staff's own exam: does each `finds` line land in its file, and does no `misses` line?"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from backend.assistant.content.intents import Content, Line, Status, Written
from backend.assistant.content.reading import Problem
from backend.assistant.policy import Outcome
from backend.assistant.releases.release import Release
from backend.assistant.router import MOST_CHOICES, ask
from backend.assistant.talk.dialogue import State, step

Live = TypeVar("Live", bound=Written)


@dataclass(frozen=True, slots=True)
class Result:
    """How many lines were tried, and a plain sentence with its place for each that failed."""

    tried: int
    failed: tuple[Problem, ...]


def sit(release: Release, content: Content) -> Result:
    """Ask `release` every `finds` and `misses` line of `content`.

    An ordinary `finds` line must have its service as the best choice; a `misses` line must not be
    answered with it. A crisis file's `finds` must raise the alarm, and its `misses` must not. What
    lies outside must not be answered outright. Talk is said in the middle of a conversation: its
    `finds` must be heard as such, and its `misses` must not. Drafts and retired files are passed
    over.
    """
    verdicts = [
        *_ordinary(release, content),
        *_crises(release, content),
        *_outside(release, content),
        *_talk(release, content),
    ]
    return Result(len(verdicts), tuple(verdict for verdict in verdicts if verdict is not None))


def live(intents: Iterable[Live]) -> list[Live]:
    """Return those that are in use."""
    return [each for each in intents if each.status is Status.LIVE]


def _ordinary(release: Release, content: Content) -> Iterator[Problem | None]:
    for intent in live(content.intents):
        for line in intent.finds:
            answer = ask(release, line.text)
            best = answer.choices[0].service if answer.choices else "nothing"
            away = answer.outcome is Outcome.CRISIS or best != intent.opens
            yield _problem(intent.id, line, f"lands in {best}") if away else None
        for line in intent.misses:
            answer = ask(release, line.text)
            caught = answer.outcome is Outcome.ANSWER and answer.choices[0].service == intent.opens
            yield _problem(intent.id, line, "lands here, and must not") if caught else None


def _crises(release: Release, content: Content) -> Iterator[Problem | None]:
    for crisis in live(content.crises):
        for line in crisis.finds:
            seen = _is_alarm(release, line)
            yield None if seen else _problem(crisis.id, line, "is not seen as a crisis")
        for line in crisis.misses:
            alarm = _is_alarm(release, line)
            yield _problem(crisis.id, line, "is taken for a crisis") if alarm else None


def _is_alarm(release: Release, line: Line) -> bool:
    """Say whether whoever opens a conversation with this line is pointed to help."""
    return step(release, State(), line.text).answer.outcome is Outcome.CRISIS


def _outside(release: Release, content: Content) -> Iterator[Problem | None]:
    for line in content.outside.finds:
        answered = ask(release, line.text).outcome is Outcome.ANSWER
        yield _problem("outside", line, "is answered, and no service fits") if answered else None


def _talk(release: Release, content: Content) -> Iterator[Problem | None]:
    offered = tuple(release.column_of)[:MOST_CHOICES]
    state = State(service=next(iter(offered), None), offered=offered)
    for talk in live(content.talk):
        for line in talk.finds:
            heard = step(release, state, line.text).heard
            instead = f"is heard as {heard.id if heard else 'a question for a service'}"
            right = heard is not None and heard.id == talk.heard
            yield None if right else _problem(talk.id, line, instead)
        for line in talk.misses:
            heard = step(release, state, line.text).heard
            caught = heard is not None and heard.id == talk.heard
            yield _problem(talk.id, line, "is heard as this, and must not be") if caught else None


def _problem(intent_id: str, line: Line, what: str) -> Problem:
    return Problem(f"{intent_id}.yaml", line.number, f"“{line.text}” {what}.")
