"""Training is the same every time, learns nothing that it must not, and sets its own thresholds."""

import pytest

from backend.assistant import Outcome, ask
from backend.assistant.content.intents import Content, Intent, Line, Outside, Phrases, Status
from backend.assistant.policy import Policy
from backend.assistant.releases.release import Kind, Release
from backend.assistant.training import material_of, train
from backend.core.languages import Language, Words

pytestmark = pytest.mark.slow
SAID = {
    "water": "pay water bill|water charges due|settle my water account|tap water fee|water demand",
    "tax": "pay my tax|tax return form|salaries tax due|file a tax return|tax demand note",
    "parking": "parking fine|parking meter|car park spaces|where to park|pay a parking ticket",
    "library": "renew a book|library card|borrow books|return a library book|library hours",
}


def phrases_of(text: str) -> Phrases:
    return {Language.EN: tuple(Line(n, each) for n, each in enumerate(text.split("|"), 1))}


def content_with(status: Status = Status.LIVE) -> Content:
    intents = [
        Intent(
            id=f"some/{name}",
            title=Words(name, name, name),
            opens=name,
            phrases=phrases_of(text),
            finds=(Line(9, f"unheardof {name} zebra"),),
            misses=(),
            status=Status.LIVE if name != "library" else status,
            reviewed="2026-08-01",
        )
        for name, text in SAID.items()
    ]
    outside = Outside(phrases=phrases_of("hello there|tell me a joke|who won the match|nice day"))
    return Content(digest="d" * 64, intents=tuple(intents), outside=outside)


@pytest.fixture(scope="module")
def small() -> Release:
    return train(content_with(), lambda _line: None)


def test_the_same_content_gives_the_same_release(small: Release) -> None:
    again = train(content_with(), lambda _line: None)

    assert again.version == small.version
    assert again.policy == small.policy
    assert (again.weights.common == small.weights.common).all()
    assert (again.weights.scales == small.weights.scales).all()


def test_finds_lines_are_never_learnt(small: Release) -> None:
    assert small.vocabulary.get("wzebra") is None
    assert small.vocabulary.get("wwater") is not None


@pytest.mark.parametrize("status", [Status.DRAFT, Status.RETIRED])
def test_only_live_intents_are_learnt(status: Status) -> None:
    material = material_of(content_with(status))

    assert "library" not in {target.service for target in material.targets}


def test_without_crises_in_the_content_nothing_is_taken_for_one(small: Release) -> None:
    assert ask(small, "there is a fire").outcome is not Outcome.CRISIS


def test_what_lies_outside_is_no_service(small: Release) -> None:
    answer = ask(small, "hello there")

    assert answer.outcome is not Outcome.ANSWER
    assert Kind.OUTSIDE in {target.kind for target in small.targets}


def test_confidence_grows_with_score_and_lead(release: Release) -> None:
    policy = release.policy

    assert policy.confidence(1.0, 1.0) > policy.confidence(0.5, 1.0) > policy.confidence(0.5, 0.1)
    assert 0 < policy.answer_at <= 1
    assert 0 < policy.clarify_at <= 1


@pytest.mark.parametrize(
    ("confidences", "in_crisis", "outcome"),
    [
        ([0.9, 0.1], False, Outcome.ANSWER),
        ([0.5, 0.4], False, Outcome.CLARIFY),
        ([0.1, 0.1], False, Outcome.NONE),
        ([], False, Outcome.NONE),
        ([0.9, 0.1], True, Outcome.CRISIS),
    ],
)
def test_the_outcome_follows_the_thresholds(
    confidences: list[float], in_crisis: bool, outcome: Outcome
) -> None:
    policy = Policy(base=0, per_score=1, per_lead=1, crisis_at=0, answer_at=0.8, clarify_at=0.5)

    assert policy.outcome(confidences, in_crisis=in_crisis) is outcome
