"""A phrase that is all but another file's is found, whatever differs, without comparing them all."""

import pytest

from backend.assistant.content import nearness
from backend.assistant.content.checks import check
from backend.assistant.content.intents import Content, Line, Outside
from backend.assistant.content.nearness import check_same_words, said_in, warn_of_near
from backend.core.languages import Language
from tests.assistant.content.written import intent


def content(*phrases: str, outside: str = "") -> Content:
    """Make content of one file a phrase, each on line 7."""
    return Content(
        digest="",
        intents=tuple(intent(f"f{number}/x", phrase) for number, phrase in enumerate(phrases)),
        outside=Outside(phrases={Language.EN: (Line(3, outside),)} if outside else {}),
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("pay my water bill", "my water bill, pay"),
        ("Pay my WATER bill", "water: pay my bill!"),
        ("水費點交", "點交水费"),
    ],
)
def test_the_same_words_in_another_order_are_a_fault_that_names_both_places(
    one: str, other: str
) -> None:
    (problem,) = check_same_words(content(one, other))

    assert str(problem) == (
        f"f1/x.yaml, line 7: the phrase “{other}” has the same words as "
        f"“{one}” in f0/x.yaml, line 7."
    )
    assert problem in check(content(one, other))
    assert warn_of_near(content(one, other)) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("pay my water bill", "please can I pay the water bill"),
        ("水費點交", "請問水费點交呀"),
        ("renew the vehicle licence online today", "renew the vehicle licnce online today"),
        (
            "香港水費逾期附加費如何計算才算正確呢老友記",
            "香港水費逾期附加費如何計算才算正確呢老友計",
        ),
    ],
)
def test_little_words_and_a_letter_or_two_make_phrases_near(one: str, other: str) -> None:
    (warning,) = warn_of_near(content(one, other))

    assert "f1/x.yaml, line 7" in str(warning)
    assert "in f0/x.yaml, line 7" in str(warning)
    assert check_same_words(content(one, other)) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("pay my water bill", "pay my water bill online"),
        ("where is the tax office", "when is the tax office open"),
        ("開水戶口", "銷水戶口"),
        ("?!", "!?"),
        ("pay my water bill", "Pay my water bill!"),
    ],
)
def test_other_phrases_are_left_alone(one: str, other: str) -> None:
    assert check_same_words(content(one, other)) == []
    assert warn_of_near(content(one, other)) == []


def test_what_lies_outside_is_held_against_the_services_too() -> None:
    (problem,) = check_same_words(content("pay my water bill", outside="water bill pay my"))

    assert problem.file == "outside.yaml"


def test_one_file_may_say_the_same_in_many_ways() -> None:
    twice = content("pay my water bill")
    both = Content(digest="", intents=(twice.intents[0], intent("f0/x", "bill water pay my")))

    assert check_same_words(both) == []
    assert warn_of_near(both) == []


def test_the_work_grows_with_the_number_of_phrases_and_not_with_its_square(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared = 0
    ratio = nearness.fuzz.ratio

    def counting(one: str, other: str) -> float:
        nonlocal compared
        compared += 1
        return ratio(one, other)

    monkeypatch.setattr("rapidfuzz.fuzz.ratio", counting)
    alike = [
        f"how do I apply for the licence of kind {number:04}{'x' * 20}" for number in range(600)
    ]
    found = content(*alike)

    warn_of_near(found)

    assert len(list(said_in(found))) == 600
    assert 0 < compared <= 600 * 4 * nearness.MOST_HELD
