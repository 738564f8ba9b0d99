"""Measures a release with questions that it has not seen: the figures that residents feel."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from backend.assistant.measuring.questions import Asked, Beyond
from backend.assistant.policy import Outcome
from backend.assistant.reply import Answer

Ask = Callable[[str], Answer]
OFFERING = (Outcome.ANSWER, Outcome.CLARIFY)


@dataclass(frozen=True, slots=True)
class Tried:
    """One question, the answer it got, how long that took, and what a conversation would reply."""

    asked: Asked
    answer: Answer
    microseconds: float
    reply: Answer | None = None

    @property
    def best(self) -> str | None:
        return self.answer.choices[0].service if self.answer.choices else None

    @property
    def is_first_right(self) -> bool:
        return self.best in self.asked.accept

    @property
    def is_one_right(self) -> bool:
        return any(choice.service in self.asked.accept for choice in self.answer.choices)

    @property
    def is_told(self) -> bool:
        """Say whether a right choice would be offered, and talk takes it away."""
        if self.reply is None or self.answer.outcome not in OFFERING:
            return False
        shown = {choice.service for choice in self.reply.choices}
        return self.is_one_right and shown.isdisjoint(self.asked.accept)

    @property
    def is_alarm(self) -> bool:
        """Say whether the resident is pointed to help, which a conversation hears beside talk, too."""
        return (self.reply or self.answer).outcome is Outcome.CRISIS

    @property
    def is_wrong_confident(self) -> bool:
        return self.answer.outcome is Outcome.ANSWER and not self.is_first_right


@dataclass(frozen=True, slots=True)
class Figures:
    """Shares from 0 to 1 (None where no question could show it), times in microseconds.

    `top1`, `top3`, `answered`, `wrong_confident`: of the questions that a service answers;
    `clarified_right`: of the ambiguous ones, asked back or answered with choices that hold an
    accepted service; `oos_answered`: of those out of scope; `crisis_caught`: of those in a crisis;
    `crisis_false`: of all others, taken for a crisis; `told`: of the questions that a service
    answers, those whose right choice would be offered and is not, because they are heard as talk.
    """

    n: int
    top1: float | None
    top3: float | None
    answered: float | None
    wrong_confident: float | None
    clarified_right: float | None
    oos_answered: float | None
    crisis_caught: float | None
    crisis_false: float | None
    told: float | None
    p50_us: float | None
    p99_us: float | None


def try_all(ask: Ask, questions: Iterable[Asked], reply: Ask | None = None) -> list[Tried]:
    """Ask every question once, timing each; `reply` opens a conversation with it, untimed."""
    tried = []
    for asked in questions:
        began = time.perf_counter_ns()
        answer = ask(asked.text)
        microseconds = (time.perf_counter_ns() - began) / 1000
        tried.append(Tried(asked, answer, microseconds, reply(asked.text) if reply else None))
    return tried


def figures_of(tried: Sequence[Tried]) -> Figures:
    """Count the figures over `tried`."""
    inside = [each for each in tried if each.asked.beyond is None]
    oos = [each for each in tried if each.asked.beyond is Beyond.OUT_OF_SCOPE]
    crisis = [each for each in tried if each.asked.beyond is Beyond.CRISIS]
    ambiguous = [each for each in inside if each.asked.ambiguous]
    times = sorted(each.microseconds for each in tried)
    return Figures(
        n=len(tried),
        top1=_share(each.is_first_right for each in inside),
        top3=_share(each.is_one_right for each in inside),
        answered=_share(_is(each, Outcome.ANSWER) for each in inside),
        wrong_confident=_share(each.is_wrong_confident for each in inside),
        clarified_right=_share(_is_clarified_right(each) for each in ambiguous),
        oos_answered=_share(_is(each, Outcome.ANSWER) for each in oos),
        crisis_caught=_share(each.is_alarm for each in crisis),
        crisis_false=_share(each.is_alarm for each in (*inside, *oos)),
        told=_share(each.is_told for each in inside),
        p50_us=_quantile(times, 0.50),
        p99_us=_quantile(times, 0.99),
    )


@dataclass(frozen=True, slots=True)
class Part:
    """How many questions one part of them has, and how often the best or one of three was right."""

    n: int
    top1: float | None
    top3: float | None


def by_language(tried: Sequence[Tried]) -> dict[str, Part]:
    """Count apart the questions of each language that a service answers."""
    return _parts(tried, lambda each: each.asked.language or "unknown")


def by_department(tried: Sequence[Tried], department_of: Mapping[str, str]) -> dict[str, Part]:
    """Count apart the questions of each department, by their first accepted service."""
    return _parts(tried, lambda each: department_of.get(min(each.asked.accept), "unknown"))


def _parts(tried: Sequence[Tried], part_of: Callable[[Tried], str]) -> dict[str, Part]:
    groups: dict[str, list[Tried]] = defaultdict(list)
    for each in tried:
        if each.asked.accept:
            groups[part_of(each)].append(each)
    return {
        name: Part(
            len(group),
            _share(each.is_first_right for each in group),
            _share(each.is_one_right for each in group),
        )
        for name, group in sorted(groups.items())
    }


def worst_confusions(tried: Sequence[Tried], most: int = 20) -> list[tuple[str, str, list[Tried]]]:
    """List (wanted, got, questions) of the services most often taken for another, worst first."""
    missed = [each for each in tried if each.asked.accept and not each.is_first_right]
    pairs = Counter((min(each.asked.accept), each.best or "nothing") for each in missed)
    return [
        (
            wanted,
            got,
            [
                each
                for each in missed
                if (min(each.asked.accept), each.best or "nothing") == (wanted, got)
            ],
        )
        for (wanted, got), _ in pairs.most_common(most)
    ]


def _is(tried: Tried, outcome: Outcome) -> bool:
    return tried.answer.outcome is outcome


def _is_clarified_right(tried: Tried) -> bool:
    return tried.answer.outcome in OFFERING and tried.is_one_right


def _share(found: Iterable[bool]) -> float | None:
    each = list(found)
    return round(sum(each) / len(each), 4) if each else None


def _quantile(ordered: Sequence[float], share: float) -> float | None:
    return round(ordered[int(share * (len(ordered) - 1))], 1) if ordered else None
