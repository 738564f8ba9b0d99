"""The talk model learns the staff's talk against a sample of all else, the same way every time."""

from dataclasses import replace

import pytest

from backend.assistant import Release
from backend.assistant.content.intents import Content, Status
from backend.assistant.content.loading import load_content
from backend.assistant.releases.release import Kind
from backend.assistant.training import train
from backend.assistant.training.talk import MOST_NO_TALK, talk_material
from backend.core.settings import CHECKOUT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def content() -> Content:
    return load_content(CHECKOUT / "intents")


def few(content: Content) -> Content:
    """A little of everything, trained in a moment."""
    return replace(content, intents=content.intents[:4], crises=(), talk=content.talk[:4])


def test_the_sample_of_what_is_no_talk_is_bounded_and_always_the_same(content: Content) -> None:
    material = talk_material(content)

    assert material is not None
    assert material.targets[-1].kind is Kind.OUTSIDE
    assert 0.9 * MOST_NO_TALK < len(material.examples[-1]) <= MOST_NO_TALK
    assert talk_material(content) == material


def test_what_is_talk_too_is_not_learnt_as_none(content: Content) -> None:
    material = talk_material(content)

    assert material is not None
    own = {text for examples in material.examples[:-1] for text, _ in examples}
    assert own.isdisjoint(text for text, _ in material.examples[-1])


def test_finds_and_drafts_are_never_learnt(content: Content) -> None:
    cost = next(talk for talk in content.talk if talk.heard == "follow/cost")
    drafts = tuple(replace(talk, status=Status.DRAFT) for talk in content.talk if talk != cost)

    material = talk_material(replace(content, talk=(cost, *drafts)))

    assert material is not None
    assert [target.intent for target in material.targets] == ["follow/cost", "outside"]
    assert {line.text for line in cost.finds}.isdisjoint(text for text, _ in material.examples[0])
    assert talk_material(replace(content, talk=drafts)) is None


def test_the_same_talk_gives_the_same_release(content: Content) -> None:
    once, again = (train(few(content), lambda _line: None) for _ in range(2))

    assert once.version == again.version
    assert once.talk is not None
    assert again.talk is not None
    assert once.talk.version == again.talk.version


def test_other_talk_gives_another_release_and_the_same_services(content: Content) -> None:
    whole = train(few(content), lambda _line: None)
    without = train(replace(few(content), talk=()), lambda _line: None)

    assert without.talk is None
    assert without.version != whole.version
    assert without.policy == whole.policy


def test_a_release_knows_what_to_say_to_each_talk(release: Release) -> None:
    assert release.talk is not None
    heard = {target.intent for target in release.talk.targets if target.kind is Kind.SERVICE}
    assert heard == set(release.sayings)
    assert all(
        (saying.says is None) == name.startswith(("own/", "choose/"))
        for name, saying in release.sayings.items()
    )
