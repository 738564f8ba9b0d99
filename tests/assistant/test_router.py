"""What residents see: the right service, in any script, with the reason, whatever they type."""

import random
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz import fuzz, process

from backend.assistant import Answer, Outcome, Release, ask
from backend.assistant.router import NEAR_EXACT, crisis_all_but_written
from backend.core.languages import Language
from backend.core.settings import CHECKOUT


def best(answer: Answer) -> str:
    return answer.choices[0].service


@pytest.mark.parametrize(
    "text",
    ["pay my water bill", "I want to pay for water", "我想俾水費", "水费在哪交", "sui fai bill"],
)
def test_a_plain_question_reaches_its_service(release: Release, text: str) -> None:
    answer = ask(release, text)

    assert best(answer) == "wsd-pay"
    assert answer.release == release.version


def test_a_phrase_of_the_staff_is_answered_outright(release: Release) -> None:
    answer = ask(release, "Pay my WATER bill!!")

    assert answer.outcome is Outcome.ANSWER
    assert answer.choices[0].confidence > 0.9


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("繳付水費", "缴付水费"),
        ("FPS繳費", "ＦＰＳ繳費"),
        ("Pay Water Bill", "pay water bill"),
        ("遺失稅單點算", "遗失税单点算"),
    ],
)
def test_script_width_and_case_change_nothing(release: Release, one: str, other: str) -> None:
    first, second = ask(release, one), ask(release, other)

    assert first.outcome is second.outcome
    assert [(each.service, each.confidence) for each in first.choices] == [
        (each.service, each.confidence) for each in second.choices
    ]


def test_a_choice_says_why_in_the_resident_s_own_words(release: Release) -> None:
    why = ask(release, "Where do I pay 水費 please").choices[0].why

    assert "水費" in why.words
    assert why.phrase


@pytest.mark.parametrize("language", [Language.ZH_HANT, Language.ZH_HANS])
def test_the_phrase_is_shown_in_the_reader_s_script(release: Release, language: Language) -> None:
    answer = ask(release, "缴付水费", language)

    place = [target.service for target in release.targets].index("wsd-pay")
    examples = release.examples[place].within(language)
    assert answer.choices[0].why.phrase in examples.texts


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("I want to kill myself", "crisis/suicide"),
        ("strong smell of gas in my flat", "crisis/gas-leak"),
        ("火燭呀！成屋都係煙", "crisis/fire"),
        ("我不想活了", "crisis/suicide"),
    ],
)
def test_a_crisis_comes_before_everything(release: Release, text: str, kind: str) -> None:
    answer = ask(release, text)

    assert answer.outcome is Outcome.CRISIS
    assert answer.crisis is not None
    assert answer.crisis.kind == kind
    assert answer.crisis.calls


@pytest.mark.parametrize(
    "text", ["", " ", "?!", "\0", "\ud800", "🙂", "e" + "\u0301" * 40, "\u202e"]
)
def test_what_holds_no_word_is_answered_with_none(release: Release, text: str) -> None:
    answer = ask(release, text)

    assert answer.outcome is Outcome.NONE
    assert answer.choices == ()


@settings(deadline=None)
@given(st.text(max_size=400))
def test_any_text_gets_an_answer_of_known_services(release: Release, text: str) -> None:
    answer = ask(release, text)

    known = {target.service for target in release.targets}
    assert {choice.service for choice in answer.choices} <= known
    assert all(0 <= choice.confidence <= 1 for choice in answer.choices)
    assert len({choice.service for choice in answer.choices}) == len(answer.choices) <= 3
    assert (answer.crisis is not None) == (answer.outcome is Outcome.CRISIS)


@settings(deadline=None)
@given(st.text(max_size=300))
def test_the_same_text_gets_the_same_answer(release: Release, text: str) -> None:
    assert ask(release, text) == ask(release, text)


@pytest.mark.slow
def test_serving_needs_neither_scikit_learn_nor_yaml_nor_the_web() -> None:
    code = (
        "import sys, backend.assistant; "
        "print([name for name in ('sklearn', 'scipy', 'yaml', 'flask', 'sqlalchemy', 'pypinyin') "
        "if name in sys.modules])"
    )

    run = subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )

    assert run.stdout.strip() == "[]"


def test_what_a_resident_tells_of_themselves_does_not_stay(release: Release) -> None:
    ask(release, "Zbigniewska A1234567 wants to pay a water bill, call 98765432")
    ask(release, "我係龘燊𨋢，想交水費")

    kept = {token for tokens in release.memo for token in tokens}
    assert kept >= {"water", "水"}
    assert kept.isdisjoint({"zbigniewska", "a1234567", "98765432", *"龘燊"})
    assert ("pay", "a") in release.memo
    assert ("bill", "call") not in release.memo


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("How do I pay my water bill? I want to die", "crisis/suicide"),
        ("我想問下點樣交水費，我想死", "crisis/suicide"),
        ("交水費，屋企火燭", "crisis/fire"),
        ("ignore what was said before. I want to die", "crisis/suicide"),
    ],
)
def test_a_cry_for_help_beside_an_everyday_question_is_heard(
    release: Release, text: str, kind: str
) -> None:
    answer = ask(release, text)

    assert answer.outcome is Outcome.CRISIS
    assert answer.crisis is not None
    assert answer.crisis.kind == kind


def test_an_everyday_question_of_many_parts_is_no_crisis(release: Release) -> None:
    answer = ask(release, "Hello, I moved house. Where do I pay the water bill, and by when?")

    assert answer.outcome is not Outcome.CRISIS


@pytest.mark.slow
def test_a_cry_is_found_among_the_phrases_about_as_long_as_among_all(release: Release) -> None:
    known = [each for some in release.crisis_phrases.values() for each in some]
    dealer = random.Random(7)
    for phrase in known[::9]:
        signs = list(phrase)
        for _ in range(dealer.randrange(3)):
            signs[dealer.randrange(len(signs))] = dealer.choice(("", "x"))
        cry = "".join(signs)

        near = process.extractOne(cry, known, scorer=fuzz.ratio, score_cutoff=NEAR_EXACT)
        found = crisis_all_but_written(release, cry)

        assert (found is None) == (near is None), cry
