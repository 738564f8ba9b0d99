"""The folder is read in a child that cannot hurt its parent, and each error has file and line."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from backend.assistant.content import reading
from backend.assistant.content.checks import check, only_simplified
from backend.assistant.content.loading import ContentWrong, load_content, load_sound_content
from backend.core.languages import Language
from tests.assistant.conftest import PLAIN

Write = Callable[..., Path]


def problems_of(folder: Path) -> list[str]:
    content, problems = load_sound_content(folder)
    return [str(each) for each in (*problems, *check(content, frozenset({"wsd-pay"})))]


@pytest.mark.slow
def test_a_sound_file_becomes_an_intent(write_intent: Write) -> None:
    content = load_content(write_intent())

    (intent,) = content.intents
    assert intent.id == "water/pay"
    assert intent.opens == "wsd-pay"
    assert intent.phrases[Language.ZH_HANT][0].text == "我想俾水費"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            "- pay my water bill",
            "- pay: my water bill",
            "water/pay.yaml, line 8: a colon followed by a space splits this phrase in two.",
        ),
        (
            "misses:",
            "mises:",
            "water/pay.yaml, line 15: “mises” is not known here. Did you mean “misses”?",
        ),
        ("status: live", "status: life", "“life” is not known here. Did you mean “live”?"),
        ("opens: wsd-pay\n", "", "“opens” is missing."),
        ("opens: wsd-pay", "opens: wsd-play", "it opens “wsd-play”, which is no service"),
        ("  zh-Hans:\n    - 水费在哪交\n", "", "“zh-Hans” is missing."),
        ("  zh-Hans: 缴付水费\n", "", "“zh-Hans” is missing."),
        ("- 水费在哪交", "- ''", "here is nothing written."),
        ("- 我想俾水費", "- 我想交水费", "line 10: “费” is Simplified"),
        ("- wotar bill payment", "- Pay my water bill!", "is also a phrase"),
        ("- 我想俾水費", "- 我想俾水費\n    - 我想畀水費", "stands here twice; first on line 10"),
        ("reviewed: 2026-08-01", "reviewed: soon", "“soon” is not a date"),
        ("- pay my water bill", "- '!?'", "there is no word in this phrase"),
        ("- pay my water bill", "- [pay, bill]", "here must stand one text, not a list."),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence_with_its_place(
    write_intent: Write, old: str, new: str, sentence: str
) -> None:
    folder = write_intent(text=PLAIN.replace(old, new, 1))

    problems = problems_of(folder)

    assert any(sentence in problem for problem in problems), problems


@pytest.mark.slow
def test_a_phrase_of_two_intents_names_both_files(write_intent: Write) -> None:
    write_intent()
    folder = write_intent("water/settle.yaml", PLAIN.replace("pay my", "Pay my", 1))

    problems = problems_of(folder)

    assert any(
        problem.startswith("water/settle.yaml, line 8:")
        and "water/pay.yaml, line 8, too" in problem
        for problem in problems
    )


@pytest.mark.slow
def test_a_file_that_kills_its_reader_is_named_and_the_others_are_read(
    write_intent: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_intent("a/first.yaml")
    os.mkfifo(write_intent("c/last.yaml") / "b.yaml")
    monkeypatch.setattr(reading, "SECONDS_IN_ALL", 2)

    found = reading.read_files(write_intent())

    assert set(found.files) == {"a/first.yaml", "c/last.yaml", "water/pay.yaml"}
    assert [str(problem) for problem in found.problems] == [
        "b.yaml: reading this file took too much time or memory; it is refused."
    ]


@pytest.mark.slow
def test_hostile_files_leave_this_process_as_it_was(write_intent: Write) -> None:
    for number, raw in enumerate([b"[" * 50_000, b"a: {" * 50_000, b"\0" * 9_000]):
        folder = write_intent(f"hostile/{number}.yaml", raw)
    before = os.getpid()

    with pytest.raises(ContentWrong) as refused:
        load_content(folder)

    assert len(refused.value.problems) == 3
    assert os.getpid() == before


@pytest.mark.slow
def test_every_crisis_must_name_somebody_to_call(write_intent: Write) -> None:
    text = PLAIN.replace("opens: wsd-pay", "says: {en: a, zh-Hant: b, zh-Hans: c}\ncalls: []")

    problems = problems_of(write_intent("crisis/flood.yaml", text))

    assert "crisis/flood.yaml: there is nobody to call." in problems


def test_the_hash_of_the_content_follows_every_file(write_intent: Write) -> None:
    folder = write_intent()
    first = reading.digest_of(folder)

    write_intent(text=PLAIN + "\n")

    assert reading.digest_of(folder) != first


def test_characters_of_hong_kong_are_not_taken_for_simplified() -> None:
    assert not set("嘅咗喺啲唔冇畀俾點邊着裏綫台后里干只面") & only_simplified()
    assert set("费缴业车们") <= only_simplified()
