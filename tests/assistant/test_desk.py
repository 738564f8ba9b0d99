"""The desk beside a catalogue that is older than the release: what is not known is never shown."""

from dataclasses import replace

import pytest

from backend.assistant import Release
from backend.assistant.desk import Desk
from backend.assistant.policy import Outcome
from backend.assistant.refusals import ServiceNotKnown
from backend.assistant.talk.dialogue import State
from backend.core.languages import Language
from backend.core.settings import CHECKOUT
from backend.menu import Catalogue
from backend.menu.content import read_catalogue
from backend.menu.published import catalogue_of


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return catalogue_of(read_catalogue(CHECKOUT / "catalogue"))


def desk(release: Release, catalogue: Catalogue, *without: str) -> Desk:
    services = tuple(each for each in catalogue.services if each.id not in without)
    return Desk(release, replace(catalogue, services=services), Language.EN, None)


def test_the_second_one_counts_what_was_shown(release: Release, catalogue: Catalogue) -> None:
    whole = desk(release, catalogue).hear(State(), "pay my water bill").state.offered
    stale = desk(release, catalogue, whole[1])

    first = stale.hear(State(), "pay my water bill")
    second = stale.hear(first.state, "the second one")

    assert first.state.offered == (whole[0], whole[2])
    assert second.service == whole[2]


def test_a_follow_up_about_what_is_no_longer_known_promises_nothing(
    release: Release, catalogue: Catalogue
) -> None:
    state = State(service="wsd-pay")

    reply = desk(release, catalogue, "wsd-pay").hear(state, "how much does it cost")

    assert reply.outcome is Outcome.NONE
    assert "{" not in reply.members["says"]
    assert reply.state.service is None


def test_help_is_told_though_a_service_below_it_is_not_known(
    release: Release, catalogue: Catalogue
) -> None:
    offers = release.sayings["help/complaint"].offers
    whole = desk(release, catalogue).hear(State(), "i have a complaint")

    stale = desk(release, catalogue, *offers[:1]).hear(State(), "i have a complaint")

    assert whole.outcome is stale.outcome is Outcome.TOLD
    assert stale.members["says"] == whole.members["says"]
    assert stale.state.offered == offers[1:]


def test_a_tap_on_what_is_not_known_is_refused(release: Release, catalogue: Catalogue) -> None:
    with pytest.raises(ServiceNotKnown):
        desk(release, catalogue, "wsd-pay").tap(State(), "wsd-pay")


def test_bills_in_the_state_of_a_stranger_are_of_no_use(
    release: Release, catalogue: Catalogue
) -> None:
    state = State(bills=("bill_1", "bill_2"), bill="bill_1")

    for text in ("the second one", "how do I pay it", "how much is my water bill"):
        reply = desk(release, catalogue).hear(state, text)

        assert reply.members["own"] is None
        assert "bill_" not in str(reply.members)
        assert "{" not in reply.members["says"]


def test_without_talk_in_the_release_questions_are_answered_all_the_same(
    release: Release, catalogue: Catalogue
) -> None:
    plain = replace(release, talk=None)

    assert desk(plain, catalogue).hear(State(), "pay my water bill").service == "wsd-pay"
    assert desk(plain, catalogue).hear(State(), "any new messages").outcome is not Outcome.TOLD


@pytest.mark.parametrize(
    ("asked", "language", "says"),
    [
        ("when is the deadline", Language.EN, "I do not know the last day for"),
        ("幾時截止", Language.ZH_HANT, "我不知道"),
        ("截止日期是什么时候", Language.ZH_HANS, "我不知道"),
    ],
)
def test_the_last_day_for_a_service_is_no_bill_of_somebody_s(
    release: Release, catalogue: Catalogue, asked: str, language: Language, says: str
) -> None:
    at = Desk(release, catalogue, language, None)
    spoken_of = State("wsd-ebill", ("wsd-ebill",))

    reply = at.answer(spoken_of, at.listen(asked))

    assert reply.members["sign_in"] is False
    assert reply.members["says"].startswith(says)
    assert reply.service == "wsd-ebill"
    assert "{" not in reply.members["says"]


def test_the_last_day_to_pay_is_still_one_s_own(release: Release, catalogue: Catalogue) -> None:
    at = Desk(release, catalogue, Language.EN, None)

    assert at.answer(State("wsd-pay", ("wsd-pay",)), at.listen("when is it due")).members["sign_in"]
