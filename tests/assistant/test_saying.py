"""An answer in words, where the release and this process's catalogue do not know the same services."""

import pytest

from backend.assistant.policy import Outcome
from backend.assistant.reply import Answer, Choice, Why
from backend.assistant.saying import Speaker
from backend.core.languages import Language, Words
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


def near(*services: str, words: tuple[str, ...] = ("said",)) -> Answer:
    """An answer that nothing fits, with the services that came nearest."""
    choices = (Choice(service, service, 0.1, Why(words, "")) for service in services)
    return Answer(Outcome.NONE, tuple(choices), "release")


@pytest.mark.parametrize(
    ("services", "theme"),
    [
        (["wsd-pay", "rvd-pay", "td-hketoll"], "bills"),
        (["td-hketoll", "wsd-pay", "rvd-pay"], "bills"),
        (["td-hketoll", "wsd-pay"], "trans"),
        ([NEWER, "wsd-pay"], "bills"),
    ],
)
def test_where_nothing_fits_the_nearest_theme_is_named(
    speaker: Speaker, services: list[str], theme: str
) -> None:
    said = speaker.answer(near(*services))

    assert (said["choices"], said["theme"]["id"]) == ([], theme)
    assert said["theme"]["name"]


def test_no_theme_is_near_to_what_no_word_speaks_for(speaker: Speaker) -> None:
    assert speaker.answer(near("wsd-pay", words=()))["theme"] is None
    assert speaker.answer(near())["theme"] is None
    assert speaker.answer(answered("wsd-pay"))["theme"] is None


def told(says: Words, *services: str) -> Answer:
    """What Ferry itself says, with the services concerned."""
    choices = (Choice(service, service, 1.0, Why((), "")) for service in services)
    return Answer(Outcome.TOLD, tuple(choices), "release", says=says)


def test_what_is_told_names_the_service_its_department_and_its_number(speaker: Speaker) -> None:
    says = Words("{service}: {department}, {hotline}", "", "")

    said = speaker.answer(told(says, "wsd-pay"))

    expected = "Payment of Water and Sewage Charges: Water Supplies Department, 2824 5000"
    assert said["says"] == expected
    assert said["hotline"] == "2824 5000"


def test_what_is_told_of_no_service_stands_as_it_is(speaker: Speaker) -> None:
    said = speaker.answer(told(Words("Good morning.", "早晨。", "早上好。")))

    assert (said["outcome"], said["says"], said["choices"]) == ("told", "Good morning.", [])
    assert said["hotline"] == "1823"


def test_a_sentence_about_a_service_that_is_not_known_is_not_said(speaker: Speaker) -> None:
    for services in ([NEWER], []):
        said = speaker.answer(told(Words("{service}", "{service}", "{service}"), *services))

        assert (said["outcome"], said["choices"]) == ("none", [])
        assert "{" not in said["says"]


def test_where_no_service_is_spoken_of_the_number_to_call_is_the_general_one(
    speaker: Speaker,
) -> None:
    said = speaker.answer(told(Words("Call {hotline}.", "", "")))

    assert (said["outcome"], said["says"]) == ("told", "Call 1823.")
