"""Conversations as tables: what is said, what is heard in it, and what the reply shows."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.assistant import Outcome, Release
from backend.assistant.talk.dialogue import (
    NEITHER,
    NOTHING_OFFERED,
    NOTHING_SPOKEN_OF,
    State,
    Step,
    choose,
    step,
)
from backend.core.languages import Language

pytestmark = pytest.mark.slow
OFFERED = ("wsd-pay", "wsd-ebill", "rvd-pay")
AFTER_A_CLARIFY = State(offered=OFFERED)
ABOUT_WATER = State("wsd-pay", OFFERED)
TWO_BILLS = State(bills=("b1", "b2"), bill="b1")


def heard_in(found: Step) -> str | None:
    return found.heard.id if found.heard else None


def services(found: Step) -> list[str]:
    return [choice.service for choice in found.answer.choices]


def with_thresholds(release: Release, **thresholds: float) -> Release:
    return replace(release, policy=replace(release.policy, **thresholds))


@pytest.mark.parametrize(
    ("said", "service"),
    [
        ("the first one", "wsd-pay"),
        ("第一個", "wsd-pay"),
        ("第一个", "wsd-pay"),
        ("the second one", "wsd-ebill"),
        ("THE SECOND ONE", "wsd-ebill"),
        ("第二個", "wsd-ebill"),
        ("第二个", "wsd-ebill"),
        ("the third one", "rvd-pay"),
        ("最後嗰個", "rvd-pay"),
    ],
)
def test_one_of_those_offered_is_picked_by_its_place(
    release: Release, said: str, service: str
) -> None:
    found = step(release, AFTER_A_CLARIFY, said)

    assert found.answer.outcome is Outcome.ANSWER
    assert services(found) == [service]
    assert found.state == State(service, OFFERED)


def test_a_second_one_that_was_never_offered_is_honestly_none(release: Release) -> None:
    found = step(release, State(), "the second one")

    assert found.answer.outcome is Outcome.NONE
    assert found.answer.says == NOTHING_OFFERED
    assert found.state == State()


def test_the_third_of_two_is_asked_again(release: Release) -> None:
    found = step(release, State(offered=("wsd-pay", "rvd-pay")), "the third one")

    assert found.answer.outcome is Outcome.CLARIFY
    assert services(found) == ["wsd-pay", "rvd-pay"]


def test_the_other_of_two_is_picked_and_saying_it_again_leads_no_further(release: Release) -> None:
    spoken_of = State("wsd-pay", ("wsd-pay", "rvd-pay"))

    once = step(release, spoken_of, "the other one")
    twice = step(release, once.state, "the other one")

    assert services(once) == services(twice) == ["rvd-pay"]
    assert services(step(release, twice.state, "the first one")) == ["wsd-pay"]


def test_after_something_else_was_said_the_other_one_leads_back(release: Release) -> None:
    spoken_of = State("wsd-pay", ("wsd-pay", "rvd-pay"))
    other = step(release, spoken_of, "the other one")
    asked = step(release, other.state, "how much does it cost")

    back = step(release, asked.state, "the other one")

    assert services(back) == ["wsd-pay"]


def test_neither_gets_an_honest_sentence_and_forgets_nothing(release: Release) -> None:
    found = step(release, ABOUT_WATER, "neither of them")

    assert found.answer.outcome is Outcome.NONE
    assert found.answer.says == NEITHER
    assert found.state == ABOUT_WATER


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("how much does it cost", "follow/cost"),
        ("幾錢㗎", "follow/cost"),
        ("where is it", "follow/where"),
        ("喺邊度呀", "follow/where"),
        ("點樣交呀", "follow/how"),
        ("what do I need to bring", "follow/documents"),
        ("how long does it take", "follow/duration"),
    ],
)
def test_a_follow_up_is_about_the_service_spoken_of(
    release: Release, said: str, heard: str
) -> None:
    found = step(release, ABOUT_WATER, said)

    assert heard_in(found) == heard
    assert found.answer.outcome is Outcome.TOLD
    assert found.answer.says == release.sayings[heard].says
    assert services(found) == ["wsd-pay"]
    assert found.state == ABOUT_WATER


def test_a_follow_up_about_nothing_asks_what_is_meant(release: Release) -> None:
    found = step(release, State(), "how much does it cost")

    assert found.answer.outcome is Outcome.NONE
    assert found.answer.says == NOTHING_SPOKEN_OF


def test_a_follow_up_before_the_choice_is_made_offers_it_again(release: Release) -> None:
    found = step(release, AFTER_A_CLARIFY, "how much does it cost")

    assert found.answer.outcome is Outcome.CLARIFY
    assert tuple(services(found)) == OFFERED


def test_a_follow_up_in_other_words_offers_the_same_again_too(release: Release) -> None:
    doubtful = with_thresholds(release, answer_at=2.0, clarify_at=0.0)

    found = step(doubtful, AFTER_A_CLARIFY, "what is the fee for this")

    assert heard_in(found) == "follow/cost"
    assert services(found) == list(OFFERED)


def test_what_may_be_a_follow_up_offers_the_same_again_where_no_service_is_likelier(
    release: Release,
) -> None:
    assert release.talk is not None
    lost = with_thresholds(release, base=-90.0, answer_at=2.0, clarify_at=0.0)
    doubtful = replace(lost, talk=with_thresholds(release.talk, base=-6.0))
    said = "what is the fee for this"

    assert services(step(doubtful, AFTER_A_CLARIFY, said)) == list(OFFERED)
    assert heard_in(step(doubtful, State(), said)) is None


def test_a_new_question_changes_the_subject(release: Release) -> None:
    found = step(release, replace(TWO_BILLS, service="wsd-pay"), "pay my rates")

    assert found.heard is None
    assert found.answer.outcome is Outcome.ANSWER
    assert found.state.service == "rvd-pay"
    assert found.state.offered == tuple(services(found))
    assert (found.state.bills, found.state.bill) == ((), None)


def test_what_nobody_understands_forgets_nothing(release: Release) -> None:
    found = step(release, ABOUT_WATER, "xqzt wvvk")

    assert found.answer.outcome is Outcome.NONE
    assert found.state == ABOUT_WATER


@pytest.mark.parametrize(
    "said",
    [
        *("I want to kill myself", "有煤气味", "第二個，我想自殺", "thanks, goodbye, 我想自殺"),
        "I want to speak to a real person, there is a fire",
    ],
)
def test_a_crisis_goes_before_everything(release: Release, said: str) -> None:
    found = step(release, replace(ABOUT_WATER, bills=("b1", "b2")), said)

    assert found.answer.outcome is Outcome.CRISIS
    assert found.heard is None
    assert found.state == replace(ABOUT_WATER, bills=("b1", "b2"))


def test_own_data_gives_way_to_a_sure_service_unless_it_is_as_surely_asked_for(
    release: Release,
) -> None:
    assert release.talk is not None
    sure = with_thresholds(release, answer_at=0.0)
    doubted = replace(sure, talk=with_thresholds(release.talk, answer_at=2.0))
    said = "did I already pay my bils"

    assert step(doubted, State(), said).answer.outcome is Outcome.ANSWER
    assert heard_in(step(sure, State(), said)) == "own/paid"


def test_own_data_is_left_to_whoever_knows_it_beside_the_services(release: Release) -> None:
    found = step(release, State(), "how much is my water bill")

    assert heard_in(found) == "own/bills"
    assert found.answer.outcome is Outcome.TOLD
    assert found.answer.says is None
    assert "wsd-pay" in services(found)
    assert found.state.offered == tuple(services(found))


def test_of_somebody_elses_data_nothing_is_shown(release: Release) -> None:
    found = step(release, ABOUT_WATER, "show me my neighbour's water bill")

    assert heard_in(found) == "own/others"
    assert services(found) == []
    assert found.state == ABOUT_WATER


def test_a_bill_last_shown_is_what_a_follow_up_is_about(release: Release) -> None:
    found = step(release, TWO_BILLS, "點樣交呀")

    assert heard_in(found) == "follow/how"
    assert found.about_bill
    assert found.state == TWO_BILLS


@pytest.mark.parametrize(
    ("said", "bill"), [("the second one", "b2"), ("第一個", "b1"), ("no, the other bill", "b2")]
)
def test_a_pick_is_among_the_bills_last_shown(release: Release, said: str, bill: str) -> None:
    found = step(release, replace(TWO_BILLS, offered=OFFERED), said)

    assert found.about_bill
    assert found.state.bill == bill
    assert found.answer.outcome is Outcome.TOLD


def test_help_is_told_with_what_it_offers(release: Release) -> None:
    found = step(release, ABOUT_WATER, "I want to complain")

    saying = release.sayings["help/complaint"]
    assert found.answer.outcome is Outcome.TOLD
    assert found.answer.says == saying.says
    assert tuple(services(found)) == found.state.offered == saying.offers
    assert found.state.service == "wsd-pay"


def test_words_of_the_staff_for_a_service_are_no_talk(release: Release) -> None:
    found = step(release, AFTER_A_CLARIFY, "pay my water bill")

    assert found.heard is None
    assert services(found)[0] == "wsd-pay"


def test_words_of_the_staff_for_talk_are_no_question(release: Release) -> None:
    romanised = step(release, AFTER_A_CLARIFY, "dai yi go")
    mixed = step(release, ABOUT_WATER, "有冇student price")

    assert services(romanised) == ["wsd-ebill"]
    assert heard_in(mixed) == "follow/cost"


def test_a_tap_is_taken_whether_it_was_offered_or_not(release: Release) -> None:
    offered = choose(release, AFTER_A_CLARIFY, "wsd-ebill")
    elsewhere = choose(release, AFTER_A_CLARIFY, "td-vehicle", Language.EN)

    assert services(offered) == ["wsd-ebill"]
    assert services(elsewhere) == ["td-vehicle"]
    assert elsewhere.answer.outcome is Outcome.ANSWER
    assert elsewhere.state == State("td-vehicle", OFFERED)


def test_a_title_explains_what_was_picked_in_the_readers_script(release: Release) -> None:
    found = choose(release, State(), "wsd-pay", Language.ZH_HANT)

    assert found.answer.choices[0].why.phrase == "繳付水費"


def test_a_release_without_talk_still_answers(release: Release) -> None:
    plain = replace(release, talk=None)

    assert services(step(plain, State(), "pay my water bill"))[0] == "wsd-pay"
    assert step(plain, AFTER_A_CLARIFY, "the second one").heard is None


def test_a_state_is_stored_as_plain_data_and_comes_back() -> None:
    state = State("wsd-pay", OFFERED, ("b1",), "b1", "rvd-pay")

    assert State.from_json(state.to_json()) == state
    assert State.from_json({}) == State()


SAID = st.sampled_from(
    [
        *("pay my water bill", "水費", "rates", "I lost my card", "pay", "tax tax tax", "hello"),
        *("the first one", "第二個", "last", "no, the other one", "neither", "none of these"),
        *("how much does it cost", "點樣交呀", "where", "幾時到期", "any new messages"),
        *("my neighbour's bill", "I want to complain", "thanks", "xqzt", "", "我想自殺", "其他"),
    ]
)


@settings(deadline=None, max_examples=200, suppress_health_check=list(HealthCheck))
@given(st.lists(st.one_of(SAID, st.text(max_size=30)), min_size=1, max_size=6))
def test_a_turn_that_is_sent_twice_gets_the_same_reply(release: Release, turns: list[str]) -> None:
    state = State()
    for said in turns:
        once = step(release, state, said)
        assert step(release, once.state, said) == once
        state = once.state
