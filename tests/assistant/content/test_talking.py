"""The rules of `intents/talk/`, each broken one a sentence with its place."""

from collections.abc import Callable
from pathlib import Path

import pytest

from backend.assistant.content.checks import check
from backend.assistant.content.loading import load_content, load_sound_content
from backend.core.settings import CHECKOUT

HELP = """\
title: {en: Complain, zh-Hant: 投訴, zh-Hans: 投诉}
says:
  en: Call 1823.
  zh-Hant: 請致電1823。
  zh-Hans: 请致电1823。
offers:
  - dpo-1823
phrases:
  en:
    - I want to complain
  zh-Hant:
    - 我要投訴
  zh-Hans:
    - 我想投诉一下
finds:
  - a complaint please
misses: []
status: live
reviewed: 2026-11-23
"""
FOLLOW = HELP.replace("Call 1823.", '"The page of {service} says it; ask {department}: {hotline}."')
OWN = HELP.replace(HELP[HELP.index("says:") : HELP.index("phrases:")], "")
Write = Callable[..., Path]


@pytest.fixture
def wrong(write_intent: Write) -> Callable[[str, str], list[str]]:
    """Write one file of talk beside a sound service, and say what is wrong."""

    def check_one(name: str, text: str) -> list[str]:
        write_intent()
        content, problems = load_sound_content(write_intent(name, text))
        return [*map(str, problems), *map(str, check(content, frozenset({"wsd-pay", "dpo-1823"})))]

    return check_one


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("talk/help/complaint.yaml", HELP),
        ("talk/help/anything-new.yaml", HELP.replace("offers:\n  - dpo-1823\n", "")),
        ("talk/follow/cost.yaml", FOLLOW),
        ("talk/own/bills.yaml", OWN),
        ("talk/choose/first.yaml", OWN),
        ("talk/kinds.yaml", "water:\n  - water\n  - 水費\nrates:\n  - 差餉\n"),
    ],
)
def test_sound_talk_is_in_order(
    wrong: Callable[[str, str], list[str]], name: str, text: str
) -> None:
    assert wrong(name, text) == []


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("talk/own/bill.yaml", OWN, "Ferry knows no “bill” under talk/own. Did you mean “bills”?"),
        ("talk/choose/fifth.yaml", OWN, "Ferry knows no “fifth” under talk/choose."),
        ("talk/help.yaml", HELP, "talk stands in help/, follow/, own/ or choose/; move this file."),
        ("talk/other/some.yaml", OWN, "move this file."),
        ("talk/own/bills.yaml", HELP, "line 2: “says” is not known here."),
        ("talk/help/some.yaml", OWN, "“says” is missing."),
        ("talk/help/some.yaml", FOLLOW, "nothing is known to fill “{service}” in en; known: none."),
        ("talk/follow/some.yaml", FOLLOW.replace("{hotline}", "{phone}"), "fill “{phone}” in en"),
        (
            "talk/follow/some.yaml",
            FOLLOW.replace("{hotline}", "{"),
            "a brace in what it says in en",
        ),
        (
            "talk/help/some.yaml",
            HELP.replace("dpo-1823", "dpo-1832"),
            "line 7: it offers “dpo-1832”",
        ),
        ("talk/help/some.yaml", HELP.replace("  zh-Hans:\n    - 我想投诉一下\n", ""), "zh-Hans"),
        ("talk/help/some.yaml", HELP.replace("- 我想投诉一下", "- 我要投诉"), None),
        ("talk/help/some.yaml", HELP.replace("a complaint please", "我要投訴"), "is also a phrase"),
        ("talk/help/some.yaml", HELP.replace("- 我要投訴", "- 我想投诉"), "“诉” is Simplified"),
        (
            "talk/help/some.yaml",
            HELP.replace("I want to complain", "pay my water bill"),
            "the phrase “pay my water bill” stands in water/pay.yaml, line 8, too.",
        ),
        ("talk/own/bills.yaml", OWN.replace("I want to complain", "pay my water bill"), None),
        ("talk/kinds.yaml", "watr:\n  - water\n", "“watr” is no kind of bill."),
        ("talk/kinds.yaml", "water:\n  - rates\nrates:\n  - rates\n", "names water already"),
        ("talk/kinds.yaml", "- water\n", "this file must hold lists of words"),
    ],
)
def test_a_broken_rule_is_named(
    wrong: Callable[[str, str], list[str]], name: str, text: str, sentence: str | None
) -> None:
    found = wrong(name, text)

    if sentence is None:
        assert found == []
    else:
        assert any(name in each and sentence in each for each in found), found


def test_a_phrase_of_two_kinds_of_talk_is_named_with_both_places(write_intent: Write) -> None:
    write_intent("talk/help/complaint.yaml", HELP)
    content = load_content(write_intent("talk/own/bills.yaml", OWN))

    found = [str(problem) for problem in check(content)]

    first = "the phrase “I want to complain” stands in talk/help/complaint.yaml, line 10, too."
    assert f"talk/own/bills.yaml, line 4: {first}" in found


def test_a_greeting_may_lie_outside_the_services_and_be_talk(write_intent: Write) -> None:
    outside = OWN[OWN.index("phrases:") :]
    write_intent("outside.yaml", outside)
    content = load_content(write_intent("talk/help/complaint.yaml", HELP))

    assert check(content) == ()


def test_what_the_staff_wrote_is_read_as_it_stands(write_intent: Write) -> None:
    content = load_content(write_intent("talk/help/complaint.yaml", HELP))

    talk = content.talk[0]
    assert content.intents == ()
    assert (talk.id, talk.heard) == ("talk/help/complaint", "help/complaint")
    assert talk.says is not None
    assert talk.says.en == "Call 1823."
    assert [line.text for line in talk.offers] == ["dpo-1823"]


def test_the_checkouts_own_talk_speaks_and_offers_in_three_languages() -> None:
    content = load_content(CHECKOUT / "intents")

    assert len(content.talk) >= 30
    assert all(len(talk.phrases) == 3 for talk in content.talk)
    assert content.bill_kinds
