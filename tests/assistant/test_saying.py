"""An answer in words, where the release and this process's catalogue do not know the same services."""

import pytest

from backend.assistant.policy import Outcome
from backend.assistant.reply import Answer, Choice, Why
from backend.assistant.saying import Speaker
from backend.core.languages import Language
from backend.core.settings import CHECKOUT
from backend.menu.content import read_catalogue
from backend.menu.published import catalogue_of

NEWER = "published-after-this-process-started"


@pytest.fixture(scope="module")
def speaker() -> Speaker:
    return Speaker(catalogue_of(read_catalogue(CHECKOUT / "catalogue")), Language.EN)


def answered(*services: str) -> Answer:
    """An answer that is sure of the first of `services`."""
    choices = (Choice(service, service, 0.9, Why((), "")) for service in services)
    return Answer(Outcome.ANSWER, tuple(choices), "release")


@pytest.mark.parametrize(
    ("services", "outcome", "offered"),
    [
        (["wsd-pay", "rvd-pay"], Outcome.ANSWER, ["wsd-pay", "rvd-pay"]),
        (["wsd-pay", NEWER], Outcome.ANSWER, ["wsd-pay"]),
        ([NEWER, "wsd-pay"], Outcome.CLARIFY, ["wsd-pay"]),
        ([NEWER], Outcome.NONE, []),
    ],
)
def test_the_next_best_is_never_passed_off_as_the_answer(
    speaker: Speaker, services: list[str], outcome: Outcome, offered: list[str]
) -> None:
    said = speaker.answer(answered(*services))

    assert said["outcome"] is outcome
    assert [choice["service"] for choice in said["choices"]] == offered
